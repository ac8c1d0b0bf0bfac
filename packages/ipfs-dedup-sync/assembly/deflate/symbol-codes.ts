/** RFC 1951, section 3.2.5: lengths and distances as a code and extra bits. */

export const LENGTH_CODES: u32 = 29
export const END_OF_BLOCK: u32 = 256

/** For each length - 3: its code - 257, and for each such code its extra bits and its first length - 3. */
const LENGTH_CODE: usize = memory.data(256, 16)

/** A length from 3 to 258. @returns the code, from 0 for the symbol 257 */
export function lengthCode (length: u32): u32 {
  return load<u8>(LENGTH_CODE + length - 3)
}

export function lengthCodeExtraBits (code: u32): u32 {
  return code < 8 || code === 28 ? 0 : (code >> 2) - 1
}

/** @returns the shortest length of the code, less 3 */
export function lengthCodeBase (code: u32): u32 {
  if (code < 8) return code
  if (code === 28) return 255
  return (4 + (code & 3)) << ((code >> 2) - 1)
}

/** A distance from 1 to 32,768: each power of two has two codes. */
export function distanceCode (distance: u32): u32 {
  const d = distance - 1
  if (d < 4) return d
  const log = 31 - (clz(d) as u32)
  return 2 * log + ((d >> (log - 1)) & 1)
}

export function distanceCodeExtraBits (code: u32): u32 {
  return code < 4 ? 0 : (code >> 1) - 1
}

/** @returns the shortest distance of the code, less 1 */
export function distanceCodeBase (code: u32): u32 {
  if (code < 4) return code
  return (2 + (code & 1)) << ((code >> 1) - 1)
}

export function distanceExtraBits (distance: u32): u32 {
  const d = distance - 1
  return d < 4 ? 0 : 30 - (clz(d) as u32)
}

export function fillLengthCodes (): void {
  for (let code: u32 = 0; code < LENGTH_CODES - 1; code++) {
    memory.fill(LENGTH_CODE + lengthCodeBase(code), code as u8, 1 << lengthCodeExtraBits(code))
  }
  store<u8>(LENGTH_CODE + 255, 28)
}

/** CRC-32 of gzip and zip (RFC 1952, section 8), eight bytes a step. */
const TABLES = makeTables()

/** @param crc of what came before; 0 for nothing @returns 32 bits, unsigned */
export function crc32 (bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES
  let c = ~crc
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    c ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24
    c = t7[c & 255]! ^ t6[c >>> 8 & 255]! ^ t5[c >>> 16 & 255]! ^ t4[c >>> 24]! ^
      t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) c = t0[(c ^ bytes[at]!) & 255]! ^ c >>> 8
  return ~c >>> 0
}

type Eight<T> = readonly [T, T, T, T, T, T, T, T]

function makeTables (): Eight<Int32Array> {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ c >>> 1 : c >>> 1
    tables[0]![n] = c
  }
  for (let k = 1; k < 8; k++) {
    for (let n = 0; n < 256; n++) {
      const c = tables[k - 1]![n]!
      tables[k]![n] = tables[0]![c & 255]! ^ c >>> 8
    }
  }
  return tables as unknown as Eight<Int32Array>
}

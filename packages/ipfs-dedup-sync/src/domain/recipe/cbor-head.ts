import { invalidRecipe } from './recipe-error.ts'

export const UNSIGNED = 0
export const NEGATIVE = 1
export const BYTES = 2
export const LIST = 4

/** How an item of CBOR begins (RFC 8949, section 3): its major type, and a number: its value, or how much follows. */
export interface CborHead { readonly major: number, readonly value: number, readonly end: number }

/** @returns undefined when the bytes end within it @throws AppError RECIPE_INVALID for a number over 2^53 - 1 or one that is not in its shortest form */
export function readCborHead (bytes: Uint8Array, at: number): CborHead | undefined {
  if (at >= bytes.length) return undefined
  const major = bytes[at]! >> 5
  const low = bytes[at]! & 31
  if (low < 24) return { major, value: low, end: at + 1 }
  if (low > 27) throw invalidRecipe('an item has no length')
  const width = 1 << low - 24
  if (at + 1 + width > bytes.length) return undefined
  let value = 0
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at + 1 + i]!
  if (!Number.isSafeInteger(value)) throw invalidRecipe('a number is over 2^53 - 1')
  if (value < (width === 1 ? 24 : 256 ** (width / 2))) throw invalidRecipe('a number is not in its shortest form')
  return { major, value, end: at + 1 + width }
}

export function encodeCborHead (major: number, value: number): Uint8Array {
  if (value < 24) return Uint8Array.of(major << 5 | value)
  const width = value < 256 ? 1 : value < 65_536 ? 2 : value < 2 ** 32 ? 4 : 8
  const out = new Uint8Array(1 + width)
  out[0] = major << 5 | 24 + Math.log2(width)
  let rest = value
  for (let i = width; i > 0; i--) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return out
}

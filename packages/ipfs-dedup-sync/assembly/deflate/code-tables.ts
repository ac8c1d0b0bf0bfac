import { assignCodes } from './huffman-tree.ts'
import { SYMBOLS } from './layout.ts'
import { distanceCode, distanceCodeExtraBits, END_OF_BLOCK, lengthCode, lengthCodeExtraBits } from './symbol-codes.ts'

export const LITERAL_SYMBOLS: u32 = 286
export const DISTANCE_SYMBOLS: u32 = 30
export const LENGTH_SYMBOLS: u32 = 19

/** Of the block at hand: how often each symbol stands in it (32 bits), and its code in a tree made for it: length (8) and bits (16). */
export const LITERAL_WEIGHTS: usize = memory.data(288 * 4, 16)
export const LITERAL_LENGTHS: usize = memory.data(288, 16)
export const LITERAL_CODES: usize = memory.data(288 * 2, 16)
export const DISTANCE_WEIGHTS: usize = memory.data(32 * 4, 16)
export const DISTANCE_LENGTHS: usize = memory.data(32, 16)
export const DISTANCE_CODES: usize = memory.data(32 * 2, 16)
/** The same for the symbols in which the lengths of the codes are written. */
export const LENGTH_WEIGHTS: usize = memory.data(20 * 4, 16)
export const LENGTH_LENGTHS: usize = memory.data(20, 16)
export const LENGTH_CODES: usize = memory.data(20 * 2, 16)
/** RFC 1951, section 3.2.6. */
export const FIXED_LITERAL_LENGTHS: usize = memory.data(288, 16)
export const FIXED_LITERAL_CODES: usize = memory.data(288 * 2, 16)
export const FIXED_DISTANCE_LENGTHS: usize = memory.data(32, 16)
export const FIXED_DISTANCE_CODES: usize = memory.data(32 * 2, 16)

/** Extra bits of the symbols 16, 17 and 18, which repeat a length. */
export function lengthSymbolExtraBits (symbol: u32): u32 {
  return symbol < 16 ? 0 : symbol === 16 ? 2 : symbol === 17 ? 3 : 7
}

export function fillFixedCodes (): void {
  memory.fill(FIXED_LITERAL_LENGTHS, 8, 144)
  memory.fill(FIXED_LITERAL_LENGTHS + 144, 9, 112)
  memory.fill(FIXED_LITERAL_LENGTHS + 256, 7, 24)
  memory.fill(FIXED_LITERAL_LENGTHS + 280, 8, 8)
  memory.fill(FIXED_DISTANCE_LENGTHS, 5, 32)
  assignCodes(FIXED_LITERAL_LENGTHS, 287, FIXED_LITERAL_CODES)
  assignCodes(FIXED_DISTANCE_LENGTHS, 31, FIXED_DISTANCE_CODES)
}

/** Bits of all literals, lengths and distances of the block under the given lengths of codes. */
export function bitsOfSymbols (literalLengths: usize, distanceLengths: usize): u32 {
  let total: u32 = 0
  for (let symbol: u32 = 0; symbol < LITERAL_SYMBOLS; symbol++) {
    const extra = symbol > END_OF_BLOCK ? lengthCodeExtraBits(symbol - END_OF_BLOCK - 1) : 0
    total += load<u32>(LITERAL_WEIGHTS + (symbol << 2)) * (load<u8>(literalLengths + symbol) + extra)
  }
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    total += load<u32>(DISTANCE_WEIGHTS + (symbol << 2)) * (load<u8>(distanceLengths + symbol) + distanceCodeExtraBits(symbol))
  }
  return total
}

/** Of the symbols at their address, and the end of the block. */
export function countSymbols (count: u32): void {
  memory.fill(LITERAL_WEIGHTS, 0, LITERAL_SYMBOLS << 2)
  memory.fill(DISTANCE_WEIGHTS, 0, DISTANCE_SYMBOLS << 2)
  store<u32>(LITERAL_WEIGHTS + (END_OF_BLOCK << 2), 1)
  for (let p = SYMBOLS, end = SYMBOLS + (count << 2); p < end; p += 4) {
    const symbol = load<u32>(p)
    const distance = symbol >> 16
    if (distance === 0) {
      addOne(LITERAL_WEIGHTS + (symbol << 2))
    } else {
      addOne(LITERAL_WEIGHTS + ((END_OF_BLOCK + 1 + lengthCode(symbol & 0xffff)) << 2))
      addOne(DISTANCE_WEIGHTS + (distanceCode(distance) << 2))
    }
  }
}

function addOne (weight: usize): void {
  store<u32>(weight, load<u32>(weight) + 1)
}

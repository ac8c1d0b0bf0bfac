import { alignBits, putBits, putBytes } from './bit-writer.ts'
import { planCodeLengths, putCodeLengths } from './code-lengths.ts'
import {
  bitsOfSymbols, countSymbols, DISTANCE_CODES, DISTANCE_LENGTHS, DISTANCE_SYMBOLS, DISTANCE_WEIGHTS, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS,
  FIXED_LITERAL_CODES, FIXED_LITERAL_LENGTHS, LITERAL_CODES, LITERAL_LENGTHS, LITERAL_SYMBOLS, LITERAL_WEIGHTS,
} from './code-tables.ts'
import { buildTree } from './huffman-tree.ts'
import { putSymbols } from './put-symbols.ts'

const STORED: u32 = 0
export const FIXED: u32 = 1
const DYNAMIC: u32 = 2
const MAX_LENGTH: u32 = 15

/**
 * Writes a block in the way that takes the fewest bytes: stored before fixed before dynamic when they are equal.
 * @param textSize bytes that the block stands for; -1 when it may not be stored
 * @returns false when it is to be stored: nothing is written then
 */
export function writeCodedBlock (count: u32, textSize: i32, last: bool): bool {
  countSymbols(count)
  const highestLiteral = buildTree(LITERAL_WEIGHTS, LITERAL_SYMBOLS, MAX_LENGTH, LITERAL_LENGTHS, LITERAL_CODES)
  const highestDistance = buildTree(DISTANCE_WEIGHTS, DISTANCE_SYMBOLS, MAX_LENGTH, DISTANCE_LENGTHS, DISTANCE_CODES)
  const dynamicBits = bitsOfSymbols(LITERAL_LENGTHS, DISTANCE_LENGTHS) + planCodeLengths(highestLiteral, highestDistance)
  const dynamicSize = (dynamicBits + 3 + 7) >> 3
  const fixedSize = (bitsOfSymbols(FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS) + 3 + 7) >> 3
  const lastBit: u32 = last ? 1 : 0
  if (textSize >= 0 && (textSize as u32) + 4 <= min(dynamicSize, fixedSize)) return false
  if (fixedSize <= dynamicSize) {
    putBits(lastBit | (FIXED << 1), 3)
    putSymbols(count, FIXED_LITERAL_CODES, FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS, true)
  } else {
    putBits(lastBit | (DYNAMIC << 1), 3)
    putCodeLengths(highestLiteral, highestDistance)
    putSymbols(count, LITERAL_CODES, LITERAL_LENGTHS, DISTANCE_CODES, DISTANCE_LENGTHS, true)
  }
  return true
}

export function putStored (text: usize, textSize: u32, lastBit: u32): void {
  putBits(lastBit | (STORED << 1), 3)
  alignBits()
  putBits(textSize & 0xffff, 16)
  putBits(~textSize & 0xffff, 16)
  putBytes(text, textSize)
}

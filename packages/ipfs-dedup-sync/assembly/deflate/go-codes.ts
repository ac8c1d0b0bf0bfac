/** The codes of Go's compress/flate: docs/formats/deflate-model.md, "Codes of Go". */
import { putBits } from './bit-writer.ts'
import {
  bitsOfSymbols, countSymbols, DISTANCE_CODES, DISTANCE_LENGTHS, DISTANCE_SYMBOLS, DISTANCE_WEIGHTS, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS, FIXED_LITERAL_CODES,
  FIXED_LITERAL_LENGTHS, LENGTH_CODES, LENGTH_LENGTHS, LENGTH_SYMBOLS, LENGTH_WEIGHTS, LITERAL_CODES, LITERAL_LENGTHS, LITERAL_SYMBOLS, LITERAL_WEIGHTS,
} from './code-tables.ts'
import { clearRuns, lengthSymbolsWritten, noteRun, putCodeLengths, sizeOfCodeLengths } from './code-lengths.ts'
import { assignCodes } from './huffman-tree.ts'
import { putSymbols } from './put-symbols.ts'

const MAX_LENGTH: u32 = 15
const MAX_LENGTH_LENGTH: u32 = 7
const ROW: u32 = 576
const FIXED: u32 = 1
const DYNAMIC: u32 = 2

/** Weight << 9 | symbol, the lightest first. */
const SORTED: usize = memory.data(287 * 4, 16)
/** For each length that a code may have, from the longest: weights of what may be joined, and whether each is a symbol. */
const WEIGHTS: usize = memory.data(15 * 576 * 4, 16)
const IS_SYMBOL: usize = memory.data(15 * 576, 16)
const ALL_LENGTHS: usize = memory.data(320, 16)

/** As `writeCodedBlock`. */
export function writeGoBlock (count: u32, textSize: i32, last: bool): bool {
  countSymbols(count)
  const literals = highestOf(LITERAL_WEIGHTS, LITERAL_SYMBOLS) + 1
  let distances = highestOf(DISTANCE_WEIGHTS, DISTANCE_SYMBOLS) + 1
  if (distances === 0) {
    store<u32>(DISTANCE_WEIGHTS, 1)
    distances = 1
  }
  findLengths(LITERAL_WEIGHTS, LITERAL_SYMBOLS, MAX_LENGTH, LITERAL_LENGTHS, LITERAL_CODES)
  findLengths(DISTANCE_WEIGHTS, DISTANCE_SYMBOLS, MAX_LENGTH, DISTANCE_LENGTHS, DISTANCE_CODES)
  planLengths(literals, distances)
  const fixedBits: u32 = 3 + bitsOfSymbols(FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS)
  const dynamicBits: u32 = 3 + bitsOfSymbols(LITERAL_LENGTHS, DISTANCE_LENGTHS) + sizeOfCodeLengths()
  const lastBit: u32 = last ? 1 : 0
  if (textSize >= 0 && ((textSize as u32) + 5) * 8 < min<u32>(fixedBits, dynamicBits)) return false
  if (fixedBits <= dynamicBits) {
    putBits(lastBit | (FIXED << 1), 3)
    putSymbols(count, FIXED_LITERAL_CODES, FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS, true)
  } else {
    putBits(lastBit | (DYNAMIC << 1), 3)
    putCodeLengths(literals - 1, distances - 1)
    putSymbols(count, LITERAL_CODES, LITERAL_LENGTHS, DISTANCE_CODES, DISTANCE_LENGTHS, true)
  }
  return true
}

function highestOf (weights: usize, symbols: u32): u32 {
  let highest = symbols
  while (highest > 0 && load<u32>(weights + ((highest - 1) << 2)) === 0) highest--
  return highest - 1
}

/** Package-merge: of symbols and pairs that weigh the same, the pair comes first. */
function findLengths (weights: usize, symbols: u32, maxLength: u32, lengths: usize, codes: usize): void {
  memory.fill(lengths, 0, symbols)
  const count = sortSymbols(weights, symbols)
  if (count <= 2) {
    for (let i: u32 = 0; i < count; i++) store<u8>(lengths + symbolAt(i), 1)
  } else {
    const rows = min<u32>(maxLength, count - 1)
    fillRows(rows, count)
    let needed: u32 = 2 * count - 2
    for (let row = rows; row !== 0; row--) {
      let taken: u32 = 0
      for (let i: u32 = 0; i < needed; i++) taken += load<u8>(IS_SYMBOL + (row - 1) * ROW + i)
      for (let i: u32 = 0; i < taken; i++) {
        const place = lengths + symbolAt(i)
        store<u8>(place, load<u8>(place) + 1)
      }
      needed = 2 * (needed - taken)
    }
  }
  assignCodes(lengths, symbols - 1, codes)
}

function symbolAt (i: u32): u32 {
  return load<u32>(SORTED + (i << 2)) & 0x1ff
}

function sortSymbols (weights: usize, symbols: u32): u32 {
  let count: u32 = 0
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const weight = load<u32>(weights + (symbol << 2))
    if (weight === 0) continue
    const key = (weight << 9) | symbol
    let at = count++
    while (at > 0 && load<u32>(SORTED + ((at - 1) << 2)) > key) {
      store<u32>(SORTED + (at << 2), load<u32>(SORTED + ((at - 1) << 2)))
      at--
    }
    store<u32>(SORTED + (at << 2), key)
  }
  return count
}

function fillRows (rows: u32, count: u32): void {
  let below: u32 = 0
  for (let row: u32 = 0; row < rows; row++) {
    const weights = WEIGHTS + row * ROW * 4
    const under = weights - ROW * 4
    const kinds = IS_SYMBOL + row * ROW
    let symbol: u32 = 0
    let pair: u32 = 0
    let at: u32 = 0
    const pairs = below >> 1
    while (symbol < count || pair < pairs) {
      const ofPair: u32 = pair < pairs ? load<u32>(under + (pair << 3)) + load<u32>(under + (pair << 3) + 4) : 0xffffffff
      const ofSymbol: u32 = symbol < count ? load<u32>(SORTED + (symbol << 2)) >> 9 : 0xffffffff
      const takesSymbol = ofSymbol < ofPair
      store<u32>(weights + (at << 2), takesSymbol ? ofSymbol : ofPair)
      store<u8>(kinds + at, takesSymbol ? 1 : 0)
      at++
      if (takesSymbol) symbol++
      else pair++
    }
    below = at
  }
}

/** Runs go from one tree over into the other. */
function planLengths (literals: u32, distances: u32): void {
  clearRuns()
  const total = literals + distances
  memory.copy(ALL_LENGTHS, LITERAL_LENGTHS, literals)
  memory.copy(ALL_LENGTHS + literals, DISTANCE_LENGTHS, distances)
  for (let at: u32 = 0; at < total;) {
    const length: u32 = load<u8>(ALL_LENGTHS + at)
    let count: u32 = 1
    while (at + count < total && load<u8>(ALL_LENGTHS + at + count) === length) count++
    at += count
    if (length !== 0) {
      noteRun(length, 0)
      count--
      while (count >= 3) {
        const some = min<u32>(6, count)
        noteRun(16, some - 3)
        count -= some
      }
    } else {
      while (count >= 11) {
        const some = min<u32>(138, count)
        noteRun(18, some - 11)
        count -= some
      }
      if (count >= 3) {
        noteRun(17, count - 3)
        count = 0
      }
    }
    while (count-- !== 0) noteRun(length, 0)
  }
  findLengths(LENGTH_WEIGHTS, LENGTH_SYMBOLS, MAX_LENGTH_LENGTH, LENGTH_LENGTHS, LENGTH_CODES)
  lengthSymbolsWritten()
}

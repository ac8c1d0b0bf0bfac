import { putBits } from './bit-writer.ts'
import {
  DISTANCE_LENGTHS, LENGTH_CODES, LENGTH_LENGTHS, LENGTH_SYMBOLS, LENGTH_WEIGHTS, LITERAL_LENGTHS, lengthSymbolExtraBits,
} from './code-tables.ts'
import { buildTree } from './huffman-tree.ts'

/** The lengths of both trees' codes, as runs (RFC 1951, section 3.2.7): each run's symbol, and above 8 bits its extra bits. */
const RUNS: usize = memory.data((286 + 30) * 2, 16)
/** The order in which the lengths of the runs' own codes are written. */
const WRITTEN_ORDER: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15])
const MAX_LENGTH_LENGTH: u32 = 7
const NONE: u32 = 0xff

let runs: u32 = 0
let written: u32 = 0

/** Makes the runs and the tree for them. No run goes from one tree over into the other. @returns bits of all that `putCodeLengths` writes */
export function planCodeLengths (highestLiteral: u32, highestDistance: u32): u32 {
  clearRuns()
  findRuns(LITERAL_LENGTHS, highestLiteral)
  findRuns(DISTANCE_LENGTHS, highestDistance)
  buildTree(LENGTH_WEIGHTS, LENGTH_SYMBOLS, MAX_LENGTH_LENGTH, LENGTH_LENGTHS, LENGTH_CODES)
  lengthSymbolsWritten()
  return sizeOfCodeLengths()
}

export function clearRuns (): void {
  memory.fill(LENGTH_WEIGHTS, 0, LENGTH_SYMBOLS << 2)
  runs = 0
}

/** Finds how many of the runs' own codes are written. */
export function lengthSymbolsWritten (): void {
  written = LENGTH_SYMBOLS
  while (written > 4 && load<u8>(LENGTH_LENGTHS + load<u8>(WRITTEN_ORDER + written - 1)) === 0) written--
}

/** Bits of all that `putCodeLengths` writes. */
export function sizeOfCodeLengths (): u32 {
  let total = 5 + 5 + 4 + 3 * written
  for (let symbol: u32 = 0; symbol < LENGTH_SYMBOLS; symbol++) {
    total += load<u32>(LENGTH_WEIGHTS + (symbol << 2)) * (load<u8>(LENGTH_LENGTHS + symbol) + lengthSymbolExtraBits(symbol))
  }
  return total
}

function findRuns (lengths: usize, highest: u32): void {
  let before = NONE
  let at: u32 = 0
  while (at <= highest) {
    const length: u32 = load<u8>(lengths + at)
    // a length that is told for the first time costs a symbol of its own before it can be repeated
    const most: u32 = length === 0 ? 138 : length === before ? 6 : 7
    const least: u32 = length === 0 || length === before ? 3 : 4
    let count: u32 = 1
    while (count < most && at + count <= highest && load<u8>(lengths + at + count) === length) count++
    at += count
    if (count < least) {
      while (count-- !== 0) noteRun(length, 0)
    } else if (length !== 0) {
      if (length !== before) {
        noteRun(length, 0)
        count--
      }
      noteRun(16, count - 3)
    } else if (count <= 10) noteRun(17, count - 3)
    else noteRun(18, count - 11)
    before = length
  }
}

export function noteRun (symbol: u32, extra: u32): void {
  store<u16>(RUNS + (runs++ << 1), (symbol | (extra << 8)) as u16)
  const weight = LENGTH_WEIGHTS + (symbol << 2)
  store<u32>(weight, load<u32>(weight) + 1)
}

export function putCodeLengths (highestLiteral: u32, highestDistance: u32): void {
  putBits(highestLiteral + 1 - 257, 5)
  putBits(highestDistance, 5)
  putBits(written - 4, 4)
  for (let i: u32 = 0; i < written; i++) putBits(load<u8>(LENGTH_LENGTHS + load<u8>(WRITTEN_ORDER + i)), 3)
  for (let i: u32 = 0; i < runs; i++) {
    const run: u32 = load<u16>(RUNS + (i << 1))
    const symbol = run & 0xff
    putBits(load<u16>(LENGTH_CODES + (symbol << 1)), load<u8>(LENGTH_LENGTHS + symbol))
    putBits(run >> 8, lengthSymbolExtraBits(symbol))
  }
}

/**
 * A deflate encoder of which everything that encoders of one family do differently is a parameter. docs/formats/deflate-model.md says what
 * each means. One instance is one encoder; its host writes text into the input, calls `run`, and takes the output away.
 */
import { alignBits, bits, settleBits } from './bit-writer.ts'
import { clearSymbols } from './block-symbols.ts'
import {
  DISTANCE_CODES, DISTANCE_LENGTHS, fillFixedCodes, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS, FIXED_LITERAL_CODES, FIXED_LITERAL_LENGTHS, LITERAL_CODES, LITERAL_LENGTHS,
} from './code-tables.ts'
import { clearWindow, compactInput, goOn, linkWindow, startAt, startInside } from './fill-window.ts'
import { INPUT, MIN_MATCH, OUTPUT, OUTPUT_SIZE, SYMBOLS, WINDOW } from './layout.ts'
import { itemPlace, textPlace, tokensPlace } from './predictor-memory.ts'
import { configurePredictor, runPrediction } from './predict-tokens.ts'
import { inputRoom as roomOfInput, NO_LIMIT, search } from './matcher-state.ts'
import { writeGoBlock } from './go-codes.ts'
import { assignCodes } from './huffman-tree.ts'
import { putSymbols } from './put-symbols.ts'
import { searchGreedy } from './search-greedy.ts'
import { searchLazy } from './search-lazy.ts'
import { BLOCK_ENDS, NEEDS_INPUT, STOPPED } from './search-step.ts'
import { fillLengthCodes } from './symbol-codes.ts'
import { putBreak, putLink } from './job-ends.ts'
import { putStored, writeCodedBlock } from './write-block.ts'

export { configurePredictor, runPrediction }

const NEEDS_TEXT: i32 = 0
const OUTPUT_READY: i32 = 1
const ENDED: i32 = 2
const AT_STOP: i32 = 3
const NEVER: u32 = 0x80000000
const LENGTH_SHIFT: u32 = 17
const DISTANCE_MASK: u32 = (1 << LENGTH_SHIFT) - 1

/** What becomes of the search at the end of a job. */
const GOES_ON: u32 = 0
const LINKS: u32 = 1
const FORGETS: u32 = 2

let jobSize: u32 = 0
let jobEnd: u32 = GOES_ON
/** The text of the job, or of the stream, is in symbols; what remains is to end its block. */
let jobEnds: bool = false
let ended: bool = false

// what no parameter changes
fillLengthCodes()
fillFixedCodes()

/** Sets what the encoder is, and begins a stream. */
export function configure (
  quadHash: bool, hashBits: u32, symbolLimit: u32, endsEarly: bool, looksPast: bool,
  greedy: bool, good: u32, lazy: u32, nice: u32, chain: u32, job: u32, endOfJob: u32,
): void {
  search.quadHash = quadHash
  search.hashMask = (1 << hashBits) - 1
  search.hashShift = (hashBits + 2) / 3
  search.symbolLimit = symbolLimit
  search.endsEarly = endsEarly
  search.looksPast = looksPast
  search.greedy = greedy
  search.good = good
  search.lazy = lazy
  search.nice = nice
  search.chain = chain
  jobSize = job
  jobEnd = endOfJob
  search.jobRest = job === 0 ? NO_LIMIT : job
  search.inputStart = 0
  search.inputEnd = 0
  search.inputEnded = false
  jobEnds = false
  ended = false
  bits.size = 0
  bits.held = 0
  bits.heldBits = 0
  clearWindow()
  clearSymbols()
}

export function inputAddress (): usize {
  return INPUT + search.inputEnd
}

export function inputRoom (): u32 {
  return roomOfInput()
}

/** The host has written so many bytes at the input's address. */
export function appendInput (sizeBytes: u32): void {
  search.inputEnd += sizeBytes
}

export function endInput (): void {
  search.inputEnded = true
}

export function outputAddress (): usize {
  return OUTPUT
}

/** @returns how many bytes stand at the output's address: they are the host's now */
export function takeOutput (): u32 {
  settleBits()
  const size = bits.size
  bits.size = 0
  return size
}

/** Goes on until more text is needed, much output is ready, or all is done. */
export function run (): i32 {
  while (!ended) {
    if (bits.size >= OUTPUT_SIZE / 2) return OUTPUT_READY
    if (!jobEnds) {
      const paused = search.greedy ? searchGreedy() : searchLazy()
      if (paused === BLOCK_ENDS) {
        endBlock(false)
        continue
      }
      if (paused === NEEDS_INPUT) return needText()
      jobEnds = true
    }
    if (search.inputStart < search.inputEnd) nextJob()
    else if (search.inputEnded) endStream()
    else return needText()
  }
  return ENDED
}

/** Begins inside a text; two windows have been appended to the input as they would stand there. @param at the place in them @param carried as `carriedState` told */
export function beginInside (at: u32, carried: u32): void {
  startInside(at)
  search.inputStart = search.inputEnd
  search.pendingLiteral = carried >> 31 !== 0
  search.matchLength = (carried >> LENGTH_SHIFT) & 0x3fff
  search.matchStart = at - (carried & DISTANCE_MASK)
}

/** Begins at a job that is not the first; the window of text before it has been appended to the input. */
export function beginJob (): void {
  memory.copy(WINDOW, INPUT, search.inputEnd)
  startAt(search.inputEnd, 0)
  search.inputStart = search.inputEnd
}

/** The search is to pause so many bytes further on, under 2^31; from there on: never. */
export function stopAfter (sizeBytes: u32): void {
  search.stopAt = sizeBytes >= NEVER ? NO_LIMIT : search.at + sizeBytes
}

/** How far past its stop the search has come: the last match may reach over it. */
export function overshoot (): u32 {
  return search.at - search.stopAt
}

/** All that the search carries from one position to the next: two searches of one text that agree in it go on alike. */
export function carriedState (): u32 {
  const distance = search.matchLength >= MIN_MATCH ? search.at - search.matchStart : 0
  return distance | (search.matchLength << LENGTH_SHIFT) | (search.pendingLiteral ? 1 << 31 : 0)
}

/** Searches and writes nothing: goes on until more text is needed, the symbols are many, the stop is reached, or the text has ended. */
export function runSymbols (): i32 {
  if (jobEnds) return ENDED
  const paused = search.greedy ? searchGreedy() : searchLazy()
  if (paused === NEEDS_INPUT) return needText()
  if (paused === STOPPED) return AT_STOP
  if (paused === BLOCK_ENDS) return OUTPUT_READY
  jobEnds = true
  return ENDED
}

export function symbolsAddress (): usize {
  return SYMBOLS
}

/** @returns how many symbols stand at their address: they are the host's now */
export function takeSymbols (): u32 {
  const count = search.count
  clearSymbols()
  return count
}

/**
 * Writes one block, whose symbols the host has put at their address. @param textSize of its text, or -1 when it may not be stored
 * @returns its bits, which stand at the output's address; 0 when it is to be stored
 */
export function writeSymbols (count: u32, textSize: i32, last: bool, isGo: bool): u32 {
  bits.size = 0
  bits.held = 0
  bits.heldBits = 0
  if (!(isGo ? writeGoBlock(count, textSize, last) : writeCodedBlock(count, textSize, last))) return 0
  const size = bits.size * 8 + bits.heldBits
  alignBits()
  return size
}

/** Where the host puts the lengths of a block's codes, a byte for each of 288 and 32 symbols, before `writeBody`. */
export function literalLengthsAddress (): usize { return LITERAL_LENGTHS }
export function distanceLengthsAddress (): usize { return DISTANCE_LENGTHS }

/** Writes symbols, which the host has put at their address, without a head. @param ends whether the block does @returns their bits, which stand at the output's address */
export function writeBody (count: u32, fixed: bool, ends: bool): u32 {
  bits.size = 0
  bits.held = 0
  bits.heldBits = 0
  if (fixed) putSymbols(count, FIXED_LITERAL_CODES, FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_CODES, FIXED_DISTANCE_LENGTHS, ends)
  else {
    assignCodes(LITERAL_LENGTHS, 287, LITERAL_CODES)
    assignCodes(DISTANCE_LENGTHS, 31, DISTANCE_CODES)
    putSymbols(count, LITERAL_CODES, LITERAL_LENGTHS, DISTANCE_CODES, DISTANCE_LENGTHS, ends)
  }
  const size = bits.size * 8 + bits.heldBits
  alignBits()
  return size
}

function needText (): i32 {
  compactInput()
  return NEEDS_TEXT
}

function endBlock (last: bool): void {
  const start = search.blockStart
  const size = search.blockEnd as i32 - start
  if (!writeCodedBlock(search.count, start >= 0 ? size : -1, last)) putStored(WINDOW + start, size, last ? 1 : 0)
  search.blockStart = search.blockEnd
  clearSymbols()
}

function endStream (): void {
  endBlock(true)
  alignBits()
  ended = true
}

/** A job ends at a whole byte. The next searches the text before it as it stood, or as a dictionary, or not at all. */
function nextJob (): void {
  if (search.count !== 0) endBlock(false)
  if (jobEnd === FORGETS) {
    putBreak()
    clearWindow()
  } else {
    putLink()
    if (jobEnd === LINKS) linkWindow()
    else goOn()
  }
  search.jobRest = jobSize
  jobEnds = false
}

/** Where the host writes the text of a segment, with the window before it; its tokens; and its corrections. */
export function predictionText (): usize { return textPlace() }
export function predictionTokens (): usize { return tokensPlace() }
export function predictionItem (): usize { return itemPlace() }

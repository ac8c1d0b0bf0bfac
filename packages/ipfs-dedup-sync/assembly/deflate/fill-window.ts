import { clearChains, insertRange, slideChains } from './hash-chains.ts'
import { INPUT, MAX_DISTANCE, MIN_MATCH, WINDOW, WINDOW_SIZE } from './layout.ts'
import { NO_LIMIT, search } from './matcher-state.ts'

/** Whoever looks past the end sees so many zeros there, and behind them what the window held before. */
const ZEROS_PAST_END: u32 = 2

/**
 * Takes as much text into the window as there is room for, so that where the window slides depends on the text alone and not on the
 * pieces it came in. @returns false when the input must hold more first; nothing was done then
 */
export function fillWindow (): bool {
  const slides = search.at >= WINDOW_SIZE + MAX_DISTANCE
  const room = 2 * WINDOW_SIZE - search.ahead - search.at + (slides ? WINDOW_SIZE : 0 as u32)
  const wanted = min<u32>(room, search.jobRest)
  const there = search.inputEnd - search.inputStart
  if (there < wanted && !search.inputEnded) return false
  if (slides) slide()
  const taken = min<u32>(wanted, there)
  const end = search.at + search.ahead
  memory.copy(WINDOW + end, INPUT + search.inputStart, taken)
  search.inputStart += taken
  if (search.jobRest !== NO_LIMIT) search.jobRest -= taken
  search.ahead += taken
  if (taken === 0 && search.looksPast) {
    search.sawEnd = true
    memory.fill(WINDOW + end, 0, ZEROS_PAST_END)
  }
  if (search.unhashed < search.unhashedEnd) search.unhashed = insertRange(search.unhashed, search.unhashedEnd, end + taken)
  return true
}

function slide (): void {
  const used = search.looksPast ? WINDOW_SIZE : search.at + search.ahead - WINDOW_SIZE
  memory.copy(WINDOW, WINDOW + WINDOW_SIZE, used)
  search.at -= WINDOW_SIZE
  if (search.stopAt !== NO_LIMIT) search.stopAt -= WINDOW_SIZE
  search.matchStart -= WINDOW_SIZE
  search.blockStart -= WINDOW_SIZE
  search.unhashed -= WINDOW_SIZE
  search.unhashedEnd -= WINDOW_SIZE
  slideChains()
}

/** Begins with an empty window, as every stream does. */
export function clearWindow (): void {
  memory.fill(WINDOW, 0, 2 * WINDOW_SIZE + 512)
  clearChains()
  startAt(0, 0)
}

/** The search stays as it is; the last positions, for whose hash there was no text, get it now. */
export function goOn (): void {
  search.unhashed = search.at - min<u32>(search.at, MIN_MATCH - 1)
  search.unhashedEnd = search.at
}

/** The text just before becomes a dictionary, at the beginning of a new window. */
export function linkWindow (): void {
  const size = min<u32>(search.at, WINDOW_SIZE)
  memory.copy(WINDOW, WINDOW + search.at - size, size)
  clearChains()
  startAt(size, 0)
}

/** Begins inside a text: at a place in the two windows that stand in the input, of which what lies before it goes under its hashes. */
export function startInside (at: u32): void {
  memory.copy(WINDOW, INPUT, 2 * WINDOW_SIZE)
  startAt(at, at - min<u32>(at, WINDOW_SIZE))
}

/** @param hashedFrom text from here to `at` stands in the window and goes under its hashes with the first fill */
export function startAt (at: u32, hashedFrom: u32): void {
  search.at = at
  search.stopAt = NO_LIMIT
  search.unhashed = hashedFrom
  search.unhashedEnd = at
  search.ahead = 0
  search.blockStart = at
  search.matchStart = 0
  search.matchLength = 2
  search.pendingLiteral = false
  search.sawEnd = false
}

/** What the input holds moves to its front, to make room behind. */
export function compactInput (): void {
  const rest = search.inputEnd - search.inputStart
  memory.copy(INPUT, INPUT + search.inputStart, rest)
  search.inputStart = 0
  search.inputEnd = rest
}

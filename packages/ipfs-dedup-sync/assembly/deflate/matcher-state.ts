import { INPUT_SIZE, MIN_LOOKAHEAD, WINDOW_SIZE } from './layout.ts'

/** What the search was told, and where it stands. Positions are places in the window. */
class MatcherState {
  // parameters
  quadHash: bool
  hashMask: u32
  hashShift: u32
  symbolLimit: u32
  endsEarly: bool
  looksPast: bool
  greedy: bool
  good: u32
  lazy: u32
  nice: u32
  chain: u32
  // text
  inputStart: u32
  inputEnd: u32
  inputEnded: bool
  /** Bytes this job still takes from the input. */
  jobRest: u32
  /** No more text comes: told by a fill that found none. Only an encoder that looks past the end asks. */
  sawEnd: bool
  // search
  at: u32
  /** The search pauses when it comes here, or past it. */
  stopAt: u32
  ahead: u32
  /** Positions from the first to the second are in the window from the start but not yet under their hash: that takes the text behind them. */
  unhashed: u32
  unhashedEnd: u32
  blockStart: i32
  blockEnd: u32
  matchStart: u32
  matchLength: u32
  pendingLiteral: bool
  // symbols of the block
  count: u32
  matches: u32
  /** Of the matches so far, the bits of their distances when each code is 5 bits. */
  distanceBits: u32
  checkedCount: u32
}

export const search = changetype<MatcherState>(memory.data(offsetof<MatcherState>(), 16))

export const NO_LIMIT: u32 = 0xffffffff

export function inputRoom (): u32 {
  return INPUT_SIZE - search.inputEnd
}

/** Whoever looks past the end takes care not to look past the window's end. */
export function mayMatchAt (at: u32): bool {
  return !search.looksPast || at <= 2 * WINDOW_SIZE - MIN_LOOKAHEAD
}

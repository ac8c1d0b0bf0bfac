import { noteSymbol } from './block-symbols.ts'
import { fillWindow } from './fill-window.ts'
import { insert } from './hash-chains.ts'
import { MAX_DISTANCE, MIN_LOOKAHEAD, MIN_MATCH, WINDOW } from './layout.ts'
import { longestMatch } from './longest-match.ts'
import { mayMatchAt, search } from './matcher-state.ts'
import { BLOCK_ENDS, NEEDS_INPUT, STOPPED, TEXT_ENDS } from './search-step.ts'

/** A match of three that is further away than this costs more than its bytes. */
const TOO_FAR: u32 = 4096

/** A match is taken only when none longer begins one byte later. Every position goes under its hash. @returns why it paused */
export function searchLazy (): i32 {
  const looksPast = search.looksPast
  const lazy = search.lazy
  let at = search.at
  let ahead = search.ahead
  let length = search.matchLength
  let start = search.matchStart
  while (true) {
    if (at >= search.stopAt) {
      leave(at, ahead, length, start)
      return STOPPED
    }
    if (ahead < MIN_LOOKAHEAD && !(looksPast && search.sawEnd)) {
      leave(at, ahead, length, start)
      if (!fillWindow()) return NEEDS_INPUT
      at = search.at
      ahead = search.ahead
      start = search.matchStart
    }
    if (ahead === 0) break
    const candidate = looksPast || ahead >= MIN_MATCH ? insert(at) : 0
    const earlier = length
    const earlierStart = start
    length = MIN_MATCH - 1
    if (candidate !== 0 && earlier < lazy && at - candidate <= MAX_DISTANCE && mayMatchAt(at)) {
      const chain = earlier >= search.good ? search.chain >> 2 : search.chain
      const nice = looksPast ? search.nice : min(search.nice, ahead)
      const found = longestMatch(at, candidate, earlier, chain, nice, earlierStart)
      start = found >> 16
      length = min(found & 0xffff, ahead)
      if (length === MIN_MATCH && at - start > TOO_FAR) length = MIN_MATCH - 1
    }
    if (earlier >= MIN_MATCH && length <= earlier) {
      search.at = at
      const ends = noteSymbol(((at - 1 - earlierStart) << 16) | earlier)
      const next = at + earlier - 1
      const last = looksPast ? next : min(next, at + ahead - MIN_MATCH + 1)
      while (++at < last) insert(at)
      at = next
      ahead -= earlier - 1
      length = MIN_MATCH - 1
      search.pendingLiteral = false
      if (ends) {
        search.blockEnd = at
        leave(at, ahead, length, start)
        return BLOCK_ENDS
      }
    } else {
      search.at = at
      const ends = search.pendingLiteral && noteSymbol(load<u8>(WINDOW + at - 1))
      search.pendingLiteral = true
      at++
      ahead--
      if (ends) {
        search.blockEnd = at - 1
        leave(at, ahead, length, start)
        return BLOCK_ENDS
      }
    }
  }
  leave(at, 0, length, start)
  if (search.pendingLiteral) {
    noteSymbol(load<u8>(WINDOW + at - 1))
    search.pendingLiteral = false
  }
  search.blockEnd = at
  return TEXT_ENDS
}

/** What stands in locals while the search goes. */
function leave (at: u32, ahead: u32, length: u32, start: u32): void {
  search.at = at
  search.ahead = ahead
  search.matchLength = length
  search.matchStart = start
}

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
  while (true) {
    if (search.at >= search.stopAt) return STOPPED
    if (search.ahead < MIN_LOOKAHEAD && !(search.looksPast && search.sawEnd)) {
      if (!fillWindow()) return NEEDS_INPUT
    }
    if (search.ahead === 0) break
    const at = search.at
    const ahead = search.ahead
    const candidate = search.looksPast || ahead >= MIN_MATCH ? insert(at) : 0
    const earlier = search.matchLength
    const earlierStart = search.matchStart
    let length = MIN_MATCH - 1
    if (candidate !== 0 && earlier < search.lazy && at - candidate <= MAX_DISTANCE && mayMatchAt(at)) {
      const chain = earlier >= search.good ? search.chain >> 2 : search.chain
      const nice = search.looksPast ? search.nice : min(search.nice, ahead)
      const found = longestMatch(at, candidate, earlier, chain, nice, earlierStart)
      search.matchStart = found >> 16
      length = min(found & 0xffff, ahead)
      if (length === MIN_MATCH && at - search.matchStart > TOO_FAR) length = MIN_MATCH - 1
    }
    if (earlier >= MIN_MATCH && length <= earlier) {
      const ends = noteSymbol(((at - 1 - earlierStart) << 16) | earlier)
      const last = at + ahead - MIN_MATCH
      const next = at + earlier - 1
      for (let p = at + 1; p < next; p++) {
        if (p <= last || search.looksPast) insert(p)
      }
      search.ahead = ahead - (earlier - 1)
      search.at = next
      search.matchLength = MIN_MATCH - 1
      search.pendingLiteral = false
      search.blockEnd = next
      if (ends) return BLOCK_ENDS
    } else {
      const ends = search.pendingLiteral && noteSymbol(load<u8>(WINDOW + at - 1))
      search.matchLength = length
      search.pendingLiteral = true
      search.blockEnd = at
      search.at = at + 1
      search.ahead = ahead - 1
      if (ends) return BLOCK_ENDS
    }
  }
  if (search.pendingLiteral) {
    noteSymbol(load<u8>(WINDOW + search.at - 1))
    search.pendingLiteral = false
  }
  search.blockEnd = search.at
  return TEXT_ENDS
}

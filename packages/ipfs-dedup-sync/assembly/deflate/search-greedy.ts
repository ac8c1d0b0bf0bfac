import { noteSymbol } from './block-symbols.ts'
import { fillWindow } from './fill-window.ts'
import { insert } from './hash-chains.ts'
import { MAX_DISTANCE, MIN_LOOKAHEAD, MIN_MATCH, WINDOW } from './layout.ts'
import { longestMatch } from './longest-match.ts'
import { mayMatchAt, search } from './matcher-state.ts'
import { BLOCK_ENDS, NEEDS_INPUT, STOPPED, TEXT_ENDS } from './search-step.ts'

/** Takes each match as it comes. What lies within a match goes under its hashes only when the match is short: `lazy` says how short. @returns why it paused */
export function searchGreedy (): i32 {
  while (true) {
    if (search.at >= search.stopAt) return STOPPED
    if (search.ahead < MIN_LOOKAHEAD && !(search.looksPast && search.sawEnd)) {
      if (!fillWindow()) return NEEDS_INPUT
    }
    const at = search.at
    search.blockEnd = at
    if (search.ahead === 0) return TEXT_ENDS
    const ahead = search.ahead
    const candidate = search.looksPast || ahead >= MIN_MATCH ? insert(at) : 0
    let length: u32 = 0
    let start: u32 = 0
    if (candidate !== 0 && at - candidate <= MAX_DISTANCE && mayMatchAt(at)) {
      const nice = search.looksPast ? search.nice : min(search.nice, ahead)
      const found = longestMatch(at, candidate, MIN_MATCH - 1, search.chain, nice, 0)
      start = found >> 16
      length = min(found & 0xffff, ahead)
    }
    let ends: bool
    if (length >= MIN_MATCH) {
      ends = noteSymbol(((at - start) << 16) | length)
      const rest = ahead - length
      if (length <= search.lazy && (search.looksPast || rest >= MIN_MATCH)) {
        for (let p = at + 1; p < at + length; p++) insert(p)
      }
      search.at = at + length
      search.ahead = rest
    } else {
      ends = noteSymbol(load<u8>(WINDOW + at))
      search.at = at + 1
      search.ahead = ahead - 1
    }
    search.blockEnd = search.at
    if (ends) return BLOCK_ENDS
  }
}

import { MAX_DISTANCE, MAX_MATCH, PREVIOUS, WINDOW, WINDOW_MASK } from './layout.ts'

/**
 * Walks the chain from `candidate` for a match with the text at `at` that is longer than `best`; the nearest of the longest wins.
 * @param nice a match this long ends the walk
 * @param chain how many candidates are looked at
 * @returns where the match begins << 16 | its length; its length is `best` when there is none longer
 */
export function longestMatch (at: u32, candidate: u32, best: u32, chain: u32, nice: u32, start: u32): u32 {
  const limit = at > MAX_DISTANCE ? at - MAX_DISTANCE : 0
  const text = WINDOW + at
  const first = load<u16>(text)
  let last = load<u16>(text + best - 1)
  do {
    const there = WINDOW + candidate
    if (load<u16>(there + best - 1) === last && load<u16>(there) === first) {
      const length = commonLength(text, there)
      if (length > best) {
        start = candidate
        best = length
        if (length >= nice) break
        last = load<u16>(text + best - 1)
      }
    }
    candidate = load<u16>(PREVIOUS + ((candidate & WINDOW_MASK) << 1))
  } while (candidate > limit && --chain !== 0)
  return (start << 16) | best
}

/** How far two texts agree, 258 at most. */
function commonLength (one: usize, other: usize): u32 {
  let length: u32 = 0
  do {
    const differs = load<u64>(one + length) ^ load<u64>(other + length)
    if (differs !== 0) return min<u32>(length + ((ctz(differs) as u32) >> 3), MAX_MATCH)
    length += 8
  } while (length < MAX_MATCH)
  return MAX_MATCH
}

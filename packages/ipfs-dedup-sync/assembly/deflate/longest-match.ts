import { MAX_DISTANCE, MAX_MATCH, MIN_MATCH, PREVIOUS, WINDOW, WINDOW_MASK } from './layout.ts'

/**
 * Walks the chain from `candidate` for a match with the text at `at` that is longer than `best`; the nearest of the longest wins.
 * @param nice a match this long ends the walk
 * @param chain how many candidates are looked at
 * @returns where the match begins << 16 | its length; its length is `best` when there is none longer
 */
export function longestMatch (at: u32, candidate: u32, best: u32, chain: u32, nice: u32, start: u32): u32 {
  const limit = at > MAX_DISTANCE ? at - MAX_DISTANCE : 0
  const text = WINDOW + at
  if (best < MIN_MATCH) {
    // until there is a match, one of three bytes is looked for
    const first = load<u32>(text) << 8
    while (load<u32>(WINDOW + candidate) << 8 !== first) {
      candidate = load<u16>(PREVIOUS + ((candidate & WINDOW_MASK) << 1))
      if (candidate <= limit || --chain === 0) return (start << 16) | best
    }
    best = commonLength(text, WINDOW + candidate)
    start = candidate
    if (best >= nice) return (start << 16) | best
    candidate = load<u16>(PREVIOUS + ((candidate & WINDOW_MASK) << 1))
    if (candidate <= limit || --chain === 0) return (start << 16) | best
  }
  // a longer match agrees in the four bytes that end just behind the best
  let ending = WINDOW + best - 3
  let last = load<u32>(ending + at)
  do {
    if (load<u32>(ending + candidate) === last) {
      const length = commonLength(text, WINDOW + candidate)
      if (length > best) {
        start = candidate
        best = length
        if (length >= nice) break
        ending = WINDOW + best - 3
        last = load<u32>(ending + at)
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

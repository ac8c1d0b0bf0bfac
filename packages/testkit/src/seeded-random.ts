/** Random numbers that a seed repeats (mulberry32, public domain). For tests only. */
export interface SeededRandom {
  /** From 0 to 1, without 1. */
  next(): number
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  bytes(sizeBytes: number): Uint8Array
}

/** @param seed 32 bits */
export function seededRandom (seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { next, below, bytes: sizeBytes => Uint8Array.from({ length: sizeBytes }, () => below(256)) }
}

import { MAX_MATCH, WINDOW_SIZE } from './layout.ts'

/** What a prediction works on. It is asked for when first needed: an encoder alone does not hold it. */
export const MAX_SEGMENT: u32 = 0x40000
export const TEXT_SIZE: u32 = WINDOW_SIZE + MAX_SEGMENT + 0x400
const HEADS_SIZE: u32 = 1 << 19
const TOKENS_SIZE: u32 = (MAX_SEGMENT + MAX_MATCH) << 2
export const ITEM_SIZE: u32 = 0x10000
const SLACK: u32 = 64

let base: usize = 0

function place (): usize {
  if (base === 0) base = (memory.grow(((TEXT_SIZE + HEADS_SIZE + (WINDOW_SIZE << 2) + TOKENS_SIZE + ITEM_SIZE + SLACK) >> 16) + 1) as usize) << 16
  return base
}

/** The window before a segment, the segment, and some text behind it. */
export function textPlace (): usize { return place() }
/** The last position of each hash and 1; 0 for none. */
export function headsPlace (): usize { return place() + TEXT_SIZE }
/** For each of the last 32,768 positions the one before with the same hash, and 1. */
export function chainsPlace (): usize { return headsPlace() + HEADS_SIZE }
export function tokensPlace (): usize { return chainsPlace() + (WINDOW_SIZE << 2) }
export function itemPlace (): usize { return tokensPlace() + TOKENS_SIZE }

export function clearHeads (): void {
  memory.fill(headsPlace(), 0, HEADS_SIZE)
}

import { HEAD, MIN_MATCH, PREVIOUS, WINDOW, WINDOW_MASK, WINDOW_SIZE } from './layout.ts'
import { search } from './matcher-state.ts'

/** Of the three bytes at a position, or of four, with a multiplier of its own. */
export function hashAt (at: u32): u32 {
  const word = load<u32>(WINDOW + at)
  if (search.quadHash) return ((word * 66521 + 66521) >> 16) & search.hashMask
  const shift = search.hashShift
  return ((word << (2 * shift)) ^ ((word >> (8 - shift)) & (0xff << shift)) ^ ((word >> 16) & 0xff)) & search.hashMask
}

/** Puts a position under its hash. @returns the position that was there before, 0 for none */
export function insert (at: u32): u32 {
  const head = HEAD + (hashAt(at) << 1)
  const before: u32 = load<u16>(head)
  store<u16>(PREVIOUS + ((at & WINDOW_MASK) << 1), before as u16)
  store<u16>(head, at as u16)
  return before
}

/** Inserts from..to-1, as far as three bytes of text are there. */
export function insertRange (from: u32, to: u32, textEnd: u32): u32 {
  let at = from
  while (at < to && at + MIN_MATCH <= textEnd) insert(at++)
  return at
}

export function clearChains (): void {
  memory.fill(HEAD, 0, (search.hashMask + 1) << 1)
}

/** The upper window becomes the lower one; what was in the lower one is no position any more. */
export function slideChains (): void {
  lower(HEAD, (search.hashMask + 1) << 1)
  lower(PREVIOUS, WINDOW_SIZE << 1)
}

function lower (from: usize, sizeBytes: u32): void {
  const step = i16x8.splat(WINDOW_SIZE as i16)
  for (let p = from, end = from + sizeBytes; p < end; p += 16) v128.store(p, i16x8.sub_sat_u(v128.load(p), step))
}

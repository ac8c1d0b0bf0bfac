/** Cuts a text where its content says so, so that behind a change the cuts are the same again: docs/formats/deflate-model.md, "Corrections". */
import { gearTable } from '../chunking/gear-table.ts'
import type { TextPart } from './cut-text.ts'
import { WINDOW_SIZE } from './deflate-kernel.ts'

const MIN_SEGMENT = 65_536
export const MAX_SEGMENT = 262_144
/** Bytes over which the hash goes: each moves out of its 32 bits. */
const HASHED = 32
/** A cut is where the highest bits of the hash are 0: after 65,536 bytes more on average. */
const CUT_BELOW = 2 ** 16
/** Longest matches, and the one that may begin a byte later, see all they can. */
const BEHIND = 512

let table: Uint32Array | undefined

/** Holds one segment. Each has 32,768 bytes of text before it, as far as there are, and 512 behind it. Of no text there is one segment of nothing. */
export async function * cutSegments (text: AsyncIterable<Uint8Array>): AsyncGenerator<TextPart> {
  const gear = table ??= Uint32Array.from(gearTable(), number => Number(number & 0xffff_ffffn))
  const held = new Uint8Array(WINDOW_SIZE + MAX_SEGMENT + BEHIND)
  let before = 0
  let end = 0
  let start = 0
  const take = (last: boolean): TextPart => {
    const size = last && end - before <= MAX_SEGMENT ? findCut(gear, held.subarray(before, end)) : findCut(gear, held.subarray(before, before + MAX_SEGMENT))
    const stop = before + size
    const ends = last && stop === end
    const part = { start, stop: start + size, bytes: held.slice(0, Math.min(end, stop + BEHIND)), before, last: ends }
    const kept = Math.min(WINDOW_SIZE, stop)
    held.copyWithin(0, stop - kept, end)
    end -= stop - kept
    before = kept
    start += size
    return part
  }
  for await (const piece of text) {
    for (let taken = 0; taken < piece.length;) {
      if (end === before + MAX_SEGMENT + BEHIND) yield take(false)
      const some = piece.subarray(taken, taken + before + MAX_SEGMENT + BEHIND - end)
      held.set(some, end)
      end += some.length
      taken += some.length
    }
  }
  for (;;) {
    const part = take(true)
    yield part
    if (part.last) return
  }
}

/** @returns how long the first segment of these bytes is, all of them when there is no cut */
function findCut (gear: Uint32Array, bytes: Uint8Array): number {
  let hash = 0
  for (let i = MIN_SEGMENT - HASHED; i < bytes.length; i++) {
    hash = ((hash << 1) + gear[bytes[i]!]!) >>> 0
    if (hash < CUT_BELOW && i >= MIN_SEGMENT - 1) return i + 1
  }
  return bytes.length
}

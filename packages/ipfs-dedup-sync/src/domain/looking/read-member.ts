import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { Inflating } from './inflating.ts'
import type { Looking } from './looking.ts'
import { WHOLE_TEXT_BYTES } from './looking-limits.ts'
import { solveLong, type LongSolved, type LongStream, type LongUnsolved } from './solve-long.ts'
import { isHopeless } from './solve-whole.ts'

/** A deflate stream that was read: a short one is held, and nobody knows its encoder yet; the text of a long one has gone to its sink. */
export type Member =
  | { readonly kind: 'whole', readonly stream: Uint8Array, readonly text: Uint8Array }
  | { readonly kind: 'long', readonly solved: LongSolved }
  | { readonly kind: 'inside' }
  | { readonly kind: 'unsolved', readonly unsolved: LongUnsolved }

/**
 * Reads the deflate stream that begins at the cursor, which then stands behind it; at its beginning for `inside` and `unsolved`.
 * @param holds whether a text that begins so is to be looked into itself: then nothing is done yet
 */
export async function readMember (look: Looking, stream: LongStream, holds: (beginning: Uint8Array) => boolean = () => false): Promise<Member> {
  const { cursor, start, limit } = stream
  const inflating = new Inflating(look.deps.inflate, cursor, limit)
  let first: Uint8Array[]
  try {
    first = await inflating.collect(WHOLE_TEXT_BYTES)
  } catch (e) {
    await inflating.close()
    if (!isHopeless(e)) throw e
    await cursor.seek(start)
    return { kind: 'unsolved', unsolved: { streamBytes: undefined, why: (e as Error).message } }
  }
  if (holds(concatBytes(...first.slice(0, 2)))) {
    await inflating.close()
    await cursor.seek(start)
    return { kind: 'inside' }
  }
  if (inflating.streamBytes !== undefined) {
    const read = { stream: inflating.heldStream(), text: concatBytes(...first) }
    await inflating.close()
    return { kind: 'whole', ...read }
  }
  await look.jobs.drain()
  const solved = await solveLong(look, stream, inflating, first)
  return solved.parameters === undefined ? { kind: 'unsolved', unsolved: solved } : { kind: 'long', solved }
}

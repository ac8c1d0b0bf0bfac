import { codeOf } from '@ipkit/core/errors/code-of'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import type { EncoderHints } from '../deflate/identify.ts'
import type { Looking } from './looking.ts'
import { CORRECTIONS_PART, IDENTIFY_TEXT_BYTES, MAX_CANDIDATES } from './looking-limits.ts'

/** How a stream is made of its text again: verified. */
export interface Solved { readonly parameters: EncoderParameters, readonly segments: readonly Uint8Array[] }

/** Finds out how a stream that is held comes from its text. @returns undefined when nothing gives it */
export async function solveWhole (look: Looking, stream: Uint8Array, text: Uint8Array, hints: Omit<EncoderHints, 'whole'>): Promise<Solved | undefined> {
  const { engine } = look.deps
  const fits = async (parameters: EncoderParameters): Promise<boolean> => isEqual(await engine.encodeWhole(parameters, text), stream)
  const { lastEncoder } = look
  if (lastEncoder !== undefined && await fits(lastEncoder)) return { parameters: lastEncoder, segments: [] }
  const whole = text.length <= IDENTIFY_TEXT_BYTES
  for (const parameters of await identify(look, stream, text.subarray(0, IDENTIFY_TEXT_BYTES), { ...hints, whole }, MAX_CANDIDATES)) {
    if (!await fits(parameters)) continue
    look.lastEncoder = parameters
    return { parameters, segments: [] }
  }
  return await correctWhole(look, stream, text)
}

/** None for a stream that is broken. */
export async function identify ({ deps: { engine } }: Looking, stream: Uint8Array, text: Uint8Array, hints: EncoderHints, atMost: number): Promise<EncoderParameters[]> {
  try {
    return await engine.identify(stream, text, hints, atMost)
  } catch (e) {
    if (codeOf(e) === 'DEFLATE_INVALID') return []
    throw e
  }
}

async function correctWhole ({ deps: { engine, signal } }: Looking, stream: Uint8Array, text: Uint8Array): Promise<Solved | undefined> {
  const segments: Uint8Array[] = []
  const made: Uint8Array[] = []
  try {
    const corrected = await engine.correct(() => one(stream), () => one(text), { signal })
    let room = stream.length / CORRECTIONS_PART
    for await (const segment of corrected.segments) {
      room -= segment.length
      if (room < 0) return undefined
      segments.push(segment)
    }
    for await (const bytes of engine.encode(corrected.parameters, one(text), { signal, corrections: one(...segments) })) made.push(bytes)
    return isEqual(concatBytes(...made), stream) ? { parameters: corrected.parameters, segments } : undefined
  } catch (e) {
    if (isHopeless(e)) return undefined
    throw e
  }
}

/** Whether it says that a stream is not worth it, and nothing worse. */
export const isHopeless = (e: unknown): boolean => ['CORRECTIONS_TOO_LARGE', 'DEFLATE_INVALID', 'DEFLATE_BOMB'].includes(codeOf(e) ?? '')

async function * one (...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> { yield * pieces }

function isEqual (a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

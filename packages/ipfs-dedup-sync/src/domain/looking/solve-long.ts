import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import type { EncoderHints } from '../deflate/identify.ts'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { TextSum, type FrameKind } from '../recipe/frame.ts'
import { encodeSegment } from '../recipe/segment-taker.ts'
import type { ByteCursor, ByteSource } from './byte-cursor.ts'
import { Inflating } from './inflating.ts'
import type { Looking } from './looking.ts'
import { CORRECTIONS_PART, IDENTIFY_TEXT_BYTES, MAX_CANDIDATES } from './looking-limits.ts'
import { identify, isHopeless } from './solve-whole.ts'
import type { TextSink } from './text-sink.ts'

/** A stream in a source. */
export interface LongStream {
  readonly cursor: ByteCursor
  readonly source: ByteSource
  readonly start: number
  /** It has no more bytes. */
  readonly limit: number
  readonly hints: Omit<EncoderHints, 'whole'>
  readonly frame: FrameKind
  /** Where its text goes; none: it is only verified. */
  readonly sink: TextSink | undefined
}

/** A long stream of which every byte was made again. */
export interface LongSolved { readonly parameters: EncoderParameters, readonly segments: number, readonly streamBytes: number, readonly sum: TextSum }
/** Nothing gives it; the cursor stands at its beginning again. `streamBytes` is undefined when it is broken or said to be a bomb. */
export interface LongUnsolved { readonly parameters?: undefined, readonly streamBytes: number | undefined, readonly why: string }

/**
 * Makes a stream again from its text as both are read, and hands the text on. When the encoder turns out to be another one, what was handed on is taken back and the next one is tried.
 * @param inflating at its beginning, with `first` of its text already read from it
 */
export async function solveLong (look: Looking, stream: LongStream, inflating: Inflating, first: readonly Uint8Array[]): Promise<LongSolved | LongUnsolved> {
  const { cursor, start, limit, hints } = stream
  const beginning = inflating.heldStream()
  const text = concatBytes(...first).subarray(0, IDENTIFY_TEXT_BYTES)
  const tried = new Set<string>()
  const whole = inflating.streamBytes !== undefined && inflating.textBytes <= IDENTIFY_TEXT_BYTES
  let now = inflating
  let before = first
  try {
    for (const atMost of [1, MAX_CANDIDATES]) {
      for (const parameters of await identify(look, beginning, text, { ...hints, whole }, atMost)) {
        const key = JSON.stringify(parameters)
        if (tried.has(key)) continue
        tried.add(key)
        const solved = await attempt(look, stream, now, before, parameters)
        if (solved !== undefined) return solved
        await now.close()
        await cursor.seek(start)
        now = new Inflating(look.deps.inflate, cursor, limit)
        before = []
      }
      if (tried.size === 0) break
    }
    return await correctLong(look, stream, now)
  } catch (e) {
    if (!isHopeless(e)) throw e
    await now.close()
    await cursor.seek(start)
    return { streamBytes: undefined, why: (e as Error).message }
  } finally {
    await now.close()
  }
}

async function attempt (look: Looking, { sink, frame }: LongStream, inflating: Inflating, first: readonly Uint8Array[], parameters: EncoderParameters, corrections?: AsyncIterable<Uint8Array>): Promise<LongSolved | undefined> {
  const { engine, signal } = look.deps
  const place = await sink?.mark()
  const recipe = look.recipe.mark()
  const sum = new TextSum(frame)
  async function * text (): AsyncGenerator<Uint8Array> {
    for (const piece of first) yield await handOn(piece)
    for (let piece = await inflating.next(); piece !== undefined; piece = await inflating.next()) yield await handOn(piece)
  }
  const handOn = async (piece: Uint8Array): Promise<Uint8Array> => {
    sum.update(piece)
    await sink?.write(piece)
    return piece
  }
  let solved = false
  try {
    solved = look.recipe.encoder(parameters) !== undefined
    if (solved) {
      for await (const made of engine.encode(parameters, text(), { signal, ...corrections === undefined ? {} : { corrections } })) {
        solved = inflating.comparer.made(made)
        if (!solved) return undefined
      }
    }
    const { streamBytes } = inflating
    solved &&= streamBytes !== undefined && inflating.comparer.isEqual(streamBytes)
    if (!solved) return undefined
    look.lastEncoder = parameters
    await sink?.cut()
    return { parameters, segments: 0, streamBytes: streamBytes!, sum }
  } catch (e) {
    solved = false
    throw e
  } finally {
    if (!solved) {
      if (place !== undefined) await sink?.goBack(place)
      look.recipe.goBack(recipe)
    }
  }
}

/** No encoder gives it: with corrections, if they are worth it. */
async function correctLong (look: Looking, stream: LongStream, inflating: Inflating): Promise<LongSolved | LongUnsolved> {
  const { cursor, source, start } = stream
  inflating.comparer.stop()
  while (await inflating.next() !== undefined) look.deps.signal.throwIfAborted()
  const streamBytes = inflating.streamBytes!
  await cursor.seek(start)
  const unsolved = { streamBytes, why: 'its encoder is not known' }
  if (stream.sink === undefined) return unsolved
  const read = (): AsyncIterable<Uint8Array> => source.read(start, start + streamBytes)
  const place = { corrections: look.corrections.mark(), recipe: look.recipe.mark(), sink: await stream.sink.mark() }
  let again: Inflating | undefined
  try {
    const corrected = await look.deps.engine.correct(read, () => look.deps.inflate(read()).text, { signal: look.deps.signal })
    let count = 0
    let spentBytes = 0
    async function * counted (): AsyncGenerator<Uint8Array> {
      for await (const segment of corrected.segments) {
        count++
        spentBytes += segment.length
        await look.corrections.write(encodeSegment(segment))
        yield segment
      }
    }
    const segments = counted()
    again = new Inflating(look.deps.inflate, cursor, streamBytes)
    const solved = await attempt(look, stream, again, [], corrected.parameters, segments)
    if (solved !== undefined) {
      for await (const _ of segments) { /* what the encoder did not ask for belongs to it too */ }
      if (count > 0 && spentBytes <= streamBytes / CORRECTIONS_PART) return { ...solved, segments: count }
    }
  } catch (e) {
    if (!isHopeless(e)) throw e
  } finally {
    await again?.close()
  }
  look.corrections.goBack(place.corrections)
  look.recipe.goBack(place.recipe)
  await stream.sink.goBack(place.sink)
  await cursor.seek(start)
  return unsolved
}

/** What an encoder gives for a text, done in steps by a crew: docs/formats/deflate-model.md, "Beginning inside a text", says which parts are free of each other. */
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { cutText, type TextPart } from './cut-text.ts'
import type { DeflateCrew, FoundTokens, WrittenRun } from './deflate-job.ts'
import { WINDOW_SIZE } from './deflate-kernel.ts'
import type { EncoderParameters } from './encoder-parameters.ts'
import { BitJoiner } from './join-bits.ts'
import { joinTokens } from './join-tokens.ts'
import { seamsAreEqual, TEXT_BEFORE_SEGMENT, type Seam } from './search-segment.ts'
import { BlockSplitter, type BlockPlan } from './split-blocks.ts'

/** Of text in a step: small enough that those under way fit in 8 MB a thread, whatever the text. */
const STEP_BYTES = 256 * 1024
/** A search takes text in up to the end of its window. A segment ends only where this much is behind, so that the end of the text is known before tokens near it are split. */
const TEXT_BEHIND_SEGMENT = 4 * WINDOW_SIZE

export async function * encodeInSteps (crew: DeflateCrew, parameters: EncoderParameters, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { jobs, search } = parameters
  if (jobs !== undefined && jobs.searchAfter !== 'goes on') yield * encodeJobs(crew, parameters, text, jobs.sizeBytes, jobs.searchAfter === 'links')
  else if (jobs !== undefined || search.greedy) yield * encodeStream(crew, parameters, text)
  else yield * encodeSegments(crew, parameters, text)
}

/** Jobs that follow from their own text, and of the text before it from a window at most. */
async function * encodeJobs (crew: DeflateCrew, parameters: EncoderParameters, text: AsyncIterable<Uint8Array>, jobSize: number, links: boolean): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const size = jobSize * Math.max(1, Math.floor(STEP_BYTES / jobSize))
  const parts = cutText(text, { size, before: links ? WINDOW_SIZE : 0, behind: 1, slots: crew.ahead + 1 })
  yield * mapConcurrent(parts, crew.ahead, async ({ bytes, before, start, last }) => await crew.ask({
    // a byte of the next job makes the encoder end this one
    kind: 'jobs', parameters, text: bytes.subarray(before), last, ...links && start > 0 ? { dictionary: bytes.subarray(0, before) } : {},
  }))
}

/** Greedy searches have no place to begin but the beginning. */
async function * encodeStream (crew: DeflateCrew, parameters: EncoderParameters, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { id, ask } = crew.pick()
  let ended = false
  try {
    yield * mapConcurrent(cutText(text, { size: STEP_BYTES, before: 0, behind: 1, slots: 3 }), 2, async ({ bytes, last, start, stop }) => {
      ended = last
      return await ask({ kind: 'stream', id, parameters, text: bytes.subarray(0, stop - start), last })
    })
  } finally {
    if (!ended) await ask({ kind: 'drop', id }).catch(() => {}) // a thread that broke has dropped it
  }
}

interface SearchedSegment { readonly part: TextPart, readonly found: FoundTokens }
/** Blocks that end in a segment. */
interface SplitSegment { readonly part: TextPart, readonly tokens: Uint32Array, readonly blocks: readonly BlockPlan[] }

async function * encodeSegments (crew: DeflateCrew, parameters: EncoderParameters, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  // each of the two stages holds `ahead`; one is being joined, one split, and one is new
  const parts = cutText(text, { size: STEP_BYTES, before: TEXT_BEFORE_SEGMENT, behind: TEXT_BEHIND_SEGMENT, slots: 2 * crew.ahead + 3 })
  const searched = mapConcurrent(parts, crew.ahead, async part => ({ part, found: await searchPart(crew, parameters, part) }))
  const written = mapConcurrent(splitSegments(crew, parameters, searched), crew.ahead, async ({ part, tokens, blocks }) => (
    { part, blocks, runs: blocks.length === 0 ? [] : await crew.ask({ kind: 'write', tokens, blocks }) }
  ))
  const joiner = new BitJoiner()
  for await (const { part, blocks, runs } of written) yield * joinRuns(joiner, part, blocks, runs)
  yield joiner.end()
}

/** @param from where the search before this one stopped; none: it is still under way */
async function searchPart (crew: DeflateCrew, parameters: EncoderParameters, { start, stop, bytes, before, last }: TextPart, from?: Seam): Promise<FoundTokens> {
  const at = from === undefined ? before : before + from.position - start
  const plan = { start: from?.position ?? start, before: bytes.subarray(Math.max(0, at - TEXT_BEFORE_SEGMENT), at), ...last ? {} : { stop }, ...from === undefined ? {} : { carried: from.carried } }
  return await crew.ask({ kind: 'search', parameters, plan, text: bytes.subarray(at), last })
}

/** In order: makes each segment begin where the one before it stopped, and finds where blocks end. */
async function * splitSegments (crew: DeflateCrew, parameters: EncoderParameters, searched: AsyncIterable<SearchedSegment>): AsyncGenerator<SplitSegment> {
  const splitter = new BlockSplitter(parameters)
  let stopped: Seam | undefined
  let held: Uint32Array = new Uint32Array(0)
  for await (const { part, found } of searched) {
    const fits = stopped === undefined || seamsAreEqual(stopped, found.startSeam)
    const { tokens, stopSeam } = fits ? found : await searchPart(crew, parameters, part, stopped)
    if (part.last) splitter.endsAt(part.stop)
    const blocks = splitter.push(tokens)
    if (part.last) blocks.push(splitter.end())
    const used = blocks.reduce((sum, { tokenCount }) => sum + tokenCount, 0)
    const ofBlocks = new Uint32Array(used)
    const fromHeld = Math.min(used, held.length)
    ofBlocks.set(held.subarray(0, fromHeld))
    ofBlocks.set(tokens.subarray(0, used - fromHeld), fromHeld)
    yield { part, tokens: ofBlocks, blocks }
    held = fromHeld === held.length ? tokens.slice(used - fromHeld) : joinTokens(held.subarray(fromHeld), tokens)
    stopped = stopSeam
  }
}

function * joinRuns (joiner: BitJoiner, { bytes, start, before }: TextPart, blocks: readonly BlockPlan[], runs: readonly WrittenRun[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const run of runs) {
    if ('stored' in run) {
      const { textStart, textSize, last } = blocks[run.stored]!
      const from = before + textStart - start
      yield joiner.joinStored(bytes.subarray(from, from + textSize), last)
    } else yield joiner.join(run.bytes, run.bits)
  }
}

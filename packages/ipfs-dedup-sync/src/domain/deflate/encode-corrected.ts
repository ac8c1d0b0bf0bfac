/** Gives a stream again whose encoder is not known, from its text and what `correctInSteps` told of it. */
import { AppError } from '@ipkit/core/errors/app-error'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { findEnds, type BlockHead } from './block-ends.ts'
import { decodeItem, type CorrectionItem } from './correction-item.ts'
import { cutSegments } from './cut-segments.ts'
import type { TextPart } from './cut-text.ts'
import type { DeflateCrew } from './deflate-job.ts'
import type { EncoderParameters } from './encoder-parameters.ts'
import { BitJoiner } from './join-bits.ts'
import { joinTokens } from './join-tokens.ts'
import { MAX_BLOCK_TOKENS } from './read-blocks.ts'
import { mayBeStored, PORTION } from './write-given-block.ts'

/** A block that is to be written: by the model, or behind the head it had. */
export interface GivenBlock {
  readonly tokenCount: number
  readonly textSize: number
  readonly mayBeStored: boolean
  readonly last: boolean
  readonly head?: BlockHead
}

interface GivenBlocks { readonly tokens: Uint32Array, readonly blocks: readonly GivenBlock[] }

/** @throws AppError CORRECTIONS_INVALID for corrections that are none, or none of this text */
export async function * encodeCorrected (crew: DeflateCrew, parameters: EncoderParameters, text: AsyncIterable<Uint8Array>, items: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const restored = mapConcurrent(withItems(text, items), crew.ahead, async ({ part, item }) => (
    { part, item, tokens: await crew.ask({ kind: 'restore', parameters, part, begin: item.begin, corrections: item.tokens }) }
  ))
  const written = mapConcurrent(putBlocks(parameters, restored), crew.ahead, async ({ tokens, blocks }) => (
    { tokens, blocks, runs: blocks.length === 0 ? [] : await crew.ask({ kind: 'write', tokens, blocks, ...parameters.family === undefined ? {} : { family: parameters.family } }) }
  ))
  const joiner = new BitJoiner()
  for await (const { tokens, blocks, runs } of written) {
    const starts = [0]
    for (const { tokenCount } of blocks) starts.push(starts.at(-1)! + tokenCount)
    for (const run of runs) {
      if (!('stored' in run)) yield joiner.join(run.bytes, run.bits)
      else yield joiner.joinStored(Uint8Array.from(tokens.subarray(starts[run.stored], starts[run.stored + 1])), blocks[run.stored]!.last)
    }
  }
  yield joiner.end()
}

async function * withItems (text: AsyncIterable<Uint8Array>, items: AsyncIterable<Uint8Array>): AsyncGenerator<{ readonly part: TextPart, readonly item: CorrectionItem }> {
  const source = items[Symbol.asyncIterator]()
  try {
    for await (const part of cutSegments(text)) {
      const { value, done } = await source.next() as IteratorResult<Uint8Array, undefined>
      if (done === true) throw new AppError('CORRECTIONS_INVALID', `there are no corrections for the segment at ${part.start}`)
      yield { part, item: decodeItem(value) }
    }
  } finally { await source.return?.() }
}

async function * putBlocks (parameters: EncoderParameters, restored: AsyncIterable<{ readonly part: TextPart, readonly item: CorrectionItem, readonly tokens: Uint32Array }>): AsyncGenerator<GivenBlocks> {
  let held: Uint32Array[] = []
  let heldCount = 0
  let symbols = 0
  let position = 0
  for await (const { part, item, tokens } of restored) {
    if (part.start + item.begin !== position) throw new AppError('CORRECTIONS_INVALID', `the tokens of the segment at ${part.start} begin at ${part.start + item.begin}, those before end at ${position}`)
    const found = findEnds(parameters, symbols, item.ends, tokens.length, part.last)
    symbols = found.symbols
    for (const token of tokens) position += token < 65536 ? 1 : token & 0xffff
    held.push(tokens)
    heldCount += tokens.length
    const startOfSegment = heldCount - tokens.length
    if (found.ends.length === 0) {
      if (heldCount > MAX_BLOCK_TOKENS) throw new AppError('CORRECTIONS_INVALID', `a block is of over ${MAX_BLOCK_TOKENS} tokens`)
      continue
    }
    const all = joinTokens(...held)
    let start = 0
    const blocks = found.ends.map(({ at, last, head }): GivenBlock => {
      const end = startOfSegment + at
      const textSize = textSizeOf(all.subarray(start, end))
      const tokenCount = end - start
      start = end
      const storable = mayBeStored(tokenCount, textSize)
      if (head !== undefined && (head.bytes[0]! >> 1 & 3) === 0 && !storable) throw new AppError('CORRECTIONS_INVALID', `a block of ${textSize} bytes and ${tokenCount} tokens cannot be stored`)
      if (head === undefined && tokenCount > PORTION) throw new AppError('CORRECTIONS_INVALID', `a block of ${tokenCount} tokens has no head, the limit is ${PORTION}`)
      return { tokenCount, textSize, mayBeStored: storable, last, ...head === undefined ? {} : { head } }
    })
    yield { tokens: all.slice(0, start), blocks }
    held = [all.slice(start)]
    heldCount -= start
  }
}

function textSizeOf (tokens: Uint32Array): number {
  let size = 0
  for (const token of tokens) size += token < 65536 ? 1 : token & 0xffff
  return size
}

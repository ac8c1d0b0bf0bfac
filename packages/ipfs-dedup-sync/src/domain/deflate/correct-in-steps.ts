/** What is to be told of a stream whose encoder is not known: docs/formats/deflate-model.md, "Corrections". */
import { AppError } from '@ipkit/core/errors/app-error'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { tellEnds, type BlockEnd } from './block-ends.ts'
import { encodeItem, MAX_ENDS } from './correction-item.ts'
import { cutSegments, MAX_SEGMENT } from './cut-segments.ts'
import type { TextPart } from './cut-text.ts'
import type { Corrected } from './deflate-engine.ts'
import type { DeflateCrew } from './deflate-job.ts'
import { nearTo } from './corrected-parameters.ts'
import type { EncoderParameters } from './encoder-parameters.ts'
import type { DeflateBlock } from './read-block.ts'
import { readBlocks } from './read-blocks.ts'
import { canBeModelled, headOf } from './write-given-block.ts'

/** Corrections may be as much of the stream. */
const MAX_SHARE = 0.1
/** From so many on. */
const ALWAYS_ALLOWED = 65_536

type ReadBlock = DeflateBlock & { readonly endByte: number }
interface CheckedBlock { readonly block: ReadBlock, readonly modelled: boolean }

interface ReadSegment {
  readonly part: TextPart
  readonly begin: number
  readonly tokens: Uint32Array
  readonly ends: readonly BlockEnd[]
  /** Of the block that is under way where the segment begins. */
  readonly symbols: number
  /** Of the stream. */
  readonly readBytes: number
}

export async function correctInSteps (crew: DeflateCrew, stream: () => AsyncIterable<Uint8Array>, text: () => AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Corrected> {
  const parameters = await chooseParameters(crew, stream(), text())
  return { parameters, segments: correctSegments(crew, parameters, stream(), text(), signal) }
}

/** Those that need the fewest corrections in the first segment. */
async function chooseParameters (crew: DeflateCrew, stream: AsyncIterable<Uint8Array>, text: AsyncIterable<Uint8Array>): Promise<EncoderParameters> {
  const blocks: CheckedBlock[] = []
  const unchecked = async function * (): AsyncGenerator<CheckedBlock> {
    for await (const block of readBlocks(stream)) {
      const checked = { block, modelled: false }
      blocks.push(checked)
      yield checked
    }
  }
  let first: ReadSegment | undefined
  for await (first of readSegments(unchecked(), text)) break
  const { part, begin, tokens, readBytes } = first!
  let best: { readonly parameters: EncoderParameters, readonly size: number } | undefined
  for (const parameters of nearTo(blocks.map(({ block }) => block))) {
    const size = (await crew.ask({ kind: 'correct', parameters, part, begin, tokens }))?.length ?? Infinity
    if (best === undefined || size < best.size) best = { parameters, size }
    if (size === 0) break
  }
  if (best!.size === Infinity) throw tooLarge(Infinity, readBytes)
  return best!.parameters
}

async function * correctSegments (
  crew: DeflateCrew, parameters: EncoderParameters, stream: AsyncIterable<Uint8Array>, text: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const checked = mapConcurrent(readBlocks(stream), crew.ahead, async (block): Promise<CheckedBlock> => ({ block, modelled: canBeModelled(block) && await crew.ask({ kind: 'models', family: parameters.family, block }) }))
  const corrected = mapConcurrent(readSegments(checked, text), crew.ahead, async segment => {
    const { part, begin, tokens, ends, symbols, readBytes } = segment
    const corrections = await crew.ask({ kind: 'correct', parameters, part, begin, tokens })
    if (corrections === undefined) throw tooLarge(ALWAYS_ALLOWED, readBytes)
    const told = tellEnds(parameters, symbols, ends, tokens.length, part.last)
    if (told.length > MAX_ENDS) throw tooLarge(Infinity, readBytes)
    return { readBytes, item: encodeItem({ begin, tokens: corrections, ends: told }) }
  })
  let total = 0
  for await (const { item, readBytes } of corrected) {
    signal?.throwIfAborted()
    total += item.length
    if (total > ALWAYS_ALLOWED && total > readBytes * MAX_SHARE) throw tooLarge(total, readBytes)
    yield item
  }
}

/** Deals the tokens out to the segments in which they begin, and the ends of blocks to the segment of the token before. */
async function * readSegments (blocks: AsyncIterable<CheckedBlock>, text: AsyncIterable<Uint8Array>): AsyncGenerator<ReadSegment> {
  const source = blocks[Symbol.asyncIterator]()
  let current: CheckedBlock | undefined
  let used = 0
  let position = 0
  let symbols = 0
  let readBytes = 0
  try {
    for await (const part of cutSegments(text)) {
      const begin = position - part.start
      const tokens = new Uint32Array(MAX_SEGMENT)
      let count = 0
      const ends: BlockEnd[] = []
      for (;;) {
        if (current === undefined || used === current.block.tokens.length) {
          if (current !== undefined) ends.push(endOf(current, count))
          if (current?.block.last === true) break
          current = (await source.next() as IteratorResult<CheckedBlock, undefined>).value
          if (current === undefined) break
          used = 0
          readBytes = current.block.endByte
          continue
        }
        if (position >= part.stop) break
        const token = current.block.tokens[used++]!
        tokens[count++] = token
        position += token < 65536 ? 1 : token & 0xffff
      }
      if (position < part.stop || (part.last && (position > part.stop || current?.block.last !== true))) throw new AppError('DEFLATE_INVALID', `a stream ends at ${position} bytes of its text of ${part.stop}`)
      yield { part, begin, tokens: tokens.slice(0, count), ends, symbols, readBytes }
      symbols = ends.length === 0 ? symbols + count : count - ends.at(-1)!.at
      if (current?.block.last === true && used === current.block.tokens.length) current = undefined
    }
  } finally { await source.return?.() }
}

function endOf ({ block, modelled }: CheckedBlock, at: number): BlockEnd {
  return modelled ? { at, last: block.last } : { at, last: block.last, head: headOf(block) }
}

function tooLarge (size: number, readBytes: number): AppError {
  const share = Number.isFinite(size) ? `${size} bytes` : 'more than they may be'
  return new AppError('CORRECTIONS_TOO_LARGE', `the corrections of a deflate stream of an unknown encoder are ${share} for ${readBytes} bytes, the limit is a tenth`)
}

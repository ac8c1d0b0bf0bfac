import type { EncoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { BitJoiner } from '../../../src/domain/deflate/join-bits.ts'
import { seamsAreEqual, SegmentSearch, TEXT_BEFORE_SEGMENT, type Seam } from '../../../src/domain/deflate/search-segment.ts'
import { BlockSplitter } from '../../../src/domain/deflate/split-blocks.ts'
import { writeBlock } from '../../../src/domain/deflate/write-block.ts'
import { newKernel } from './encode-whole.ts'

export interface InParts {
  readonly stream: Buffer
  /** Seams at which a search from the text just before stood where the one before it stopped; at the others it was told. */
  readonly found: number
}

/** Encodes as it is done in parallel: each segment by itself, then one pass over the tokens, then each block by itself. @param cuts where segments begin, rising, without 0 */
export function encodeInParts (parameters: EncoderParameters, text: Uint8Array, cuts: readonly number[]): InParts {
  const tokens: Uint32Array[] = []
  let stopped: Seam | undefined
  let found = 0
  for (const [i, start] of [0, ...cuts].entries()) {
    let segment = searchPart(parameters, text, start, cuts[i])
    if (stopped !== undefined && seamsAreEqual(stopped, segment.search.startSeam!)) found++
    else if (stopped !== undefined) segment = searchPart(parameters, text, stopped.position, cuts[i], stopped.carried)
    tokens.push(...segment.tokens)
    stopped = segment.search.stopSeam
  }
  return { stream: writeParts(parameters, text, tokens), found }
}

function searchPart (parameters: EncoderParameters, text: Uint8Array, start: number, stop?: number, carried?: number): { search: SegmentSearch, tokens: Uint32Array[] } {
  const before = text.subarray(Math.max(0, start - TEXT_BEFORE_SEGMENT), start)
  const search = new SegmentSearch(newKernel, parameters, { start, before, ...stop === undefined ? {} : { stop }, ...carried === undefined ? {} : { carried } })
  const tokens = [...search.write(text.subarray(start))]
  if (!search.isDone) tokens.push(...search.end())
  return { search, tokens }
}

function writeParts (parameters: EncoderParameters, text: Uint8Array, tokens: readonly Uint32Array[]): Buffer {
  const splitter = new BlockSplitter(parameters)
  splitter.endsAt(text.length)
  const blocks = [...tokens.flatMap(some => splitter.push(some)), splitter.end()]
  const joined = Buffer.concat(tokens.map(some => Buffer.from(some.buffer)))
  const all = new Uint32Array(joined.buffer, joined.byteOffset, joined.length / 4)
  const kernel = newKernel()
  const joiner = new BitJoiner()
  let at = 0
  const parts = blocks.map(block => {
    const written = writeBlock(kernel, all.subarray(at, at += block.tokenCount), block)
    return written.stored ? joiner.joinStored(text.subarray(block.textStart, block.textStart + block.textSize), block.last) : joiner.join(written.bytes, written.bits)
  })
  return Buffer.concat([...parts, joiner.end()])
}

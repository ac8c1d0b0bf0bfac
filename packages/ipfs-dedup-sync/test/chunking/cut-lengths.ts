import type { Cutter } from '../../src/domain/chunking/cutter.ts'
import { CUT, splitStream } from '../../src/domain/chunking/split-stream.ts'

/** A stream of the bytes, in pieces that end at `pieceEnds`, with forced cuts in it. */
export async function * inPieces (bytes: Uint8Array, pieceEnds: readonly number[] = [], forced: readonly number[] = []): AsyncGenerator<Uint8Array | typeof CUT> {
  let from = 0
  for (const to of [...new Set([...pieceEnds, ...forced, bytes.length])].filter(n => n <= bytes.length).sort((a, b) => a - b)) {
    yield bytes.slice(from, to)
    if (forced.includes(to)) yield CUT
    from = to
  }
}

export async function cutLengths (cutter: Cutter, source: AsyncIterable<Uint8Array | typeof CUT>): Promise<number[]> {
  const lengths: number[] = []
  for await (const chunk of splitStream(source, cutter)) lengths.push(chunk.length)
  return lengths
}

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { rabin } from 'ipfs-unixfs-importer/chunker'
import { createCutter } from '../../src/domain/chunking/create-cutter.ts'
import { parseChunker } from '../../src/domain/chunking/parse-chunker.ts'
import { cutLengths, inPieces } from './cut-lengths.ts'
import { makeBytes, streamBytes, vectors } from './make-bytes.ts'

const cutterOf = (name: string) => createCutter(parseChunker(name), () => { throw new Error('needs no gear table') })

test.each(vectors.kubo)('$chunker of $parts', async ({ chunker, parts, lengths }) => {
  const bytes = makeBytes(parts)
  expect(await cutLengths(cutterOf(chunker), inPieces(bytes))).toEqual(lengths)
  expect(await cutLengths(cutterOf(chunker), inPieces(bytes, [1, 131_071, 131_072, 300_000]))).toEqual(lengths)
})

test('pieces do not matter', async () => {
  const names = fc.constantFrom('size-1000', 'buzhash', 'rabin-48', 'rabin-512-1024-2048', 'js-rabin-100-200-4000', 'rabin')
  await fc.assert(fc.asyncProperty(names, fc.string(), fc.nat(700_000), fc.array(fc.nat(700_000), { maxLength: 10 }), async (name, seed, size, pieceEnds) => {
    const bytes = streamBytes(seed, size)
    const lengths = await cutLengths(cutterOf(name), inPieces(bytes))
    expect(lengths.reduce((sum, n) => sum + n, 0)).toBe(size)
    expect(await cutLengths(cutterOf(name), inPieces(bytes, pieceEnds))).toEqual(lengths)
  }), { numRuns: 40 })
})

describe('js-rabin cuts as rabin-wasm in js-ipfs does', () => {
  const theirs = async (bytes: Uint8Array, rule: { min: number, avg: number, max: number }): Promise<number[]> => {
    const lengths: number[] = []
    for await (const chunk of rabin({ minChunkSize: rule.min, avgChunkSize: rule.avg, maxChunkSize: rule.max })(inPieces(bytes) as AsyncIterable<Uint8Array>)) lengths.push(chunk.length)
    return lengths
  }
  test.each([
    ['js-rabin', 2_000_000], ['js-rabin-16', 0], ['js-rabin-512-1024-2048', 100_000], ['js-rabin-17-300-4000', 50_000], ['js-rabin-16-48-64', 3000], ['js-rabin-65536-65537-262144', 900_000],
  ])('%s over %d bytes', async (name, size) => {
    if (size === 0) { expect(() => parseChunker(name)).toThrow(expect.objectContaining({ code: 'CHUNKER_INVALID' })); return }
    const rule = parseChunker(name) as { kind: 'js-rabin', min: number, avg: number, max: number }
    for (const bytes of [streamBytes(name, size), Uint8Array.from(Buffer.alloc(size, 'to be or not to be, ')), new Uint8Array(size)]) {
      expect(await cutLengths(cutterOf(name), inPieces(bytes))).toEqual(await theirs(bytes, rule))
    }
  })
})

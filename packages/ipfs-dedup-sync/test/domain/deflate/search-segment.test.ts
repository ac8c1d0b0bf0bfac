import { describe, expect, test } from '@jest/globals'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import { encoderParameters, type Level, type Producer } from '../../../src/domain/deflate/encoder-parameters.ts'
import { seamsAreEqual, SegmentSearch } from '../../../src/domain/deflate/search-segment.ts'
import { BlockSplitter } from '../../../src/domain/deflate/split-blocks.ts'
import { encodeWhole, newKernel } from './encode-whole.ts'
import { encodeInParts } from './in-parts.ts'
import { edgeTexts, largeTexts, sparseEnd, type NamedText } from './texts.ts'

const STREAMS: readonly Producer[] = ['gnu-gzip', 'info-zip', 'zlib', 'zlib-mem9', 'chromium']
const large = largeTexts()
/** In these a search from a window before may never meet the one from the beginning. */
const PERIODIC = /zeros|repeats/

function cutsOf (text: Uint8Array, seed: number): number[] {
  const random = seededRandom(seed)
  const cuts: number[] = []
  for (let at = 0; (at += 1 + random.below(90_000)) < text.length;) cuts.push(at)
  return cuts
}

describe.each([4, 6, 9] as const)('-%i in parts', level => {
  test.each(STREAMS)('%s', producer => {
    const parameters = encoderParameters(producer, level)
    const wrong: string[] = []
    for (const [i, { name, text }] of large.entries()) {
      if ((i + level + STREAMS.indexOf(producer)) % 4 !== 0) continue // the soak takes all
      const cuts = cutsOf(text, level * 100 + i)
      const { stream, found } = encodeInParts(parameters, text, cuts)
      if (!stream.equals(encodeWhole(parameters, text))) wrong.push(name)
      if (!PERIODIC.test(name) && found < cuts.length) wrong.push(`${name}: ${cuts.length - found} seams differ`)
    }
    expect(wrong).toEqual([])
  })
})

const inBlocks = (producer: Producer, level: Level, texts: readonly NamedText[]): string[] => {
  const parameters = encoderParameters(producer, level)
  return texts.filter(({ text }) => !encodeInParts(parameters, text, []).stream.equals(encodeWhole(parameters, text))).map(({ name }) => name)
}

describe('blocks follow from the tokens', () => {
  test.each(STREAMS)('%s, greedy levels', producer => {
    for (const level of [1, 2, 3] as const) expect(inBlocks(producer, level, large.filter((_, i) => (i + level + STREAMS.indexOf(producer)) % 4 === 0))).toEqual([])
  })

  test.each(STREAMS)('%s, texts that end where the window slides', producer => {
    expect(inBlocks(producer, 3, edgeTexts(30, STREAMS.indexOf(producer)))).toEqual([])
    expect(inBlocks(producer, 6, edgeTexts(30, STREAMS.indexOf(producer) + 5))).toEqual([])
  })
})

test('a segment near the end of the text sees what stood in the window behind it', () => {
  const parameters = encoderParameters('gnu-gzip', 6)
  for (let size = 98_060; size < 98_303; size += 24) { // the window has slid once and does not slide again
    const text = sparseEnd(size, size)
    const { stream } = encodeInParts(parameters, text, [98_050])
    expect({ size, equal: stream.equals(encodeWhole(parameters, text)) }).toEqual({ size, equal: true })
  }
})

test('seams are equal in their position and in what is carried', () => {
  const seam = { position: 5, carried: 7 }
  expect(seamsAreEqual(seam, { position: 5, carried: 7 })).toBe(true)
  expect(seamsAreEqual(seam, { position: 6, carried: 7 })).toBe(false)
  expect(seamsAreEqual(seam, { position: 5, carried: 8 })).toBe(false)
})

test('greedy searches and jobs have no restart', () => {
  const before = new Uint8Array(10)
  expect(() => new SegmentSearch(newKernel, encoderParameters('zlib', 3), { start: 10, before })).toThrow(/only a lazy search without jobs/)
  expect(() => new SegmentSearch(newKernel, encoderParameters('pigz', 6), { start: 10, before })).toThrow(/only a lazy search without jobs/)
  expect(() => new BlockSplitter(encoderParameters('pigz', 6))).toThrow(/jobs/)
})

test('a segment says what text it needs', () => {
  expect(() => new SegmentSearch(newKernel, encoderParameters('zlib', 6), { start: 100_000, before: new Uint8Array(10) })).toThrow('a segment at 100000 needs the 65536 bytes before it, not 10')
})

import { describe, expect } from '@jest/globals'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { encoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { encodeWhole } from './encode-whole.ts'
import { encodeInParts } from './in-parts.ts'
import { gzipProgram } from './reference-encoders.ts'
import type { NamedText } from './texts.ts'

/** After 4,096 symbols: 17 matches, 16 of them of 258, and one whose length moves the text's size over twice the guess, a byte at a time. */
function aroundHalf (): NamedText[] {
  const random = Buffer.from(seededRandom(1).bytes(9000))
  const runs = Buffer.concat(Array.from({ length: 16 }, (_, i) => Buffer.alloc(259, i + 1)))
  return Array.from({ length: 60 }, (_, extra) => ({
    name: `a match of ${extra + 3}`, text: Buffer.concat([random.subarray(0, 2000), runs, Buffer.alloc(extra + 4, 99), random.subarray(2000)]),
  }))
}

/** About as many matches as literals: which of them are more is chance, and often by one. */
function aroundHalfMatches (): NamedText[] {
  return Array.from({ length: 15 }, (_, seed) => {
    const random = seededRandom(seed)
    const parts: Buffer[] = []
    for (let i = 0; i < 14_000; i++) parts.push(random.next() < 0.66 ? Buffer.alloc(7, random.below(256)) : Buffer.of(random.below(256)))
    return { name: `seed ${seed}`, text: Buffer.concat(parts) }
  })
}

describe('a block ends early just where gzip ends it', () => {
  for (const [what, texts] of [['as its size comes to half', aroundHalf()], ['as matches come to half of its symbols', aroundHalfMatches()]] as const) {
    for (const level of [3, 6] as const) {
      testWithProgram('gzip')(`${what}, -${level}`, () => {
        const parameters = encoderParameters('gnu-gzip', level)
        const expected = gzipProgram('gzip')(level, texts)
        expect(texts.filter(({ text }, i) => !encodeWhole(parameters, text).equals(expected[i]!)).map(({ name }) => name)).toEqual([])
        expect(texts.filter(({ text }, i) => !encodeInParts(parameters, text, []).stream.equals(expected[i]!)).map(({ name }) => name)).toEqual([])
      })
    }
  }
})

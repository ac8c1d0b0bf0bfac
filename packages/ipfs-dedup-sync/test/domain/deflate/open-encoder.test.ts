import { createHash } from 'node:crypto'
import zlib from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { encoderParameters, LEVELS, PRODUCERS } from '../../../src/domain/deflate/encoder-parameters.ts'
import { openEncoder } from '../../../src/domain/deflate/open-encoder.ts'
import { encodeWhole, newKernel } from './encode-whole.ts'
import { PROGRAMS } from './programs.ts'
import { edgeTexts, fewValues, largeTexts, mixedText, smallTexts, sourceText, sparseEnd } from './texts.ts'

const large = largeTexts()
/** All sizes come by with the levels, as far as there are so many: each level takes others. The soak takes all. */
const textsFor = LEVELS.map(level => {
  const some = large.filter((_, i) => i % 5 === level % 5)
  return { many: [...some, ...smallTexts(40, level * 4), ...edgeTexts(20, level)], one: [...some.slice(level % 2, level % 2 + 1), ...smallTexts(240, level * 20), ...edgeTexts(45, 5 * level)] }
})

describe.each(PROGRAMS)('$producer', ({ producer, needs, encode, perProcess }) => {
  describe.each(LEVELS.filter(level => (level + PROGRAMS.findIndex(program => program.producer === producer)) % 3 === 0))('-%i', level => {
    testWithProgram(...needs)('the same bytes as the program', () => {
      const parameters = encoderParameters(producer, level)
      const given = textsFor[level - 1]![perProcess]
      const expected = encode(level, given)
      const wrong = given.filter(({ text }, i) => expected[i] !== undefined && !encodeWhole(parameters, text).equals(expected[i])).map(({ name }) => name)
      expect(wrong).toEqual([])
      expect(expected.filter(stream => stream !== undefined).length).toBeGreaterThan(given.length * 0.9)
    })
  })
})

const anyParameters = fc.tuple(fc.constantFrom(...PRODUCERS), fc.constantFrom(...LEVELS)).map(([producer, level]) => encoderParameters(producer, level))
const anyText = fc.tuple(fc.constantFrom(mixedText, sourceText, sparseEnd, (size: number, seed: number) => fewValues(size, 3, seed)), fc.integer({ min: 0, max: 200_000 }), fc.nat())
  .map(([make, size, seed]) => make(size, seed))

test('what it gives is deflate of the text, whatever the parameters', () => {
  fc.assert(fc.property(anyParameters, anyText, (parameters, text) => {
    expect(zlib.inflateRawSync(encodeWhole(parameters, text)).equals(text)).toBe(true)
  }), { numRuns: 10 })
})

test('pieces of any size give the same stream', () => {
  fc.assert(fc.property(anyParameters, anyText, fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 5 }), (parameters, text, sizes) => {
    const pieces = text.length > 20_000 ? sizes.map(size => size + 500) : sizes
    expect(encodeWhole(parameters, text, pieces).equals(encodeWhole(parameters, text))).toBe(true)
  }), { numRuns: 6 })
})

test('no text is an empty last block with fixed codes', () => {
  for (const producer of PRODUCERS) expect(encodeWhole(encoderParameters(producer, 6), Buffer.alloc(0)).toString('hex')).toBe('0300')
})

test('an encoder begins at a job from the window before it', () => {
  const parameters = encoderParameters('pigz', 1)
  const text = sourceText(400_000, 8)
  const whole = encodeWhole(parameters, text)
  const at = 131_072
  const encoder = openEncoder(newKernel, parameters, text.subarray(at - 32_768, at))
  const rest = Buffer.concat([...encoder.write(text.subarray(at)), ...encoder.end()])
  expect(whole.subarray(whole.length - rest.length).equals(rest)).toBe(true)
  expect(zlib.inflateRawSync(rest, { dictionary: text.subarray(at - 32_768, at) }).equals(text.subarray(at))).toBe(true)
  expect(() => openEncoder(newKernel, parameters, text.subarray(0, 100))).toThrow(/a job begins from the 32768 bytes/)
  expect(() => openEncoder(newKernel, encoderParameters('zlib', 6), text.subarray(0, 32_768))).toThrow(/only where jobs link/)
})

test('the memory of an encoder does not grow with the text', () => {
  const kernel = newKernel()
  const encoder = openEncoder(() => kernel, encoderParameters('zlib', 1))
  const before = kernel.memory.buffer.byteLength
  const piece = sourceText(1_000_000, 2)
  const hash = createHash('sha256')
  for (let i = 0; i < 6; i++) for (const part of encoder.write(piece)) hash.update(part)
  for (const part of encoder.end()) hash.update(part)
  expect(kernel.memory.buffer.byteLength).toBe(before)
  expect(before).toBeLessThan(2_000_000)
})

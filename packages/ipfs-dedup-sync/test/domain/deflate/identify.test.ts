import zlib from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { encoderParameters, PRODUCERS, type Level, type Producer } from '../../../src/domain/deflate/encoder-parameters.ts'
import { identify, type EncoderHints } from '../../../src/domain/deflate/identify.ts'
import { encodeWhole, newKernel } from './encode-whole.ts'
import { gzipProgram } from './reference-encoders.ts'
import { mixedText, sourceText } from './texts.ts'

const text = Buffer.concat([sourceText(200_000, 31), mixedText(100_000, 32)])
const START = 262_144

const found = (stream: Uint8Array, of: Uint8Array, hints: EncoderHints): string[] =>
  [...identify(newKernel, hints.whole ? stream : stream.subarray(0, 100_000), hints.whole ? of : of.subarray(0, START), hints)].map(({ producer, level }) => `${producer} ${level}`)

describe('finds its own encoder among all, from the beginning of a stream', () => {
  test.each(PRODUCERS.map((producer, i) => [producer, ([2, 4, 7, 8] as const)[i % 4]!] as const))('%s -%i', (producer, level) => {
    expect(found(encodeWhole(encoderParameters(producer, level), text), text, { whole: false })).toContain(`${producer} ${level}`)
  })
})

test.each([1, 6] as const)('tells levels and producers apart at -%i', level => {
  // what differs between these pairs is only near the end of the text, or in the search of greedy levels behind a job
  const twins: ReadonlyArray<readonly Producer[]> = [['gnu-gzip', 'info-zip'], ['zlib'], ['zlib-mem9'], ['chromium'], level < 4 ? ['pigz'] : ['pigz', 'pigz-single'], ['pigz-independent']]
  for (const twin of twins) expect(found(encodeWhole(encoderParameters(twin[0]!, level), text), text, { whole: false })).toEqual(twin.map(producer => `${producer} ${level}`))
})

testWithProgram('gzip')('a hint puts the likely encoder first', () => {
  const short = Buffer.from('the same for everyone')
  const [stream] = gzipProgram('gzip')(9, [{ name: '', text: short }])
  const first = (hints: Omit<EncoderHints, 'whole'>): string => found(stream!, short, { ...hints, whole: true })[0]!
  expect(first({ container: 'gzip', level: 9 })).toBe('gnu-gzip 9')
  expect(first({ container: 'gzip' })).toBe('gnu-gzip 6')
  expect(first({ container: 'zip', level: 1 })).toBe('info-zip 1')
  expect(first({ container: 'zlib' })).toBe('zlib 6')
})

test('nobody made a stream that another strategy made, or one with a bit turned', () => {
  const huffman = zlib.deflateRawSync(text, { strategy: zlib.constants.Z_HUFFMAN_ONLY })
  expect(found(huffman, text, { whole: false })).toEqual([])
  const stream = encodeWhole(encoderParameters('zlib', 6), text)
  stream[5000]! ^= 4
  expect(found(stream, text, { whole: false })).toEqual([])
})

test('a whole stream must be whole', () => {
  const short = sourceText(3000, 1)
  const stream = encodeWhole(encoderParameters('zlib', 6), short)
  const level: Level = 6
  expect(found(stream, short, { whole: true, level })).toContain('zlib 6')
  expect(found(Buffer.concat([stream, Buffer.of(0)]), short, { whole: true })).toEqual([])
  expect(found(stream.subarray(0, -1), short, { whole: true })).toEqual([])
})

test('says how many bytes it compared', () => {
  const stream = encodeWhole(encoderParameters('zlib', 6), text)
  const [candidate] = identify(newKernel, stream, text, { whole: true })
  expect(candidate).toMatchObject({ producer: 'zlib', level: 6, checkedBytes: stream.length })
})

import { readFileSync } from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isAppError } from '@ipkit/core/errors/app-error'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { cutSegments } from '../../../src/domain/deflate/cut-segments.ts'
import type { DeflateEngine } from '../../../src/domain/deflate/deflate-engine.ts'
import { encoderParameters, type EncoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { plainEngine } from '../../../src/domain/deflate/plain-engine.ts'
import { encodeWhole, newKernel } from './encode-whole.ts'
import { packBits } from './pack-bits.ts'
import { gzipFile, gzipProgram } from './reference-encoders.ts'
import { fewValues, mixedText, sourceText, withoutRepeats } from './texts.ts'

const engine: DeflateEngine = plainEngine(newKernel)
const fixture = (name: string): Buffer => readFileSync(path.join(import.meta.dirname, '../../fixtures', name))
const inPieces = (bytes: Uint8Array, size = 65_536) => async function * (): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const gather = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const item of source) all.push(item)
  return all
}

interface Told { readonly parameters: EncoderParameters, readonly items: Uint8Array[], readonly share: number }

/** Corrects, encodes again, and compares. */
async function correct (stream: Uint8Array, text: Uint8Array): Promise<Told> {
  const { parameters, segments } = await engine.correct(inPieces(stream, 10_000), inPieces(text))
  const items = await gather(segments)
  const given = async function * (): AsyncGenerator<Uint8Array> { yield * items }
  expect(Buffer.concat(await gather(engine.encode(parameters, inPieces(text, 70_001)(), { corrections: given() }))).equals(stream)).toBe(true)
  return { parameters, items, share: items.reduce((sum, { length }) => sum + length, 0) / stream.length }
}

/** Nobody's encoder: near to none of those that are tried. */
const strange: EncoderParameters = { hashBytes: 3, hashBits: 15, symbolLimit: 11_111, endsEarly: false, looksPast: false, search: { greedy: false, good: 20, lazy: 20, nice: 70, chain: 45 } }
const source = sourceText(400_000, 71)

describe('gives the very bytes again', () => {
  test.each([['go-source-6', sourceText(150_000, 61)], ['go-mixed-6', mixedText(100_000, 62)]] as const)('%s: two bytes a segment', async (name, text) => {
    const { parameters, items } = await correct(fixture(`${name}.deflate`), text)
    expect(parameters.family).toBe('go')
    expect(Math.max(...items.slice(0, -1).map(({ length }) => length), 2)).toBe(2)
  })

  test('of an encoder that is near to one that we know, with little', async () => {
    for (const [parameters, share] of [[encoderParameters('gnu-gzip', 6), 0.02], [strange, 0.05]] as const) {
      expect((await correct(encodeWhole(parameters, source), source)).share).toBeLessThan(share)
    }
  })

  const kinds = { nothing: Buffer.alloc(0), 'one byte': Buffer.of(7), zeros: Buffer.alloc(300_000), noise: withoutRepeats(150_000), mixed: mixedText(100_000), 'two values': fewValues(20_000, 2) }
  test.each(Object.entries(kinds))('of %s', async (_name, text) => {
    for (const stream of [encodeWhole(strange, text), zlib.deflateRawSync(text, { level: 0 }), encodeWhole(encoderParameters('pigz-independent', 6), text), zlib.deflateRawSync(text, { strategy: zlib.constants.Z_FIXED })]) {
      await correct(stream, text)
    }
  })

  test('of any flushes', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(zlib.constants.Z_SYNC_FLUSH, zlib.constants.Z_FULL_FLUSH, zlib.constants.Z_PARTIAL_FLUSH, zlib.constants.Z_BLOCK)), { minLength: 1, maxLength: 6 }), async parts => {
      const text = sourceText(parts.reduce((sum, [size]) => sum + size, 0), 5)
      await correct(await flushed(text, parts), text)
    }), { numRuns: 5 })
  })

  testWithProgram('gzip')('of gzip --rsyncable', async () => {
    const stream = gzipProgram('gzip', '--rsyncable')(6, [{ name: 'source', text: source }])[0]!
    expect((await correct(stream, source)).share).toBeLessThan(0.02)
  })

  testWithProgram('libdeflate-gzip')('of libdeflate', async () => {
    expect((await correct(gzipFile('libdeflate-gzip', '-6', '-c')(source), source)).share).toBeLessThan(0.05)
  })

  testWithProgram('zopfli')('of zopfli, or says that it takes too much', async () => {
    const text = source.subarray(0, 200_000)
    await correct(gzipFile('zopfli', '--i1', '-c')(text), text)
  })
})

async function flushed (text: Uint8Array, parts: ReadonlyArray<readonly [number, number]>): Promise<Buffer> {
  const encoder = zlib.createDeflateRaw({ level: 6 })
  const out = gather(encoder as AsyncIterable<Buffer>)
  let at = 0
  for (const [size, kind] of parts) {
    encoder.write(text.subarray(at, at += size))
    await new Promise<void>(resolve => { encoder.flush(kind, resolve) })
  }
  encoder.end()
  return Buffer.concat(await out)
}

test('after one inserted byte a segment or two are corrected otherwise', async () => {
  const text = sourceText(800_000, 73)
  const changed = Buffer.concat([text.subarray(0, 20_000), Buffer.of(120), text.subarray(20_000)])
  const [before, after] = [await correct(encodeWhole(strange, text), text), await correct(encodeWhole(strange, changed), changed)]
  const known = new Set(before.items.map(item => Buffer.from(item).toString('hex')))
  const other = after.items.filter(item => !known.has(Buffer.from(item).toString('hex'))).length
  expect(other).toBeLessThanOrEqual(2)
  expect(after.items.length - other).toBeGreaterThan(2)
})

test('segments follow from the text, not from the pieces it comes in', async () => {
  const ends = async (text: Uint8Array, size: number): Promise<number[]> => (await gather(cutSegments(inPieces(text, size)()))).map(({ stop }) => stop)
  for (const text of [source, Buffer.alloc(600_000), source.subarray(0, 65_536), source.subarray(0, 70_000), Buffer.alloc(262_144), Buffer.alloc(262_145), Buffer.alloc(262_144 + 512), Buffer.alloc(262_144 + 513)]) {
    const whole = await ends(text, text.length)
    expect(whole.at(-1)).toBe(text.length)
    for (const size of [1000, 65_536, 262_144, 262_656]) expect(await ends(text, size)).toEqual(whole)
    const sizes = whole.map((stop, i) => stop - (whole[i - 1] ?? 0))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(262_144)
    expect(Math.min(...sizes.slice(0, -1), 65_536)).toBe(65_536)
  }
})

test('says when corrections are too large', async () => {
  const random = withoutRepeats(100_000)
  const huffman = zlib.deflateRawSync(Buffer.concat([source, random]), { strategy: zlib.constants.Z_HUFFMAN_ONLY })
  const words = zlib.deflateRawSync(source, { strategy: zlib.constants.Z_RLE })
  await correct(huffman, Buffer.concat([source, random])).then(({ share }) => { expect(share).toBeLessThan(0.1) })
  await correct(words, source).then(({ share }) => { expect(share).toBeLessThan(0.1) })
  const text = sourceText(1_000_000, 72)
  const shallow = encodeWhole({ ...strange, hashBytes: 4, search: { greedy: true, good: 4, lazy: 0, nice: 4, chain: 1 } }, text)
  await expect(correct(shallow, text)).rejects.toThrow(expect.objectContaining({ code: 'CORRECTIONS_TOO_LARGE', message: expect.stringMatching(/the limit is a tenth/) as unknown }))
})

test('a block of many tokens is not held', async () => {
  const tokens = Array.from({ length: 530_000 }, () => '10010001').join('') // 'a' in fixed codes
  const { bytes } = packBits([1, 1], [1, 2], tokens, '0000000')
  await expect(correct(bytes, Buffer.alloc(530_000, 97))).rejects.toThrow(expect.objectContaining({ code: 'CORRECTIONS_TOO_LARGE', message: expect.stringMatching(/over 524288 tokens/) as unknown }))
})

describe('refuses', () => {
  const text = source.subarray(0, 200_000)
  const stream = encodeWhole(strange, text)
  test.each([
    ['a stream that ends early', stream.subarray(0, -1), text],
    ['a stream with something behind it', Buffer.concat([stream, Buffer.of(0)]), text],
    ['a stream of less text', stream, Buffer.concat([text, Buffer.of(1)])],
    ['a stream of more text', stream, text.subarray(0, -1)],
    ['no stream', Buffer.of(255, 255), text],
  ])('%s', async (_what, stream, text) => {
    await expect(correct(stream, text)).rejects.toThrow(expect.objectContaining({ code: 'DEFLATE_INVALID' }))
  })

  test('corrections that were changed, with our error, or gives other bytes', async () => {
    const { parameters, items } = await correct(stream, text)
    await fc.assert(fc.asyncProperty(fc.nat(), fc.nat(255), fc.boolean(), async (place, byte, cut) => {
      const broken = items.map(item => item.slice())
      const item = broken[place % broken.length]!
      const at = (place >>> 4) % item.length
      if (cut) broken[place % broken.length] = item.slice(0, at)
      else item[at]! ^= byte
      try {
        await gather(engine.encode(parameters, inPieces(text)(), { corrections: (async function * () { yield * broken })() }))
      } catch (e) {
        if (!isAppError(e)) throw e
        expect(e.code).toBe('CORRECTIONS_INVALID')
      }
    }), { numRuns: 20 })
  })

  test('fewer corrections than segments', async () => {
    await expect(gather(engine.encode(strange, inPieces(text)(), { corrections: (async function * () {})() }))).rejects.toThrow('there are no corrections for the segment at 0')
  })
})

test('an aborted signal ends it', async () => {
  const stop = new AbortController()
  stop.abort(new Error('no longer wanted'))
  const stream = encodeWhole(strange, source)
  await expect(engine.correct(inPieces(stream), inPieces(source), { signal: stop.signal })).rejects.toThrow('no longer wanted')
})

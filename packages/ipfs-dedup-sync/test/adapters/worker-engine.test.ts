import path from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { workerEngine } from '../../src/adapters/worker-engine.ts'
import { encoderParameters, type EncoderParameters, type Level, type Producer } from '../../src/domain/deflate/encoder-parameters.ts'
import type { DeflateEngine } from '../../src/domain/deflate/deflate-engine.ts'
import { plainEngine } from '../../src/domain/deflate/plain-engine.ts'
import { encodeWhole, newKernel } from '../domain/deflate/encode-whole.ts'
import { mixedText, sourceText, withoutRepeats } from '../domain/deflate/texts.ts'
import { inPieces } from '../chunking/cut-lengths.ts'
import { wasmFile as chunkerFile } from '../chunking/make-bytes.ts'

const dist = path.dirname(chunkerFile)
const deps = { workerFile: path.join(dist, 'deflate-worker.js'), wasmFile: path.join(dist, 'deflate.wasm') }
const threads = workerEngine({ ...deps, workers: 2 })
const plain = plainEngine(newKernel)
afterAll(async () => { await threads[Symbol.asyncDispose]() })

const gather = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
const bytesOf = (text: Uint8Array, ends: readonly number[] = []): AsyncIterable<Uint8Array> => inPieces(text, ends) as AsyncIterable<Uint8Array>

const source = sourceText(1_100_000, 41)
const mixed = mixedText(400_000, 42)
/** Of each way in which an encoder can be worked on: segments, jobs with a window and without, and one after the other. */
const ENCODERS: ReadonlyArray<readonly [Producer, Level]> = [['gnu-gzip', 6], ['zlib', 4], ['chromium', 9], ['pigz', 6], ['pigz', 1], ['pigz-independent', 6], ['pigz-single', 6], ['zlib', 1]]
const EDGES = [0, 1, 131_072, 262_144, 262_145, 2 * 262_144, 262_144 + 131_072, 262_144 + 131_073, 2 * 262_144 + 131_072 + 1]

describe.each([['threads', threads], ['plain', plain]] as const)('%s', (_name, engine: DeflateEngine) => {
  test.each(ENCODERS)('%s -%i gives what one encoder gives', async (producer, level) => {
    const parameters = encoderParameters(producer, level)
    for (const text of engine === plain ? [mixed] : [source.subarray(0, 700_000), mixed]) {
      expect((await gather(engine.encode(parameters, bytesOf(text, [1, 70_000, 262_143, 700_000])))).equals(encodeWhole(parameters, text))).toBe(true)
    }
  })

  test.each([['gnu-gzip', 6], ['pigz', 4], ['zlib', 1]] as const)('%s -%i, texts that end where steps end', async (producer, level) => {
    const parameters = encoderParameters(producer, level)
    for (const size of engine === plain ? EDGES.slice(-2) : EDGES) {
      const text = source.subarray(0, size)
      expect({ size, equal: (await gather(engine.encode(parameters, bytesOf(text)))).equals(encodeWhole(parameters, text)) }).toEqual({ size, equal: true })
    }
  })

  test('text that repeats itself, whose parts do not meet, and text that is stored', async () => {
    const parameters = encoderParameters('gnu-gzip', 6)
    for (const text of [Buffer.alloc(700_000, sourceText(258, 3)), Buffer.concat([withoutRepeats(200_000), source.subarray(0, 250_000)])]) {
      expect((await gather(engine.encode(parameters, bytesOf(text)))).equals(encodeWhole(parameters, text))).toBe(true)
    }
  })

  test('a short text in one job, many at once', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => source.subarray(i * 1000, i * 3000))
    const found = await Promise.all(texts.map(async text => Buffer.from(await engine.encodeWhole(encoderParameters('zlib', 6), text))))
    expect(found.map((stream, i) => stream.equals(encodeWhole(encoderParameters('zlib', 6), texts[i]!)))).toEqual(texts.map(() => true))
    await expect(engine.encodeWhole(encoderParameters('zlib', 6), new Uint8Array(1024 * 1024 + 1))).rejects.toThrow('a text of 1048577 bytes is not short, the limit is 1048576')
  })

  test('finds the encoder', async () => {
    const stream = encodeWhole(encoderParameters('chromium', 9), mixed)
    expect(await engine.identify(stream.subarray(0, 60_000), mixed.subarray(0, 262_144), { level: 9, whole: false }, 1)).toEqual([encoderParameters('chromium', 9)])
    await expect(engine.identify(Uint8Array.of(7), mixed, { whole: false }, 1)).rejects.toThrow(expect.objectContaining({ code: 'DEFLATE_INVALID' }))
    expect(await engine.identify(stream.subarray(0, 60_000), mixed.subarray(0, 262_144), { whole: false }, 9)).toEqual([encoderParameters('chromium', 9)]) // and goes on after an error
  })

  test('corrects what another encoder made', async () => {
    const stream = encodeWhole({ ...encoderParameters('zlib', 6), symbolLimit: 9999 }, source.subarray(0, 400_000))
    const { parameters, segments } = await engine.correct(() => bytesOf(stream), () => bytesOf(source.subarray(0, 400_000), [300_000]))
    expect((await gather(engine.encode(parameters, bytesOf(source.subarray(0, 400_000)), { corrections: segments }))).equals(stream)).toBe(true)
  })

  test('an error of the text comes out, and so does the signal', async () => {
    const failing = (async function * () { yield source; throw new Error('the disk is gone') })()
    await expect(gather(engine.encode(encoderParameters('zlib', 6), failing))).rejects.toThrow('the disk is gone')
    const stop = new AbortController()
    const encoding = engine.encode(encoderParameters('zlib', 6), endless().text, { signal: stop.signal })
    await encoding.next()
    stop.abort(new Error('no longer wanted'))
    await expect(gather(encoding)).rejects.toThrow('no longer wanted')
  })
})

/** Counts what was taken from it. */
function endless () {
  const state = { given: 0, ended: false }
  const text = (async function * () {
    try {
      for (;;) {
        state.given += 65_536
        yield source.subarray(0, 65_536)
      }
    } finally { state.ended = true }
  })()
  return { state, text }
}

test.each([['zlib', 6], ['pigz', 6], ['zlib', 1]] as const)('%s -%i: the text waits when nothing is taken', async (producer, level) => {
  const { state, text } = endless()
  const encoding = threads.encode(encoderParameters(producer, level), text)
  await encoding.next()
  const before = state.given
  expect(before).toBeLessThanOrEqual(3_000_000)
  await new Promise(resolve => { setTimeout(resolve, 100) })
  expect(state.given).toBe(before)
  await encoding.return(undefined)
  expect(state.ended).toBe(true)
})

test('several streams at once do not disturb each other', async () => {
  const wanted = ENCODERS.map(([producer, level]): EncoderParameters => encoderParameters(producer, level))
  const found = await Promise.all(wanted.map(async (parameters, i) => await gather(threads.encode(parameters, bytesOf(source.subarray(i * 10_000, 450_000))))))
  expect(found.map((stream, i) => stream.equals(encodeWhole(wanted[i]!, source.subarray(i * 10_000, 450_000))))).toEqual(wanted.map(() => true))
})

test('an engine that is stopped in the middle says so', async () => {
  const stopped = workerEngine({ ...deps, workers: 1 })
  const encoding = stopped.encode(encoderParameters('zlib', 6), endless().text)
  await encoding.next()
  await stopped[Symbol.asyncDispose]()
  await expect(gather(encoding)).rejects.toThrow(/stopped/)
})

test('a thread that cannot start is an error, not silence', async () => {
  await using broken = workerEngine({ ...deps, wasmFile: '/nowhere/deflate.wasm', workers: 1 })
  for (let i = 0; i < 2; i++) await expect(broken.encodeWhole(encoderParameters('zlib', 6), source.subarray(0, 10))).rejects.toThrow(/ENOENT/)
})

test('a thread that dies is an error for what was asked of it, and another takes its place', async () => {
  await using engine = workerEngine({ ...deps, workers: 1 })
  const parameters = encoderParameters('zlib', 6)
  const wild = { ...parameters, search: undefined } as never
  const asked = [wild, parameters].map(async given => await engine.encodeWhole(given, source.subarray(0, 1000)))
  for (const one of asked) await expect(one).rejects.toThrow()
  expect(Buffer.from(await engine.encodeWhole(parameters, source.subarray(0, 1000))).equals(encodeWhole(parameters, source.subarray(0, 1000)))).toBe(true)
})

import zlib from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import type { DeflateEngine } from '../../src/domain/deflate/deflate-engine.ts'
import { encoderParameters } from '../../src/domain/deflate/encoder-parameters.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench, gather } from './bench-of-files.ts'
import { slowEngine } from './slow-engine.ts'

const SMALL = sourceText(60_000, 3)
const LONG = sourceText(1_500_000, 4)
const WRONG = encoderParameters('zlib', 1)

/** One that knows no encoder, and whose corrections are what a test makes them. */
function unknowing (correct: DeflateEngine['correct'], encode: DeflateEngine['encode']): ReturnType<typeof slowEngine> {
  return { ...slowEngine(), identify: async () => [], encodeWhole: async () => new Uint8Array(1), correct, encode }
}

/** Its corrections are small beside the stream, and stand for all of it. */
function storingEngine (): ReturnType<typeof slowEngine> {
  const streams: Buffer[] = []
  return unknowing(async stream => {
    const index = streams.push(await gather(stream())) - 1
    return { parameters: WRONG, segments: (async function * () { yield Uint8Array.of(index); yield Uint8Array.of(7); yield Uint8Array.of(8) })() }
  }, async function * (_, text, options) {
    await gather(text)
    for await (const [index] of options!.corrections!) {
      yield streams[index!]!
      return // without asking for the rest
    }
  })
}

describe.each([['short', SMALL], ['long', LONG]])('a %s text', (_, text) => {
  const gz = zlib.gzipSync(text)

  test('an encoder that agrees only at the beginning is given up, and what was written of it too', async () => {
    const engine = slowEngine()
    const asked: number[] = []
    const { identify } = engine
    engine.identify = async (stream, part, hints, atMost) => {
      asked.push(atMost)
      const found = await identify(stream, part, hints, atMost)
      return [WRONG, ...found].slice(0, atMost)
    }
    const bench = new Bench(engine)
    const { layers } = await bench.thereAndBack(Buffer.concat([gz, gz]))
    expect(layers).toEqual([{ format: 'gzip', encoder: 'chromium', level: 6, exact: true }])
    expect(asked.at(-1)).toBeGreaterThan(1)
  })

  test('with corrections', async () => {
    const bench = new Bench(storingEngine())
    const { layers, root } = await bench.thereAndBack(Buffer.concat([gz, gz, Buffer.from('behind')]))
    expect(layers).toEqual([{ format: 'gzip', encoder: 'unknown', exact: false }])
    expect((await bench.content(root)).equals(Buffer.concat([text, text]))).toBe(true)
  })

  test('corrections that turn out too large, or wrong, or break: it is kept as it is', async () => {
    const large = async function * (): AsyncGenerator<Uint8Array> { for (let i = 0; i < 20; i++) yield new Uint8Array(gz.length / 100) }
    const breaks = async function * (): AsyncGenerator<Uint8Array> { yield Uint8Array.of(1); throw new AppError('CORRECTIONS_TOO_LARGE', 'they are') }
    const storing = storingEngine()
    for (const segments of [large, breaks]) {
      const engine = unknowing(async (stream, part) => ({ ...await storing.correct(stream, part), segments: segments() }), async function * (...args) {
        for await (const _ of args[2]!.corrections!) { /* all of them */ }
        yield gz.subarray(10, -8)
      })
      const bench = new Bench(engine)
      const added = await bench.thereAndBack(gz)
      expect(added).toMatchObject({ layers: [{ format: 'gzip', exact: false }], notes: ['gzip is kept as it is: its encoder is not known'] })
      expect((await bench.content(added.root)).equals(gz)).toBe(true)
    }
  })

  test('an encoder that no reader would take is none', async () => {
    const engine = { ...slowEngine(), identify: async () => [{ ...encoderParameters('chromium', 6), search: { ...encoderParameters('chromium', 6).search, chain: 5000 } }] }
    expect((await new Bench(engine).thereAndBack(gz)).layers).toEqual([{ format: 'gzip', exact: false }])
  })

  test('no encoder at all: the members are kept, one by one', async () => {
    const engine = { ...slowEngine(), identify: async () => [] }
    const { layers, notes } = await new Bench(engine).thereAndBack(Buffer.concat([gz, gz]))
    expect({ layers, notes }).toEqual({ layers: [{ format: 'gzip', exact: false }], notes: ['gzip is kept as it is: its encoder is not known'] })
  })
})

test.each([['short', SMALL], ['long', LONG]])('a %s text with another CRC or size than it has', async (_, text) => {
  const gz = zlib.gzipSync(text)
  for (const at of [gz.length - 8, gz.length - 1]) {
    const wrong = Buffer.from(gz)
    wrong[at]! ^= 1
    expect((await new Bench().thereAndBack(wrong)).layers).toMatchObject([{ format: 'gzip', encoder: 'chromium', exact: true }])
  }
})

test('truncated: it is kept as it is', async () => {
  for (const gz of [zlib.gzipSync(SMALL), zlib.gzipSync(LONG)]) {
    const bench = new Bench()
    const added = await bench.thereAndBack(gz.subarray(0, gz.length - 100))
    expect(added.layers).toEqual([{ format: 'gzip', exact: false }])
    expect(added.notes).toEqual([expect.stringMatching(/^gzip is kept as it is: a deflate stream is broken/)])
  }
})

test('a bomb is not looked into', async () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  const deflate = zlib.createDeflateRaw({ level: 9 })
  const parts: Buffer[] = []
  deflate.on('data', (part: Buffer) => { parts.push(part) })
  const ended = new Promise(resolve => { deflate.on('end', resolve) })
  for (let i = 0; i < 5; i++) deflate.write(zeros)
  deflate.end()
  await ended
  const bomb = Buffer.concat([Buffer.from('1f8b0800000000000003', 'hex'), ...parts, Buffer.alloc(8)])
  const engine = slowEngine()
  engine.encode = async function * (_, text) { for await (const piece of text) if (piece.length < 0) yield piece } // faster than the model
  const added = await new Bench(engine).thereAndBack(bomb)
  expect(added.notes).toEqual([expect.stringMatching(/^gzip is kept as it is: \d+ bytes would become over \d+/)])
})

test('an error of the engine or the shelf is not taken for an encoder that does not fit', async () => {
  const full = new AppError('DISK_FULL', 'no space left')
  const engine = slowEngine()
  engine.encode = async function * (_, text) { for await (const piece of text) { if (piece.length > 0) throw full; yield piece } }
  await expect(new Bench(engine).add(zlib.gzipSync(LONG))).rejects.toBe(full)
  const bench = new Bench()
  const deps = await bench.deps()
  bench.deps = async () => ({ ...deps, session: { ...deps.session, put: async () => { throw full } } })
  await expect(bench.add(zlib.gzipSync(LONG))).rejects.toBe(full)
  await expect(bench.add(LONG)).rejects.toBe(full)
})

test('a signal ends it', async () => {
  const stop = new AbortController()
  const engine = slowEngine()
  const { encode } = engine
  engine.encode = async function * (...args) {
    for await (const made of encode(...args)) {
      stop.abort(new Error('stopped'))
      yield made
    }
  }
  const bench = new Bench(engine, stop.signal)
  await expect(bench.add(Buffer.concat([zlib.gzipSync(LONG), zlib.gzipSync(LONG)]))).rejects.toThrow('stopped')
})

import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeFrames, encodeFrame } from '../../src/streams/frame.ts'

interface Vectors { frames: { limit: number, valid: Array<{ name: string, hex: string, bodies: string[] }>, reject: Array<{ name: string, hex: string, code: string }> } }
const { frames } = JSON.parse(readFileSync(new URL('../../../../docs/protocols/vectors/framing.json', import.meta.url), 'utf8')) as Vectors
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function * chunked (bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.slice(at, at + size)
    at += size
  }
}
async function decodeAll (bytes: Uint8Array, limit: number, sizes = [1]): Promise<string[]> {
  const bodies: string[] = []
  for await (const body of decodeFrames(chunked(bytes, sizes), limit)) bodies.push(hexOf(body))
  return bodies
}

test.each(frames.valid)('reads and writes: $name', async ({ hex, bodies }) => {
  expect(await decodeAll(Buffer.from(hex, 'hex'), frames.limit)).toEqual(bodies)
  expect(bodies.map(body => hexOf(encodeFrame(Buffer.from(body, 'hex'), frames.limit))).join('')).toBe(hex)
})

test.each(frames.reject)('refuses: $name', async ({ hex, code }) => {
  await expect(decodeAll(Buffer.from(hex, 'hex'), frames.limit)).rejects.toMatchObject({ code })
})

test('any chunking gives the same frames', async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
    fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 20 }),
    async (bodies, sizes) => {
      const bytes = Buffer.concat(bodies.map(body => encodeFrame(body, 300)))
      expect(await decodeAll(bytes, 300, sizes)).toEqual(bodies.map(hexOf))
    }))
})

test('does not write a frame over the limit', () => {
  expect(() => encodeFrame(new Uint8Array(17), 16)).toThrow(/17 bytes is over the limit of 16/)
})

test('a frame that fits stands in the room it was asked for with, and only that one', async () => {
  const bodies = ['first', 'second', 'third is too long', 'last'].map(text => Buffer.from(text))
  const frames = decodeFrames(chunked(Buffer.concat(bodies.map(body => encodeFrame(body, 300))), [3]), 300)
  const room = new Uint8Array(8)
  const read = async (into?: Uint8Array): Promise<Uint8Array> => (await frames.next(into)).value as Uint8Array
  const first = await read()
  const second = await read(room)
  expect([second.buffer === room.buffer, second.byteOffset, hexOf(second)]).toEqual([true, 0, hexOf(bodies[1]!)])
  const third = await read(room)
  const last = await read()
  expect([third.buffer === room.buffer, last.buffer === room.buffer]).toEqual([false, false])
  expect([first, second, third, last].map(hexOf)).toEqual(bodies.map(hexOf))
})

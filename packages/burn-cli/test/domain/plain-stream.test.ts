import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import type { OpenedPlain } from '../../src/domain/plain-reading.ts'
import { decodePlainStream, encodePlainStream } from '../../src/domain/plain-stream.ts'
import { inPieces } from '../hex.ts'

const pieces = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]
const opened = (end: () => void = () => {}): OpenedPlain => ({ name: 'a', sizeBytes: 4, content: (async function * () { yield * pieces; end() })() })
async function encoded (open: () => Promise<OpenedPlain>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of encodePlainStream(open)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
async function decoded (bytes: Uint8Array, size: number): Promise<[string, number[]]> {
  const { name, content } = await decodePlainStream(inPieces(bytes, size))
  const out: number[] = []
  for await (const chunk of content) out.push(...chunk)
  return [name, out]
}
const busy = new AppError('MESSAGE_GONE', 'gone', { exit: 'notFound', hints: ['a hint'] })

test.each([1, 7, 1000])('in chunks of %d bytes it comes out as it went in', async size => {
  expect(await decoded(await encoded(async () => opened()), size)).toEqual(['a', [1, 2, 3, 4]])
})

test('a failure comes out as what it was, before the first byte and after some', async () => {
  const before = await encoded(async () => { throw busy })
  const after = await encoded(async () => opened(() => { throw busy }))
  for (const bytes of [before, after]) await expect(decoded(bytes, 5)).rejects.toMatchObject({ code: 'MESSAGE_GONE', message: 'gone', exit: 'notFound', hints: ['a hint'] })
})

test('cut anywhere it is never taken for whole', async () => {
  const bytes = await encoded(async () => opened())
  for (let at = 0; at < bytes.length; at++) await expect(decoded(bytes.subarray(0, at), 100)).rejects.toMatchObject({ code: expect.stringMatching(/^(CONTENT_ALTERED|FRAME_TRUNCATED)$/) })
})

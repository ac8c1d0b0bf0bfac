import { expect, test } from '@jest/globals'
import { memoryChannelPair } from '../src/memory-channel.ts'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i)

/** What arrives, and how it ends. */
async function drain (channel: ByteChannel): Promise<{ sizes: number[], end: string }> {
  const sizes: number[] = []
  try {
    for await (const chunk of channel.source) sizes.push(chunk.length)
    return { sizes, end: 'end' }
  } catch (e) {
    return { sizes, end: (e as Error).message }
  }
}

test('chunks are at most as large as asked for', async () => {
  const [a, b] = memoryChannelPair({ chunkBytes: 2 })
  const [, got] = await Promise.all([a.write(bytes(5)).then(async () => { await a.closeWrite() }), drain(b)])
  expect(got).toEqual({ sizes: [2, 2, 1], end: 'end' })
})

test.each([0, 1, 4, 5])('a cut after %i bytes of A lets just these through, and both sides hear of it', async cutAfterBytes => {
  const [a, b] = memoryChannelPair({ cutAfterBytes })
  const reading = Promise.all([drain(a), drain(b)])
  await expect(a.write(bytes(6))).rejects.toThrow('link cut')
  const [atA, atB] = await reading
  expect(atA).toEqual({ sizes: [], end: 'link cut' })
  expect([atB.sizes.reduce((sum, n) => sum + n, 0), atB.end]).toEqual([cutAfterBytes, 'link cut'])
  await expect(b.write(bytes(1))).rejects.toThrow('link cut')
})

test('exactly as many bytes as the link carries pass; the next one is cut', async () => {
  const [a, b] = memoryChannelPair({ cutAfterBytes: 4 })
  await a.write(bytes(4))
  const reading = drain(b)
  await expect(a.write(bytes(1))).rejects.toThrow('link cut')
  expect(await reading).toEqual({ sizes: [4], end: 'link cut' })
})

test('side B can be cut as well, and a cut can look like an end', async () => {
  const [a, b] = memoryChannelPair({ cutAfterBytesFromB: 3, cutGracefully: true })
  await a.write(bytes(10))
  const reading = Promise.all([drain(a), drain(b)])
  await expect(b.write(bytes(4))).rejects.toThrow('link cut')
  expect(await reading).toEqual([{ sizes: [3], end: 'end' }, { sizes: [10], end: 'end' }])
})

test('a slow reader stops the writer', async () => {
  const [a, b] = memoryChannelPair({ bufferBytes: 1 })
  let written = 0
  const writing = (async () => { for (; written < 5; written++) await a.write(bytes(1)) })()
  await new Promise(resolve => { setTimeout(resolve, 20) })
  expect(written).toBe(0)
  const source = b.source[Symbol.asyncIterator]()
  await source.next()
  await new Promise(resolve => { setTimeout(resolve, 20) })
  expect(written).toBe(1)
  const rest = drain(b)
  await writing
  await a.closeWrite()
  expect((await rest).sizes.length).toBe(4)
})

test('bytes that are changed after the write are found out', async () => {
  const [a, b] = memoryChannelPair()
  const message = bytes(3)
  await a.write(message)
  message.fill(0)
  for await (const chunk of b.source) { expect([...chunk]).toEqual([0, 0, 0]); break }
})

test('each side sees the peer id it was given', () => {
  expect(memoryChannelPair({ remotePeers: ['bob', 'alice'] }).map(side => side.remotePeer)).toEqual(['bob', 'alice'])
})

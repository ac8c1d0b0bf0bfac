/** What every `ByteChannel` does. The memory pair and the libp2p adapter both run through these. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'

export interface ChannelPair extends AsyncDisposable { readonly a: ByteChannel, readonly b: ByteChannel }
export interface ChannelCase { readonly name: string, run(makePair: () => Promise<ChannelPair>): Promise<void> }

async function readAll (channel: ByteChannel): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of channel.source) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const settle = async (): Promise<void> => { await new Promise(resolve => { setTimeout(resolve, 50) }) }
const text = (s: string): Uint8Array => new TextEncoder().encode(s)

export const byteChannelCases: readonly ChannelCase[] = [
  {
    name: 'bytes arrive in order, both ways, with half-close',
    async run (makePair) {
      await using pair = await makePair()
      await pair.a.write(text('hello '))
      await pair.a.write(text('world'))
      await pair.a.closeWrite()
      assert.equal((await readAll(pair.b)).toString(), 'hello world')
      await pair.b.write(text('and back'))
      await pair.b.closeWrite()
      assert.equal((await readAll(pair.a)).toString(), 'and back')
    },
  },
  {
    name: 'a reader that comes after the peer closed its side gets everything and the end',
    async run (makePair) {
      await using pair = await makePair()
      await pair.a.write(text('early'))
      await pair.a.closeWrite()
      await settle()
      assert.equal((await readAll(pair.b)).toString(), 'early')
      assert.equal((await readAll(pair.b)).toString(), '', 'and the end again')
    },
  },
  {
    name: 'a reader that comes after both sides are closed gets everything',
    async run (makePair) {
      await using pair = await makePair()
      await pair.b.closeWrite()
      await pair.a.write(text('late reader'))
      await pair.a.closeWrite()
      await settle()
      assert.equal((await readAll(pair.b)).toString(), 'late reader')
    },
  },
  {
    name: '24 MiB pass a slow reader, and the writer waits for it',
    async run (makePair) {
      await using pair = await makePair()
      const block = randomBytes(512 * 1024)
      const blocks = 48
      let written = 0
      let read = 0
      let widest = 0
      const sent = createHash('sha256')
      const writing = (async () => {
        for (let i = 0; i < blocks; i++) {
          await pair.a.write(block)
          sent.update(block)
          written += block.length
        }
        await pair.a.closeWrite()
      })()
      const got = createHash('sha256')
      let chunks = 0
      for await (const chunk of pair.b.source) {
        read += chunk.length
        got.update(chunk)
        if (chunks++ % 16 === 0) await settle()
        widest = Math.max(widest, written - read)
      }
      await writing
      assert.equal(read, block.length * blocks)
      assert.equal(got.digest('hex'), sent.digest('hex'))
      assert.ok(widest < 8 * 1024 * 1024, `the writer ran ${widest} bytes ahead`)
    },
  },
  {
    name: 'a writer is stopped while nobody reads, and its signal frees it',
    async run (makePair) {
      await using pair = await makePair()
      const stop = new AbortController()
      let written = 0
      const writing = (async () => {
        for (;;) {
          await pair.a.write(new Uint8Array(256 * 1024), stop.signal)
          written += 256 * 1024
        }
      })()
      writing.catch(() => {})
      await settle()
      await settle()
      const before = written
      await settle()
      assert.equal(written, before, 'the writer stands still')
      assert.ok(before < 8 * 1024 * 1024, `${before} bytes went nowhere`)
      stop.abort(new Error('enough'))
      await assert.rejects(writing, /enough/)
      pair.a.abort(new Error('tidy up'))
    },
  },
  {
    name: 'one large write arrives whole, and two at once do not mix',
    async run (makePair) {
      await using pair = await makePair()
      const first = new Uint8Array(3 * 1024 * 1024).fill(1)
      const second = new Uint8Array(3 * 1024 * 1024).fill(2)
      const writing = Promise.all([pair.a.write(first), pair.a.write(second)]).then(async () => { await pair.a.closeWrite() })
      const got = await readAll(pair.b)
      await writing
      assert.ok(got.equals(Buffer.concat([first, second])))
    },
  },
  {
    name: 'ten thousand tiny writes arrive',
    async run (makePair) {
      await using pair = await makePair()
      const writing = (async () => {
        for (let i = 0; i < 10_000; i++) await pair.a.write(Uint8Array.of(i & 255))
        await pair.a.closeWrite()
      })()
      const got = await readAll(pair.b)
      await writing
      assert.equal(got.length, 10_000)
      assert.ok(got.every((byte, i) => byte === (i & 255)))
    },
  },
  {
    name: 'leaving the loop loses nothing that was not read',
    async run (makePair) {
      await using pair = await makePair()
      const writing = (async () => {
        for (let i = 0; i < 64; i++) await pair.a.write(new Uint8Array(16 * 1024).fill(i))
        await pair.a.closeWrite()
      })()
      const parts: Uint8Array[] = []
      for await (const chunk of pair.b.source) { parts.push(chunk); break }
      await settle()
      parts.push(await readAll(pair.b))
      await writing
      const got = Buffer.concat(parts)
      assert.equal(got.length, 64 * 16 * 1024)
      assert.ok(got.every((byte, i) => byte === Math.floor(i / (16 * 1024))))
    },
  },
  {
    name: 'an abort reaches a waiting reader on both sides, and later writes fail',
    async run (makePair) {
      await using pair = await makePair()
      await pair.a.write(text('x'))
      const readingA = readAll(pair.a)
      const readingB = readAll(pair.b)
      readingA.catch(() => {})
      readingB.catch(() => {})
      await settle()
      pair.a.abort(new Error('that is enough'))
      await assert.rejects(readingA, /that is enough/)
      await assert.rejects(readingB)
      await assert.rejects(pair.a.write(text('y')), /that is enough/)
      await assert.rejects(pair.b.write(text('y')))
    },
  },
  {
    name: 'an abort frees a writer that waits',
    async run (makePair) {
      await using pair = await makePair()
      const writing = (async () => { for (;;) await pair.a.write(new Uint8Array(256 * 1024)) })()
      writing.catch(() => {})
      await settle()
      pair.b.abort(new Error('no more'))
      await assert.rejects(writing)
    },
  },
  {
    name: 'writing after closing is an error, closing twice is none',
    async run (makePair) {
      await using pair = await makePair()
      await pair.a.closeWrite()
      await pair.a.closeWrite()
      await assert.rejects(pair.a.write(text('x')))
    },
  },
  {
    name: 'disposing after an answer loses none of it',
    async run (makePair) {
      await using pair = await makePair()
      await pair.a.write(text('question'))
      for await (const chunk of pair.b.source) { assert.equal(Buffer.from(chunk).toString(), 'question'); break }
      const answer = randomBytes(300 * 1024)
      const reading = readAll(pair.a)
      await pair.b.write(answer)
      await pair.b[Symbol.asyncDispose]()
      assert.ok((await reading).equals(answer))
    },
  },
]

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeFrame } from '@ipkit/core/streams/frame'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { memoryChannelPair } from '@ipkit/testkit/memory-channel'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { join } from '../src/domain/bytes.ts'
import { decodePayloadHeader } from '../src/domain/payload-header.ts'
import { streamNonces } from '../src/domain/nonce.ts'
import { ANSWER_MS, CONVERSATION_MS, MAX_ANSWER_BYTES, REQUEST_MS, TRANSFER_MS } from '../src/domain/limits.ts'
import { rootCid } from '../src/domain/payload-layout.ts'
import { openSecret } from '../src/domain/sealed-key.ts'
import { claimAnswer, confirmRead, fetchPayload, serveBurn } from '../src/protocol.ts'
import { decodeAnswer, encodeAnswer, encodeRequest, type BurnRequest } from '../src/wire.ts'
import { codeOf, ID, makeWorld, READER, serveAsNode, type World } from './conversation-world.ts'
import { hex } from './hex.ts'
import { count, D } from './vectors.ts'

const KEY = count(50, 82)
const state = (w: World): string => w.outbox.find(ID)!.info.state
const keysCounted = (w: World): number => w.outbox.find(ID)!.info.claimedAtMs.length
const hello: BurnRequest = { type: 'hello', nonce: null }

describe('the link is cut', () => {
  type Step = 'fetch' | 'claim' | 'ack'
  /** Runs the conversations up to and with `step`, which is done twice: over a link with faults, then over a good one. */
  async function conversations (step: Step, faults: Parameters<World['talk']>[1], wrap = (channel: ByteChannel) => channel): Promise<World> {
    const w = await makeWorld()
    const entry = w.entry()
    const steps = {
      fetch: (channel: ByteChannel): Promise<unknown> => fetchPayload(w.deps, channel, w.target, entry, { claimedBefore: false }),
      claim: async (channel: ByteChannel): Promise<void> => { await entry.keepAnswer(await claimAnswer(w.deps, channel, w.target, KEY, undefined)) },
      ack: async (channel: ByteChannel): Promise<void> => { await confirmRead(w.deps, channel, D, (await entry.answer())!.statement) },
    }
    for (const name of step === 'fetch' ? ['fetch'] as const : ['claim', 'ack'] as const) {
      if (name === step) await w.talk(channel => steps[name](wrap(channel)), faults).catch(() => {})
      expect([name, keysCounted(w) <= 1]).toEqual([name, true])
      await w.talk(steps[name])
    }
    const answer = await entry.answer()
    if (answer === undefined) expect([state(w), decodePayloadHeader(entry.payload).passphrase]).toEqual(['unread', false])
    else expect([hex(await openSecret(answer, KEY, answer.statement)), state(w), keysCounted(w)]).toEqual([hex(D), 'read', 1])
    return w
  }

  /** How many bytes each side sends in this step. */
  async function sizes (step: Step): Promise<{ cutAfterBytes: number, cutAfterBytesFromB: number }> {
    const sent = { cutAfterBytes: 0, cutAfterBytesFromB: 0 }
    await conversations(step, {}, channel => ({
      ...channel,
      source: (async function * () { for await (const b of channel.source) { sent.cutAfterBytesFromB += b.length; yield b } })(),
      write: async (bytes, signal) => { sent.cutAfterBytes += bytes.length; await channel.write(bytes, signal) },
    }))
    return sent
  }

  test.each<Step>(['fetch', 'claim', 'ack'])('at every byte of the %s: nothing is lost, and one key at most is counted', async step => {
    for (const [side, size] of Object.entries(await sizes(step))) {
      expect(size).toBeGreaterThan(10)
      for (let at = 0; at < size; at++) await conversations(step, { [side]: at, cutGracefully: at % 2 === 1 })
    }
  })

  test('gracefully, which looks like an end: never taken for an answer', async () => {
    const w = await makeWorld()
    for (let at = 0; at < 38; at++) expect(await codeOf(w.talk(channel => claimAnswer(w.deps, channel, w.target, KEY, undefined), { cutAfterBytesFromB: at, cutGracefully: true }))).toMatch(/^(PEER_HUNG_UP|FRAME_TRUNCATED)$/)
  })
})

/** A sender that says these frames, whatever it is asked. */
async function liar<T> (frames: Uint8Array[], reader: (channel: ByteChannel) => Promise<T>): Promise<T> {
  const [near, far] = memoryChannelPair()
  const lying = (async () => { for (const f of frames) await far.write(encodeFrame(f, 2 ** 22)); await far.closeWrite() })()
  try { return await reader(near) } finally { near.abort(new Error('over')); await lying.catch(() => {}) }
}

describe('a sender that lies', () => {
  const nonce = encodeAnswer({ type: 'nonce', nonce: D })
  const info = (size: number): Uint8Array => encodeAnswer({ type: 'info', state: 'unread', size, expires: 1, passphrase: false, strict: false, reads: 1, left: 1, claims: [], ended: null, locked: null })
  const list = (from: number, ...hashes: Uint8Array[]): Uint8Array => encodeAnswer({ type: 'hash-list', from, hashes: join(...hashes) })
  const leaf = (index: number): Uint8Array => encodeAnswer({ type: 'leaf', index })
  const bytes = count(0, 100)
  const hash = nodeBulkCrypto.sha256(bytes)
  const root = rootCid(nodeBulkCrypto.sha256, 100, hash)
  test.each<[string, Uint8Array[], string]>([
    ['says nothing', [], 'PEER_HUNG_UP'],
    ['starts with something else', [info(100)], 'BAD_MESSAGE'],
    ['says nonce twice', [nonce, nonce], 'BAD_MESSAGE'],
    ['names another size', [nonce, info(99), list(0, hash), leaf(0), bytes], 'CONTENT_ALTERED'],
    ['names a size with other leaves', [nonce, info(2 ** 21), list(0, hash, hash)], 'CONTENT_ALTERED'],
    ['names other hashes', [nonce, info(100), list(0, D)], 'CONTENT_ALTERED'],
    ['names too many hashes', [nonce, info(100), list(0, hash, hash)], 'BAD_MESSAGE'],
    ['names hashes from elsewhere', [nonce, info(100), list(1, hash)], 'BAD_MESSAGE'],
    ['sends another leaf', [nonce, info(100), list(0, hash), leaf(1), bytes], 'BAD_MESSAGE'],
    ['sends a leaf with other bytes', [nonce, info(100), list(0, hash), leaf(0), count(1, 101)], 'CONTENT_ALTERED'],
    ['sends a shorter leaf', [nonce, info(100), list(0, hash), leaf(0), bytes.subarray(1)], 'CONTENT_ALTERED'],
    ['sends a longer leaf', [nonce, info(100), list(0, hash), leaf(0), join(bytes, bytes)], 'CONTENT_ALTERED'],
    ['sends a leaf without its bytes', [nonce, info(100), list(0, hash), leaf(0)], 'PEER_HUNG_UP'],
    ['sends a frame over the limit', [nonce, new Uint8Array(MAX_ANSWER_BYTES + 1)], 'FRAME_TOO_LARGE'],
    ['sends what is no message', [count(0, 9)], 'BAD_MESSAGE'],
    ['sends a content that is no message', [nonce, info(100), list(0, hash), leaf(0), bytes], 'CONTENT_ALTERED'],
  ])('%s', async (title, frames, code) => {
    const w = await makeWorld()
    const entry = w.entry()
    expect(await codeOf(liar(frames, channel => fetchPayload(w.deps, channel, { ...w.target, root }, entry, { claimedBefore: false })))).toBe(code)
    expect(entry.storedLeaves).toBe(title === 'sends a content that is no message' ? 1 : 0)
  })

  test('a seal that does not open, or one for another statement', async () => {
    const w = await makeWorld()
    const answer = await w.talk(channel => claimAnswer(w.deps, channel, w.target, KEY, undefined))
    for (const wrong of [{ ...answer, enc: D }, { ...answer, sealed: new Uint8Array(48) }, { ...answer, enc: new Uint8Array(32) }]) await expect(openSecret(wrong, KEY, answer.statement)).rejects.toMatchObject({ code: 'ANSWER_ALTERED', exit: 'refused' })
    await expect(openSecret(answer, KEY, D)).rejects.toMatchObject({ code: 'ANSWER_ALTERED' })
    await expect(openSecret(answer, count(1, 33), answer.statement)).rejects.toMatchObject({ code: 'ANSWER_ALTERED' })
  })

  test('a size in the resumed fetch unlike the first', async () => {
    const w = await makeWorld()
    const entry = w.entry()
    await entry.acceptLayout(100, hash)
    expect(await codeOf(liar([nonce, info(101)], channel => fetchPayload(w.deps, channel, { ...w.target, root }, entry, { claimedBefore: false })))).toBe('CONTENT_ALTERED')
  })
})

describe('time', () => {
  const settle = (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 5) })
  const caller = { reader: READER, audit: 'x', nonces: streamNonces(n => new Uint8Array(n)) }
  async function served (bufferBytes: number): Promise<{ w: World, near: ByteChannel, over: Promise<unknown>, isOver: () => boolean }> {
    const w = await makeWorld()
    const [near, far] = memoryChannelPair({ bufferBytes })
    let done = false
    const over = serveAsNode(w.server, caller, far).finally(() => { done = true })
    await settle()
    return { w, near, over, isOver: () => done }
  }

  test('a reader that says nothing, or one byte a second, is cut off', async () => {
    for (const slow of [false, true]) {
      const { w, near, over, isOver } = await served(2 ** 20)
      const frame = encodeFrame(encodeRequest(hello), 100)
      for (let ms = 0; ms < REQUEST_MS; ms += 1000) {
        expect(isOver()).toBe(false)
        if (slow && ms / 1000 < frame.length - 1) await near.write(frame.subarray(ms / 1000, ms / 1000 + 1))
        w.clock.advance(1000)
        await settle()
      }
      expect(await over).toMatchObject({ code: 'TIMED_OUT' })
    }
  })

  test('a reader that takes nothing is cut off', async () => {
    const { w, near, over, isOver } = await served(1)
    const asking = near.write(encodeFrame(encodeRequest(hello), 100)).catch(() => {})
    await settle()
    w.clock.advance(TRANSFER_MS - 1)
    await settle()
    expect(isOver()).toBe(false)
    w.clock.advance(1)
    expect(await over).toMatchObject({ code: 'TIMED_OUT' })
    await asking
  })

  test('a reader that goes on for a day is cut off', async () => {
    const { w, near, over } = await served(2 ** 20)
    const answers = near.source[Symbol.asyncIterator]()
    for (let ms = 0; ms <= CONVERSATION_MS; ms += REQUEST_MS / 2) {
      await near.write(encodeFrame(encodeRequest({ type: 'has', cid: w.target.root }), 100)).catch(() => {})
      await answers.next().catch(() => {})
      w.clock.advance(REQUEST_MS / 2)
    }
    expect(await over).toMatchObject({ code: 'TIMED_OUT' })
  })

  test('a sender that says nothing is given up', async () => {
    const w = await makeWorld()
    const [near] = memoryChannelPair()
    const asking = codeOf(claimAnswer(w.deps, near, w.target, KEY, undefined))
    await settle()
    w.clock.advance(ANSWER_MS)
    expect(await asking).toBe('TIMED_OUT')
  })

  test('an abort ends either side at once', async () => {
    const w = await makeWorld()
    const stop = new AbortController()
    const [near, far] = memoryChannelPair()
    const sides = [codeOf(claimAnswer({ ...w.deps, signal: stop.signal }, near, w.target, KEY, undefined)), codeOf(serveBurn(w.server, caller, far, stop.signal))]
    stop.abort(new Error('enough'))
    expect(await Promise.all(sides)).toEqual(['Error: enough', 'Error: enough'])
  })
})

describe('garbage', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 4 }).map(bodies => join(...bodies.map(b => encodeFrame(b, 200)))))
  test('from a reader: bad-request or the end of the stream, and the message is untouched', async () => {
    const w = await makeWorld()
    await fc.assert(fc.asyncProperty(bytes, async garbage => {
      const [near, far] = memoryChannelPair({ chunkBytes: 3 })
      const serving = serveAsNode(w.server, { reader: READER, audit: 'x', nonces: streamNonces(n => new Uint8Array(n)) }, far)
      await near.write(garbage).catch(() => {})
      await near.closeWrite().catch(() => {})
      const said: Uint8Array[] = []
      try { for await (const b of near.source) said.push(b) } catch { /* aborted */ }
      const failure = await serving as { code?: string } | undefined
      if (failure !== undefined) expect(failure.code).toBe('FRAME_TRUNCATED')
      if (said.length > 0) expect(decodeAnswer(join(...said).subarray(4)).type).toBe('error')
      expect(state(w)).toBe('unread')
    }), { numRuns: 200 })
  })

  test('from a sender: our errors and nothing else', async () => {
    const w = await makeWorld()
    await fc.assert(fc.asyncProperty(bytes, async garbage => {
      const [near, far] = memoryChannelPair({ chunkBytes: 3 })
      const code = codeOf(claimAnswer(w.deps, near, w.target, KEY, undefined))
      await far.write(garbage).catch(() => {})
      await far.closeWrite()
      expect(await code).toMatch(/^[A-Z_]+$/)
      near.abort(new Error('over'))
    }), { numRuns: 200 })
  })
})

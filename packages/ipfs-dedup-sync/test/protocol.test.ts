import { describe, expect, test } from '@jest/globals'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import { systemClock } from '@ipkit/core/time/clock'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryChannelPair } from '@ipkit/testkit/memory-channel'
import { zlibSqueeze } from '../src/adapters/zlib-squeeze.ts'
import { MemoryShelf } from '../src/domain/keeping/memory-shelf.ts'
import type { Answering } from '../src/domain/moving/answer-request.ts'
import { answerPeer, askHead, offerRoot } from '../src/protocol.ts'
import { decodeAnswer, encodeRequest, type SyncAnswer, type SyncRequest } from '../src/wire.ts'
import { ANSWER_MS, REQUEST_MS } from '../src/domain/wire-limits.ts'
import { streamBytes } from './chunking/make-bytes.ts'
import { answering } from './moving/memory-net.ts'
import { addFile } from './moving/shelved.ts'

const signal = new AbortController().signal
const lineDeps = { clock: systemClock, squeeze: zlibSqueeze, signal }

/** Frames that the answerer gives to these, until it ends or `atMost` came. */
async function ask (side: Answering, frames: readonly Uint8Array[], atMost = Infinity): Promise<Uint8Array[]> {
  const [ours, theirs] = memoryChannelPair({ remotePeers: ['answerer', 'asker'] })
  const talk = answerPeer(side, theirs, signal).then(async () => { await theirs.closeWrite() })
  for (const frame of frames) await ours.write(frame)
  await ours.closeWrite()
  const got: Uint8Array[] = []
  for await (const frame of decodeFrames(ours.source, 10_000_000)) if (got.push(frame) === atMost) break
  await talk
  return got
}

const framed = (request: SyncRequest): Uint8Array => encodeFrame(encodeRequest(request), 1_000_000)
const said = async (side: Answering, request: SyncRequest): Promise<SyncAnswer> => decodeAnswer((await ask(side, [framed(request)]))[0]!)

async function stocked (bytes = streamBytes('protocol', 200_000)): Promise<{ shelf: MemoryShelf, root: string }> {
  const shelf = new MemoryShelf()
  return { shelf, root: (await addFile(shelf, bytes)).cid.toString() }
}
const plan = (root: string, have: string[] = []): SyncRequest => ({ type: 'plan', root, have, leafBytes: 0, dry: false })
const blocks = (root: string, changes: Partial<Extract<SyncRequest, { type: 'blocks' }>> = {}): SyncRequest => ({ type: 'blocks', root, path: 'content', height: 0, base: null, ranges: [[0, 200_000]], squeeze: false, ...changes })

describe('who gets what', () => {
  test('a root that is forbidden and one that is unknown are the same bytes', async () => {
    const { shelf, root } = await stocked()
    const nobody = answering(shelf, { policy: { may: async () => false } })
    const empty = answering(new MemoryShelf())
    for (const request of [plan(root), blocks(root)]) {
      const [forbidden, unknown] = [await ask(nobody, [framed(request)]), await ask(empty, [framed(request)])]
      expect(forbidden).toEqual(unknown)
      expect(decodeAnswer(forbidden[0]!)).toEqual({ type: 'error', code: 'not-here' })
    }
  })

  test('a block that is on the shelf under another root is not to be had', async () => {
    const { shelf, root } = await stocked()
    const other = (await addFile(shelf, streamBytes('secret', 50_000))).cid.toString()
    const side = answering(shelf, { policy: { may: async (_peer, of) => of === root } })
    expect(await said(side, plan(other))).toEqual({ type: 'error', code: 'not-here' })
    expect(await said(side, plan(root, [other]))).toMatchObject({ type: 'plan', bases: [] })
    expect(await said(side, blocks(root, { base: other, ranges: [[0, 200_000, 0, 50_000]] }))).toEqual({ type: 'error', code: 'bad-request' })
  })
})

describe('requests that are refused', () => {
  test.each<[string, (root: string) => Uint8Array]>([
    ['garbage', () => encodeFrame(Buffer.from('garbage'), 100)],
    ['a frame over the limit', () => Uint8Array.of(0, 0xff, 0xff, 0xff)],
    ['a tree that the root has not', root => framed(blocks(root, { path: 'recipe' }))],
    ['a height that the tree has not', root => framed(blocks(root, { height: 40 }))],
    ['patches from more than the answerer would read for them', root => framed(blocks(root, { base: root, ranges: Array.from({ length: 33 }, (_, i) => [i, i + 1, 0, 2 ** 40]) }))],
    ['more leaves than fit one answer', root => framed(blocks(root, { ranges: [[0, 9_000_000]] }))],
  ])('%s', async (_name, make) => {
    const { shelf, root } = await stocked()
    const got = await ask(answering(shelf), [make(root), framed(plan(root))])
    expect(got.map(frame => decodeAnswer(frame))).toEqual([{ type: 'error', code: 'bad-request' }])
  })

  test('a shelf that is damaged', async () => {
    const { shelf, root } = await stocked()
    const damaged = { has: async (cids: readonly string[]) => cids.map(() => true), get: async (cid: string) => { if (cid !== root) shelf.blocks.delete(cid); return await shelf.get(cid) } }
    expect(await said(answering(damaged), plan(root))).toEqual({ type: 'error', code: 'failed' })
  })
})

test('requests are answered in their order, any number on one stream', async () => {
  const { shelf, root } = await stocked()
  const got = await ask(answering(shelf), [plan(root), blocks(root), plan(root)].map(framed))
  expect(got.length).toBe(6)
  expect(Buffer.compare(got[1]!, got[5]!)).toBe(0)
})

test('an asker that says nothing is let go', async () => {
  const clock = new ManualClock()
  const [, theirs] = memoryChannelPair()
  const talk = answerPeer({ ...answering(new MemoryShelf()), clock }, theirs, signal)
  clock.advance(REQUEST_MS)
  await expect(talk).rejects.toMatchObject({ code: 'TIMED_OUT' })
})

test('at most so many plans are made at once', async () => {
  const { shelf, root } = await stocked()
  let [now, most] = [0, 0]
  const side = answering({ has: async cids => await shelf.has(cids), get: async cid => { most = Math.max(most, ++now); await new Promise(resolve => { setTimeout(resolve, 2) }); now--; return await shelf.get(cid) } })
  await Promise.all(Array.from({ length: 6 }, async () => await ask(side, [framed(plan(root))])))
  expect(most).toBe(2)
})

describe('a name', () => {
  const name = 'k51qzi5uqu5abc'
  const talk = (side: Answering): ByteChannel => {
    const [ours, theirs] = memoryChannelPair({ remotePeers: ['answerer', 'asker'] })
    answerPeer(side, theirs, signal).catch(() => {})
    return ours
  }

  test('is told with its commits to whom it is for', async () => {
    const asked: unknown[] = []
    const head = { record: Uint8Array.of(1), commits: [Uint8Array.of(2), Uint8Array.of(3)] }
    const side = answering(new MemoryShelf(), { heads: { head: async (...all) => { asked.push(all); return head } } })
    expect(await askHead(lineDeps, talk(side), name, { from: null, until: null })).toEqual(head)
    expect(asked).toEqual([['asker', name, { from: null, until: null, atMost: 64 }]])
    expect(await askHead(lineDeps, talk(answering(new MemoryShelf())), name, { from: null, until: null })).toBeUndefined()
  })
})

describe('an offer', () => {
  const moved = { receivedBytes: 10, sentBytes: 20, roundTrips: 1, newBytes: 5, dropped: [] }
  const offer = async (side: Answering): Promise<{ answer: Promise<unknown>, progress: number[], ours: ByteChannel, talk: Promise<void> }> => {
    const { root } = await stocked()
    const [ours, theirs] = memoryChannelPair({ remotePeers: ['answerer', 'asker'] })
    const talk = answerPeer(side, theirs, signal)
    talk.catch(() => {})
    const progress: number[] = []
    return { ours, talk, progress, answer: offerRoot({ ...lineDeps, onProgress: done => { progress.push(done) } }, ours, { root, name: null, sizeBytes: 7 }) }
  }

  test('that is taken, with its progress', async () => {
    const clock = new ManualClock()
    const taken = Promise.withResolvers<typeof moved>()
    const started = Promise.withResolvers<void>()
    const { answer, progress } = await offer(answering(new MemoryShelf(), { clock, offers: { take: async (_peer, _offer, { onProgress }) => { onProgress(3, 7); started.resolve(); return await taken.promise } } }))
    await started.promise
    while (progress.length === 0) { clock.advance(ANSWER_MS / 4); await new Promise(resolve => { setTimeout(resolve, 1) }) }
    taken.resolve(moved)
    expect(await answer).toEqual({ type: 'taken', receivedBytes: 10, sentBytes: 20, roundTrips: 1 })
    expect(progress[0]).toBe(3)
  })

  test('that is not wanted', async () => {
    const { answer } = await offer(answering(new MemoryShelf()))
    await expect(answer).rejects.toMatchObject({ code: 'NOT_WANTED', exit: 'refused' })
  })
})

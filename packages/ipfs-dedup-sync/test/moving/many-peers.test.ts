import { describe, expect, test } from '@jest/globals'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { Shelf } from '../../src/domain/keeping/shelf.ts'
import { decodeRequest, encodeAnswer } from '../../src/wire.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { answering, MemoryNet, pull } from './memory-net.ts'
import { addFile, readBack } from './shelved.ts'

const bytes = streamBytes('many', 12_000_000)

async function stocked (): Promise<{ source: MemoryShelf, root: string }> {
  const source = new MemoryShelf()
  return { source, root: (await addFile(source, bytes)).cid.toString() }
}

const blockBytes = (shelf: MemoryShelf): number => [...shelf.blocks.values()].reduce((sum, block) => sum + block.length, 0)

/** Gives blocks as `change` makes them, and only then. */
const altered = (shelf: MemoryShelf, change: (cid: string, bytes: Uint8Array) => Promise<Uint8Array>): Pick<Shelf, 'get' | 'has'> =>
  ({ get: async cid => await change(cid, await shelf.get(cid)), has: async cids => await shelf.has(cids) })

test('three peers share the work, and nothing comes twice', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const slowly = altered(source, async (_cid, block) => { await new Promise(resolve => { setTimeout(resolve, 1) }); return block })
  await using net = new MemoryNet({ one: { side: answering(slowly) }, two: { side: answering(slowly) }, three: { side: answering(slowly) } })
  const moved = await pull(net, here, root, { peers: [['one'], ['two'], ['three']] })
  expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
  for (const peer of ['one', 'two', 'three']) expect(net.traffic().get(peer)!.receivedBytes).toBeGreaterThan(1_000_000)
  expect(moved.receivedBytes).toBeLessThan(blockBytes(source) * 1.01)
  expect(moved.dropped).toEqual([])
})

test('a peer that gives wrong bytes is dropped and named, and others give its share', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const liar = altered(source, async (_cid, block) => block.length > 4000 && block[0]! < 64 ? Uint8Array.from(block, (byte, i) => i === 9 ? byte ^ 1 : byte) : block)
  await using net = new MemoryNet({ honest: { side: answering(source) }, liar: { side: answering(liar) } })
  const moved = await pull(net, here, root, { peers: [['honest'], ['liar']] })
  expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
  expect(moved.dropped).toEqual([{ peer: 'liar', code: 'PEER_LIED' }])
})

test('where all lie, that is what is said, and nothing wrong is on the shelf', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const liar = altered(source, async (_cid, block) => block.length > 20_000 ? Uint8Array.from(block, (byte, i) => i === 9 ? byte ^ 1 : byte) : block)
  await using net = new MemoryNet({ source: { side: answering(liar) }, gone: { side: answering(liar), faults: { cutAfterBytesFromB: 100 } } })
  await expect(pull(net, here, root, { peers: [['source'], ['gone']] })).rejects.toMatchObject({ code: 'PEER_LIED', exit: 'refused' })
  for (const [cid, block] of here.blocks) expect(Buffer.compare(block, source.blocks.get(cid)!)).toBe(0)
})

test('a peer that falls silent loses its share to one that has nothing to do', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  let left = 100
  const silent = altered(source, async (_cid, block) => { if (left-- < 0) await new Promise(() => {}); return block })
  const steady = altered(source, async (_cid, block) => { await new Promise(resolve => { setTimeout(resolve, 1) }); return block })
  const net = new MemoryNet({ steady: { side: answering(steady) }, silent: { side: answering(silent) } })
  await pull(net, here, root, { peers: [['steady'], ['silent']] })
  expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
}, 30_000)

test('peers that are not there, do not have it or say nothing sensible are passed over', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const nonsense = async (channel: ByteChannel): Promise<void> => { await channel.write(encodeFrame(Buffer.from('hello'), 100)) }
  await using net = new MemoryNet({ empty: { side: answering(new MemoryShelf()) }, nonsense: { talk: nonsense }, source: { side: answering(source) } })
  const moved = await pull(net, here, root, { peers: [['nobody'], ['empty'], ['nonsense'], ['source']] })
  expect(moved.dropped).toEqual([{ peer: 'nobody', code: 'PEER_UNREACHABLE' }, { peer: 'empty', code: 'NOT_HERE' }, { peer: 'nonsense', code: 'BAD_MESSAGE' }])
})

describe('an interruption', () => {
  test('at any byte: what came is there, and comes no second time', async () => {
    const { source, root } = await stocked()
    const total = blockBytes(source)
    for (const cut of [50, 40_000, 700_000, 3_000_000, 11_900_000]) {
      const here = new MemoryShelf()
      await using net = new MemoryNet({ source: { side: answering(source), faults: { cutAfterBytesFromB: cut, chunkBytes: 7001 } }, again: { side: answering(source) } })
      await expect(pull(net, here, root)).rejects.toThrow()
      const moved = await pull(net, here, root, { peers: [['again']] })
      expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
      const first = net.traffic().get('source')!.receivedBytes
      expect(first + moved.receivedBytes).toBeLessThan(total * 1.01 + 2 * 1024 * 1024) // a body that was cut comes again
      expect([...here.blocks.keys()].length).toBe(source.blocks.size)
    }
  }, 60_000)

  test('that ends the streams without an error is one all the same', async () => {
    const { source, root } = await stocked()
    await using net = new MemoryNet({ source: { side: answering(source), faults: { cutAfterBytesFromB: 1_000_000, cutGracefully: true } } })
    await expect(pull(net, new MemoryShelf(), root)).rejects.toMatchObject({ exit: expect.stringMatching(/unreachable|failed/) })
  })

  test('by the caller ends at once', async () => {
    const { source, root } = await stocked()
    const stop = new AbortController()
    const stuck = altered(source, async () => { stop.abort(new Error('enough')); return await new Promise(() => {}) })
    const net = new MemoryNet({ source: { side: answering(stuck) } })
    await expect(pull(net, new MemoryShelf(), root, { signal: stop.signal })).rejects.toThrow('enough')
  })
})

test('a base that the peer does not know: only the blocks that changed come', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const old = (await addFile(here, Buffer.concat([Buffer.from('old'), bytes]))).cid.toString()
  await using net = new MemoryNet({ source: { side: answering(source) } })
  const moved = await pull(net, here, root, { have: [old] })
  expect(moved.receivedBytes).toBeLessThan(60_000)
  expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
})

test('much that changed comes as patches, by ranges', async () => {
  const some = bytes.subarray(0, 4_000_000)
  const source = new MemoryShelf()
  const here = new MemoryShelf()
  const old = (await addFile(source, some)).cid.toString()
  await addFile(here, some)
  const changed = Uint8Array.from(some)
  for (let at = 1000; at < changed.length; at += 9_000) changed[at] = changed[at]! ^ 1
  const root = (await addFile(source, changed)).cid.toString()
  await using net = new MemoryNet({ source: { side: answering(source) } })
  const moved = await pull(net, here, root, { have: [old] })
  expect(Buffer.compare(await readBack(here, root), changed)).toBe(0)
  expect(moved.receivedBytes).toBeLessThan(100_000)
})

test('a dry run says about what would come, and takes nothing', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  await using net = new MemoryNet({ source: { side: answering(source) } })
  const dry = await pull(net, here, root, { dryRun: true })
  expect(here.blocks.size).toBe(0)
  expect(dry.receivedBytes).toBeLessThan(200)
  const moved = await pull(net, here, root)
  expect(Math.abs(dry.expectedBytes! - moved.receivedBytes)).toBeLessThan(moved.receivedBytes * 0.02)
})

test('a disk that is full is nobody else\'s fault', async () => {
  const { source, root } = await stocked()
  const here = new MemoryShelf()
  const session = await here.begin()
  let left = 50
  const full = Object.assign(Object.create(session) as typeof session, { put: async (cid: string, block: Uint8Array) => { if (left-- === 0) throw Object.assign(new Error('full'), { code: 'DISK_FULL' }); return await session.put(cid, block) }, get: session.get.bind(session), park: session.park.bind(session), parked: session.parked.bind(session), flush: session.flush.bind(session) })
  await using net = new MemoryNet({ source: { side: answering(source) }, other: { side: answering(source) } })
  await expect(pull(net, here, root, { session: full, peers: [['source'], ['other']] })).rejects.toMatchObject({ code: 'DISK_FULL' })
})

test('an answerer that sends parts without end, or without blocks, is given up', async () => {
  const { source, root } = await stocked()
  const side = answering(source)
  const endless = async (channel: ByteChannel, signal: AbortSignal): Promise<void> => {
    const frames = decodeFrames(channel.source, 1_000_000)
    for (;;) {
      const { value, done } = await frames.next()
      if (done === true) return
      const request = decodeRequest(value)
      if (request.type === 'blocks') for (;;) { await channel.write(encodeFrame(encodeAnswer({ type: 'part', form: 'raw', sizeBytes: 0 }), 1000), signal); await channel.write(encodeFrame(new Uint8Array(0), 10), signal) }
      const { answerRequest } = await import('../../src/domain/moving/answer-request.ts')
      for await (const { answer, body } of answerRequest(side, 'x', request, signal)) {
        await channel.write(encodeFrame(encodeAnswer(answer), 1_000_000))
        if (body !== undefined) await channel.write(encodeFrame(body, 10_000_000))
      }
    }
  }
  await using net = new MemoryNet({ source: { talk: endless } })
  await expect(pull(net, new MemoryShelf(), root)).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
})

import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { appPins } from '@ipkit/core/blocks/app-pins'
import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { BorrowedBlocks } from '../../src/domain/borrowed-blocks.ts'
import { KEEP_BORROWED_MS } from '../../src/domain/ipfs-limits.ts'

const signal = new AbortController().signal
const bytes = new TextEncoder().encode('a block')
const cid = CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()

interface Home {
  readonly store: BlockStore
  readonly pins: ReturnType<typeof appPins>
  readonly notes: ReturnType<typeof memoryKeyValueStore>
  readonly clock: ManualClock
  readonly errors: unknown[]
  fetches: number
  start(): BorrowedBlocks
  /** What is left of it all: the block, notes, pins. */
  left(): Promise<[boolean, number, number]>
}

/** A store that fetches what it does not have from a peer, and keeps it, as the node's does. */
function home (): Home {
  const store = memoryBlockStore()
  const { get } = store
  store.get = async (wanted, options) => {
    if (!await store.has(wanted)) {
      made.fetches++
      await new Promise(resolve => { setTimeout(resolve, 5) })
      options?.signal?.throwIfAborted()
      await store.put(wanted, bytes)
    }
    return await get(wanted)
  }
  const pinned = memoryKeyValueStore()
  const made: Home = {
    store,
    pins: appPins(async () => store, pinned),
    notes: memoryKeyValueStore(),
    clock: new ManualClock(),
    errors: [],
    fetches: 0,
    start: () => new BorrowedBlocks({ blocks: made.pins.blocksOf('ipfsup'), notes: made.notes, clock: made.clock, report: e => { made.errors.push(e) } }),
    left: async () => [await store.has(cid), made.notes.size, pinned.size],
  }
  return made
}
const later = async (): Promise<void> => { await new Promise(resolve => { setTimeout(resolve, 10) }) }
const NOTHING = [false, 0, 0]

test('what was not here is fetched, stays for a minute, and goes', async () => {
  const at = home()
  const borrowed = at.start()
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
  at.clock.advance(KEEP_BORROWED_MS - 1)
  await later()
  expect(await at.left()).toEqual([true, 1, 1])
  at.clock.advance(1)
  await later()
  expect([await at.left(), at.fetches, at.errors]).toEqual([NOTHING, 1, []])
})

test('who asks again within the minute finds it, and another one begins', async () => {
  const at = home()
  const borrowed = at.start()
  await borrowed.get(cid, signal)
  await later()
  at.clock.advance(KEEP_BORROWED_MS - 1)
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
  await later()
  at.clock.advance(KEEP_BORROWED_MS - 1)
  await later()
  expect([await at.left(), at.fetches]).toEqual([[true, 1, 1], 1])
  at.clock.advance(1)
  await later()
  expect(await at.left()).toEqual(NOTHING)
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
  expect(at.fetches).toBe(2)
})

test('what another service has pinned stays', async () => {
  const at = home()
  await at.pins.blocksOf('mail').pin(cid)
  await at.pins.blocksOf('mail').put(cid, bytes)
  {
    await using borrowed = at.start()
    expect(await borrowed.get(cid, signal)).toEqual(bytes)
  }
  expect([await at.left(), at.fetches]).toEqual([[true, 0, 1], 0])
})

test('readers of one block at once share one fetch', async () => {
  const at = home()
  {
    await using borrowed = at.start()
    expect(await Promise.all([1, 2, 3].map(async () => await borrowed.get(cid, signal)))).toEqual([bytes, bytes, bytes])
  }
  expect([await at.left(), at.fetches]).toEqual([NOTHING, 1])
})

test('a reader that leaves does not take the block from another, and the last one leaves nothing', async () => {
  const at = home()
  const borrowed = at.start()
  const [first, second] = [new AbortController(), new AbortController()]
  const reads = [borrowed.get(cid, first.signal), borrowed.get(cid, second.signal), borrowed.get(cid, signal)]
  setTimeout(() => { first.abort(new Error('gone')) }, 1)
  await expect(reads[0]).rejects.toThrow('gone')
  expect([await reads[1], await reads[2], at.fetches]).toEqual([bytes, bytes, 1])
  at.clock.advance(KEEP_BORROWED_MS)
  await later()
  const alone = borrowed.get(cid, second.signal)
  setTimeout(() => { second.abort(new Error('gone too')) }, 1)
  await expect(alone).rejects.toThrow('gone too')
  await later()
  expect([await at.left(), at.errors]).toEqual([NOTHING, []])
})

test('one that comes while the last one leaves gets it', async () => {
  const at = home()
  const borrowed = at.start()
  const stop = new AbortController()
  const gone = borrowed.get(cid, stop.signal)
  setTimeout(() => { stop.abort(new Error('gone')) }, 1)
  await expect(gone).rejects.toThrow('gone')
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
})

test('when the service stops nothing is left, and what a crash left goes at the next start', async () => {
  const at = home()
  const borrowed = at.start()
  await borrowed.get(cid, signal)
  await borrowed[Symbol.asyncDispose]()
  expect(await at.left()).toEqual(NOTHING)
  await at.start().get(cid, signal) // killed here
  expect(await at.left()).toEqual([true, 1, 1])
  await at.start().giveBackOld()
  expect(await at.left()).toEqual(NOTHING)
})

test.each(['', 'x', cid.toUpperCase(), '../../etc/passwd'])('%j is refused, and leaves nothing', async text => {
  const at = home()
  await expect(at.start().get(text, signal)).rejects.toMatchObject({ code: 'CID_INVALID', exit: 'usage' })
  expect(await at.left()).toEqual(NOTHING)
})

import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { appPins } from '@ipkit/core/blocks/app-pins'
import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { BorrowedBlocks } from '../../src/domain/borrowed-blocks.ts'

const signal = new AbortController().signal
const bytes = new TextEncoder().encode('a block')
const cid = CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()

/** A store that fetches what it does not have from a peer, and keeps it, as the node's does. */
function home (): { store: BlockStore, fetched: () => number, pins: ReturnType<typeof appPins>, notes: ReturnType<typeof memoryKeyValueStore>, pinned: ReturnType<typeof memoryKeyValueStore> } {
  const store = memoryBlockStore()
  let fetched = 0
  const { get } = store
  store.get = async (wanted, options) => {
    if (!await store.has(wanted)) {
      fetched++
      await new Promise(resolve => { setTimeout(resolve, 5) })
      options?.signal?.throwIfAborted()
      await store.put(wanted, bytes)
    }
    return await get(wanted)
  }
  const pinned = memoryKeyValueStore()
  return { store, fetched: () => fetched, pins: appPins(async () => store, pinned), notes: memoryKeyValueStore(), pinned }
}

test('what was not here is fetched, and does not stay', async () => {
  const { store, fetched, pins, notes, pinned } = home()
  const borrowed = new BorrowedBlocks(pins.blocksOf('ipfsup'), notes)
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
  expect([fetched(), await store.has(cid), notes.size, pinned.size]).toEqual([1, false, 0, 0])
})

test('what another service has pinned stays', async () => {
  const { store, fetched, pins, notes } = home()
  await pins.blocksOf('mail').pin(cid)
  await pins.blocksOf('mail').put(cid, bytes)
  const borrowed = new BorrowedBlocks(pins.blocksOf('ipfsup'), notes)
  expect(await borrowed.get(cid, signal)).toEqual(bytes)
  expect([fetched(), await store.has(cid), notes.size]).toEqual([0, true, 0])
})

test('readers of one block at once all get it, and nothing stays', async () => {
  const { store, pins, notes, pinned } = home()
  const borrowed = new BorrowedBlocks(pins.blocksOf('ipfsup'), notes)
  const reads = [1, 2, 3].map(async () => await borrowed.get(cid, signal))
  await reads[0]
  reads.push(borrowed.get(cid, signal))
  expect(await Promise.all(reads)).toEqual([bytes, bytes, bytes, bytes])
  expect([await store.has(cid), notes.size, pinned.size]).toEqual([false, 0, 0])
})

test('a reader that leaves leaves nothing', async () => {
  const { store, pins, notes, pinned } = home()
  const borrowed = new BorrowedBlocks(pins.blocksOf('ipfsup'), notes)
  const stop = new AbortController()
  const reading = borrowed.get(cid, stop.signal)
  setTimeout(() => { stop.abort(new Error('gone')) }, 1)
  await expect(reading).rejects.toThrow('gone')
  expect([await store.has(cid), notes.size, pinned.size]).toEqual([false, 0, 0])
})

test('what a crash left goes at the next start', async () => {
  const { store, pins, notes, pinned } = home()
  const dying = pins.blocksOf('ipfsup')
  void new BorrowedBlocks({ ...dying, get: async () => { await store.put(cid, bytes); return await new Promise(() => {}) } }, notes).get(cid, signal)
  while (!await store.has(cid)) await new Promise(resolve => { setImmediate(resolve) })
  expect([notes.size, pinned.size]).toEqual([1, 1])
  await new BorrowedBlocks(pins.blocksOf('ipfsup'), notes).giveBackOld()
  expect([await store.has(cid), notes.size, pinned.size]).toEqual([false, 0, 0])
})

test.each(['', 'x', cid.toUpperCase(), '../../etc/passwd'])('%j is refused, and leaves nothing', async text => {
  const { pins, notes } = home()
  await expect(new BorrowedBlocks(pins.blocksOf('ipfsup'), notes).get(text, signal)).rejects.toMatchObject({ code: 'CID_INVALID', exit: 'usage' })
  expect(notes.size).toBe(0)
})

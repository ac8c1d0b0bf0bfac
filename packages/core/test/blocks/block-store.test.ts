import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { describe, expect, test } from '@jest/globals'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { testNode } from '@ipkit/testkit/test-node'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { appPins } from '../../src/blocks/app-pins.ts'
import { MAX_BLOCK_BYTES, type BlockStore } from '../../src/blocks/block-store.ts'
import { heliaBlockStore } from '../../src/blocks/helia-block-store.ts'
import { memoryBlockStore } from '../../src/blocks/memory-block-store.ts'

const cidOf = (bytes: Uint8Array, codec = 0x55): string => CID.createV1(codec, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()

const stores: Array<[string, (run: (store: BlockStore) => Promise<void>) => Promise<void>]> = [
  ['in memory', async run => { await run(memoryBlockStore()) }],
  ['on disk with Helia', async run => {
    await using node = await testNode()
    await using store = await heliaBlockStore({ dir: `${node.dir}/blocks`, libp2p: node.node.libp2p, routed: false })
    await run(store)
  }],
]

describe.each(stores)('%s', (_name, withStore) => {
  test('keeps what belongs to its CID, and nothing else', async () => {
    await withStore(async store => {
      const bytes = randomBytes(MAX_BLOCK_BYTES)
      const cid = cidOf(bytes)
      expect(await store.has(cid)).toBe(false)
      await store.put(cid, bytes)
      await store.put(cid, bytes)
      expect(await store.has(cid)).toBe(true)
      expect(Buffer.compare(await store.get(cid), bytes)).toBe(0)
      await store.delete(cid)
      await store.delete(cid)
      expect(await store.has(cid)).toBe(false)
      await expect(store.put(cid, randomBytes(10))).rejects.toMatchObject({ code: 'BLOCK_MISMATCH', exit: 'refused' })
      await expect(store.put(cid, randomBytes(MAX_BLOCK_BYTES + 1))).rejects.toMatchObject({ code: 'BLOCK_TOO_LARGE' })
      for (const bad of ['', 'x', cid.toUpperCase(), '../../etc/passwd']) await expect(store.has(bad)).rejects.toMatchObject({ code: 'CID_INVALID' })
    })
  })

  test('an empty block and an identity CID', async () => {
    await withStore(async store => {
      const empty = cidOf(new Uint8Array(0))
      await store.put(empty, new Uint8Array(0))
      expect((await store.get(empty)).length).toBe(0)
      const inline = CID.createV1(0x55, createDigest(0, Uint8Array.of(1, 2))).toString()
      await store.put(inline, Uint8Array.of(1, 2))
      await expect(store.put(inline, Uint8Array.of(1, 3))).rejects.toMatchObject({ code: 'BLOCK_MISMATCH' })
    })
  })
})

test('blocks pass between two nodes over bitswap, a missing one waits for its signal, and no router is asked', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const calls: string[] = []
  for (const { node } of [a, b]) {
    const routing = node.libp2p.contentRouting as unknown as Record<string, unknown>
    for (const name of ['provide', 'cancelReprovide', 'findProviders', 'put', 'get']) routing[name] = () => { calls.push(name); throw new Error('no router') }
  }
  await using storeA = await heliaBlockStore({ dir: `${a.dir}/blocks`, libp2p: a.node.libp2p, routed: false })
  await using storeB = await heliaBlockStore({ dir: `${b.dir}/blocks`, libp2p: b.node.libp2p, routed: false })
  const bytes = randomBytes(1024 * 1024)
  await storeA.put(cidOf(bytes), bytes)
  await b.node.connect(a.node.addresses())
  expect(Buffer.compare(await storeB.get(cidOf(bytes)), bytes)).toBe(0)
  expect(await storeB.has(cidOf(bytes))).toBe(true)
  await expect(storeB.get(cidOf(randomBytes(8)), { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: 'TimeoutError' })
  await storeB.delete(cidOf(bytes))
  expect(calls).toEqual([])
})

test('the store closes and opens again with its blocks, and leaves the node running', async () => {
  await using a = await testNode()
  const bytes = randomBytes(100)
  const deps = { dir: `${a.dir}/blocks`, libp2p: a.node.libp2p, routed: false }
  {
    await using store = await heliaBlockStore(deps)
    await store.put(cidOf(bytes), bytes)
  }
  expect(a.node.libp2p.status).toBe('started')
  await using again = await heliaBlockStore(deps)
  expect(await again.has(cidOf(bytes))).toBe(true)
  expect((await readdir(deps.dir)).length).toBe(1)
})

describe('pins', () => {
  const bytes = randomBytes(64)
  const cid = cidOf(bytes)

  test('a block goes with the last pin, whoever set it', async () => {
    const store = memoryBlockStore()
    const pins = appPins(async () => store, memoryKeyValueStore())
    const [mail, sync] = [pins.blocksOf('mail'), pins.blocksOf('sync')]
    await mail.put(cid, bytes)
    await mail.pin(cid)
    await mail.pin(cid)
    await sync.pin(cid)
    expect([...await pins.counts()]).toEqual([['mail', 1], ['sync', 1]])
    await mail.unpin(cid)
    expect([...await pins.counts()]).toEqual([['sync', 1]])
    expect(await sync.has(cid)).toBe(true)
    await mail.unpin(cid)
    expect(await sync.has(cid)).toBe(true)
    await sync.unpin(cid)
    expect(await sync.has(cid)).toBe(false)
  })

  test('who never pinned it cannot take it away', async () => {
    const store = memoryBlockStore()
    const pins = appPins(async () => store, memoryKeyValueStore())
    await pins.blocksOf('mail').put(cid, bytes)
    await pins.blocksOf('sync').unpin(cid)
    expect(await store.has(cid)).toBe(true)
  })

  test('pins and unpins at once end right', async () => {
    const store = memoryBlockStore()
    const kept = memoryKeyValueStore()
    const { list } = kept
    // What it has listed is old by the time it is looked at.
    kept.list = async function * (prefix) {
      const entries: Array<{ key: string, value: Uint8Array }> = []
      for await (const entry of list(prefix)) entries.push(entry)
      await new Promise(resolve => { setTimeout(resolve, 20) })
      yield * entries
    }
    const pins = appPins(async () => store, kept)
    await pins.blocksOf('a').put(cid, bytes)
    await pins.blocksOf('a').pin(cid)
    const unpinning = pins.blocksOf('a').unpin(cid)
    await new Promise(resolve => { setTimeout(resolve, 5) })
    await pins.blocksOf('b').pin(cid)
    await pins.blocksOf('b').put(cid, bytes)
    await unpinning
    expect(await store.has(cid)).toBe(true)
    await pins.blocksOf('b').unpin(cid)
    expect([await store.has(cid), kept.size]).toEqual([false, 0])
  })
})

import { describe, expect, test } from '@jest/globals'
import { exporter } from 'ipfs-unixfs-exporter'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { BLOCKS_AHEAD, MAX_TREE_DEPTH } from '../../src/domain/ipfs-limits.ts'
import { readSmallUnixfs, readUnixfs } from '../../src/domain/unixfs-file.ts'
import { findUnixfs } from '../../src/domain/unixfs-path.ts'
import { MemoryBlocks } from '../memory-blocks.ts'
import { seededBytes } from '../seeded-bytes.ts'

const signal = new AbortController().signal
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
const INVALID = { code: 'ORIGIN_ANSWER_INVALID', exit: 'refused' }

async function collect (source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}
const readAll = async (blocks: MemoryBlocks, cid: string, fromByte = 0): Promise<Buffer> => await collect((await readUnixfs(blocks, cid, fromByte, signal)).source)

describe('a path', () => {
  const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`kubo/v0.${i}.0/dist.json`, text(`${i}`)]))

  test.each([
    ['plain directories', { shardSplitThresholdBytes: 10_000_000 }],
    ['shards of 256', { shardSplitThresholdBytes: 1 }],
    ['shards of 8', { shardSplitThresholdBytes: 1, shardFanoutBits: 3 }],
    ['shards of 1024', { shardSplitThresholdBytes: 1, shardFanoutBits: 10 }],
    ['CIDs of version 0', { profile: 'unixfs-v0-2015' as const, shardSplitThresholdBytes: 1 }],
  ])('leads to the same in %s as the reference implementation says', async (_what, options) => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add(files, options)
    const store = { async * get (cid: CID) { yield blocks.blocks.get(cid.toString())! } }
    for (const i of [0, 1, 17, 255, 599]) {
      const cid = await findUnixfs(blocks, root, ['kubo', `v0.${i}.0`, 'dist.json'], signal)
      expect(cid).toBe((await exporter(`${root}/kubo/v0.${i}.0/dist.json`, store as never)).cid.toString())
      expect(String(await readAll(blocks, cid!))).toBe(`${i}`)
    }
    for (const name of ['v0.600.0', '', '00', 'A7', '..', 'v0.1.0/dist.json', '\\', 'É']) expect(await findUnixfs(blocks, root, ['kubo', name], signal)).toBeUndefined()
    expect(await findUnixfs(blocks, root, ['kubo', 'nothing', 'dist.json'], signal)).toBeUndefined()
  })

  test.each<[string, (blocks: MemoryBlocks) => string]>([
    ['a file', blocks => blocks.node({ type: 'file', data: text('x') })],
    ['bytes', blocks => blocks.put(text('x'), 0x55)],
    ['a symlink', blocks => blocks.node({ type: 'symlink', data: text('..') })],
    ['another codec', blocks => blocks.put(text('{}'), 0x0129)],
    ['no protobuf', blocks => blocks.put(Uint8Array.of(255, 255, 255))],
    ['nothing', blocks => blocks.put(new Uint8Array(0))],
    ['no UnixFS in it', blocks => blocks.node(Uint8Array.of(255, 255))],
    ['metadata', blocks => blocks.node(Uint8Array.of(8, 3))],
    ['an unknown type', blocks => blocks.node(Uint8Array.of(8, 9))],
    ['a shard of 3', blocks => blocks.node({ type: 'hamt-sharded-directory', fanout: 3n, hashType: 0x22n })],
    ['a shard of 1', blocks => blocks.node({ type: 'hamt-sharded-directory', fanout: 1n, hashType: 0x22n })],
    ['a shard of 2^62', blocks => blocks.node({ type: 'hamt-sharded-directory', fanout: 2n ** 62n, hashType: 0x22n })],
    ['a shard of no size', blocks => blocks.node({ type: 'hamt-sharded-directory', hashType: 0x22n })],
  ])('through %s is refused', async (_what, make) => {
    const blocks = new MemoryBlocks()
    const root = blocks.node({ type: 'directory' }, [['kubo', make(blocks)]])
    await expect(findUnixfs(blocks, root, ['kubo', 'versions'], signal)).rejects.toMatchObject(INVALID)
  })

  test('shards below shards end where the hash of the name does', async () => {
    const blocks = new MemoryBlocks()
    const shard = (links: ReadonlyArray<readonly [string, string]>): string => blocks.node({ type: 'hamt-sharded-directory', fanout: 8n, hashType: 0x22n, data: Uint8Array.of(255) }, links)
    let cid = shard([])
    for (let level = 0; level < 40; level++) {
      const below = cid
      cid = shard(Array.from({ length: 8 }, (_, i) => [`${i}`, below] as const))
    }
    await expect(findUnixfs(blocks, cid, ['versions'], signal)).rejects.toMatchObject(INVALID)
    expect(blocks.asked.length).toBeLessThan(25)
  })

  test('a shard below one of another width is refused', async () => {
    const blocks = new MemoryBlocks()
    const below = blocks.node({ type: 'hamt-sharded-directory', fanout: 16n, hashType: 0x22n })
    const root = blocks.node({ type: 'hamt-sharded-directory', fanout: 8n, hashType: 0x22n }, Array.from({ length: 8 }, (_, i) => [`${i}`, below] as const))
    await expect(findUnixfs(blocks, root, ['versions'], signal)).rejects.toMatchObject(INVALID)
  })

  test('a block that is not to be had is said', async () => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add({ 'kubo/versions': text('v0.1.0') })
    for (const cid of blocks.blocks.keys()) if (cid !== root) blocks.blocks.delete(cid)
    await expect(findUnixfs(blocks, root, ['kubo', 'versions'], signal)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })
  })
})

describe('a file', () => {
  const bytes = seededBytes(5000)
  const shapes = { chunker: fixedSize({ chunkSize: 16 }), layout: balanced({ maxChildrenPerNode: 5 }) }

  test.each([
    ['with raw leaves', { ...shapes, cidVersion: 1 as const, rawLeaves: true }],
    ['with leaves in dag-pb', { ...shapes, cidVersion: 0 as const, rawLeaves: false }],
    ['of one raw block', { rawLeaves: true, cidVersion: 1 as const }],
  ])('%s is read from any byte on, and no leaf before that one is asked for', async (_what, options) => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add({ file: bytes }, options)
    const cid = (await findUnixfs(blocks, root, ['file'], signal))!
    for (const fromByte of [0, 1, 15, 16, 17, 79, 80, 81, 399, 400, 401, 2500, 4998, 4999, 5000, 6000]) {
      blocks.asked.length = 0
      const { totalBytes, source } = await readUnixfs(blocks, cid, fromByte, signal)
      expect(totalBytes).toBe(5000)
      expect((await collect(source)).equals(bytes.subarray(fromByte))).toBe(true)
      if (blocks.blocks.size > 3) expect(blocks.asked.length).toBeLessThan(Math.max(0, 5000 - fromByte) / 16 * 1.3 + 10)
    }
  })

  test('a few blocks are under way at once, and what nobody reads is not asked for', async () => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add({ file: bytes }, { ...shapes, layout: balanced({ maxChildrenPerNode: 1024 }), cidVersion: 1, rawLeaves: true })
    const cid = (await findUnixfs(blocks, root, ['file'], signal))!
    blocks.asked.length = 0
    const reading = (await readUnixfs(blocks, cid, 0, signal)).source[Symbol.asyncIterator]()
    for (let i = 0; i < 20; i++) await reading.next()
    expect(blocks.underWay.most).toBe(BLOCKS_AHEAD)
    expect(blocks.asked.length).toBeLessThanOrEqual(1 + 20 + BLOCKS_AHEAD)
    await reading.return?.()
    expect(blocks.underWay.now).toBe(0)
  })

  test('stops with the signal', async () => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add({ file: bytes }, { ...shapes, cidVersion: 1, rawLeaves: true })
    const cid = (await findUnixfs(blocks, root, ['file'], signal))!
    const stop = new AbortController()
    const { source } = await readUnixfs(blocks, cid, 0, stop.signal)
    await expect((async () => { for await (const _ of source) stop.abort(new Error('enough')) })()).rejects.toThrow('enough')
  })

  const leaf = (blocks: MemoryBlocks, size: number): string => blocks.put(seededBytes(size), 0x55)
  test.each<[string, (blocks: MemoryBlocks) => string]>([
    ['a leaf is longer than told', blocks => blocks.node({ type: 'file', blockSizes: [5n, 5n] }, [['', leaf(blocks, 5)], ['', leaf(blocks, 6)]])],
    ['a leaf is shorter than told', blocks => blocks.node({ type: 'file', blockSizes: [5n, 5n] }, [['', leaf(blocks, 4)], ['', leaf(blocks, 5)]])],
    ['there are more links than sizes', blocks => blocks.node({ type: 'file', blockSizes: [5n] }, [['', leaf(blocks, 5)], ['', leaf(blocks, 5)]])],
    ['there are more sizes than links', blocks => blocks.node({ type: 'file', blockSizes: [5n, 5n] }, [['', leaf(blocks, 5)]])],
    ['it leads to a directory', blocks => blocks.node({ type: 'file', blockSizes: [5n] }, [['', blocks.node({ type: 'directory' })]])],
    ['it leads to a symlink', blocks => blocks.node({ type: 'file', blockSizes: [5n] }, [['', blocks.node({ type: 'symlink', data: text('/etc/passwd') })]])],
    ['it is a directory', blocks => blocks.node({ type: 'directory' })],
    ['it is a symlink', blocks => blocks.node({ type: 'symlink', data: text('/etc/passwd') })],
    ['it goes down without end', blocks => {
      let cid = leaf(blocks, 5)
      for (let depth = 0; depth < MAX_TREE_DEPTH; depth++) cid = blocks.node({ type: 'file', blockSizes: [5n] }, [['', cid]])
      return cid
    }],
  ])('is refused where %s', async (_what, make) => {
    const blocks = new MemoryBlocks()
    await expect(readAll(blocks, make(blocks))).rejects.toMatchObject(INVALID)
  })

  test('of a size beyond all numbers is refused before anything of it is read', async () => {
    const blocks = new MemoryBlocks()
    const cid = blocks.node({ type: 'file', blockSizes: [2n ** 63n, 2n ** 63n] }, [['', leaf(blocks, 5)], ['', leaf(blocks, 5)]])
    await expect(readUnixfs(blocks, cid, 0, signal)).rejects.toMatchObject(INVALID)
  })

  test('as deep as may be is read, with data beside links', async () => {
    const blocks = new MemoryBlocks()
    let cid = leaf(blocks, 5)
    for (let depth = 1; depth < MAX_TREE_DEPTH; depth++) cid = blocks.node({ type: 'file', data: text('<'), blockSizes: [BigInt(4 + depth)] }, [['', cid]])
    expect(await readAll(blocks, cid)).toEqual(Buffer.concat([text('<'.repeat(MAX_TREE_DEPTH - 1)), seededBytes(5)]))
    expect(await readAll(blocks, cid, 3)).toEqual(Buffer.concat([text('<'.repeat(MAX_TREE_DEPTH - 4)), seededBytes(5)]))
  })

  test('a small one is read whole, a large one is refused before it is', async () => {
    const blocks = new MemoryBlocks()
    const root = await blocks.add({ file: bytes }, { ...shapes, cidVersion: 1, rawLeaves: true })
    const cid = (await findUnixfs(blocks, root, ['file'], signal))!
    expect(Buffer.from(await readSmallUnixfs(blocks, cid, 5000, signal)).equals(bytes)).toBe(true)
    blocks.asked.length = 0
    await expect(readSmallUnixfs(blocks, cid, 4999, signal)).rejects.toMatchObject(INVALID)
    expect(blocks.asked).toEqual([cid])
  })
})

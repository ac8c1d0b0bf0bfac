import * as dagPb from '@ipld/dag-pb'
import { describe, expect, test } from '@jest/globals'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { leavesInRange } from '../../src/domain/tree/leaves-in-range.ts'
import { openTree } from '../../src/domain/tree/open-tree.ts'
import { readRange } from '../../src/domain/tree/read-range.ts'
import { encodeNode, leafLink, nodeLink, type TreeLink } from '../../src/domain/tree/tree-node.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { addBytes, sha256, type Blocks } from './plant-tree.ts'
import { sizeCutter } from '../../src/domain/chunking/size-cutter.ts'

async function collect (parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return Buffer.concat(all)
}

/** Counts what is read. */
function counted (blocks: Blocks) {
  const reads: string[] = []
  return { reads, blocks: { get: async (cid: string) => { reads.push(cid); return await blocks.get(cid) } } }
}

test('a range is read through the nodes that hold it, and through no other', async () => {
  const bytes = streamBytes('ranges', 200_000)
  const blocks = memoryBlockStore()
  const { root, levels } = await addBytes(bytes, blocks, sizeCutter(50)) // 4,000 leaves
  const tree = await openTree({ blocks }, root.cid.toString())
  expect(tree).toEqual({ root, height: levels.length })
  await fc.assert(fc.asyncProperty(fc.nat(200_100), fc.nat(3000), async (start, length) => {
    const store = counted(blocks)
    const got = await collect(readRange(store, tree, { start, end: start + length }))
    expect(got.equals(bytes.subarray(start, start + length))).toBe(true)
    expect(store.reads.length).toBeLessThanOrEqual(length / 50 * 1.6 + 2 * levels.length + 4)
  }))
  expect((await collect(readRange({ blocks }, tree))).equals(bytes)).toBe(true)
})

test.each([0, 1])('a file of %d bytes is one leaf', async size => {
  const blocks = memoryBlockStore()
  const bytes = streamBytes('small', size)
  const { root } = await addBytes(bytes, blocks)
  const tree = await openTree({ blocks }, root.cid.toString())
  expect(tree.height).toBe(0)
  expect((await collect(readRange({ blocks }, tree))).equals(bytes)).toBe(true)
  const leaves = []
  for await (const { offset } of leavesInRange({ blocks }, tree)) leaves.push(offset)
  expect(leaves).toEqual([0])
})

describe('a reader refuses', () => {
  const leaf = (text: string): TreeLink => leafLink(sha256(Buffer.from(text)), text.length)
  const links = (children: readonly TreeLink[]): dagPb.PBLink[] => children.map(c => ({ Name: '', Tsize: c.blockBytes, Hash: c.cid }))
  const data = (...sizes: number[]): Uint8Array => new UnixFS({ type: 'file', blockSizes: sizes.map(BigInt) }).marshal()
  const two = [leaf('a'), leaf('bc')]
  const sha512 = CID.createV1(0x55, create(0x13, new Uint8Array(64)))
  const varint = Buffer.from(encodeNode(two)).toString('hex')

  test.each<[what: string, block: Uint8Array, why: RegExp]>([
    ['nothing', new Uint8Array(0), /has 0 children/],
    ['a UnixFS message that is none', dagPb.encode({ Data: Uint8Array.of(0xff), Links: links(two) }), /is not a file of IPFS/],
    ['noise', Uint8Array.of(1, 2, 3), /is not a file of IPFS/],
    ['a directory', dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: links(two) }), /it is a directory/],
    ['a file with bytes of its own', dagPb.encode({ Data: new UnixFS({ type: 'file', data: Uint8Array.of(1), blockSizes: [1n, 2n] }).marshal(), Links: links(two) }), /not written as the spec says/],
    ['a file with a mode', dagPb.encode({ Data: new UnixFS({ type: 'file', mode: 0o600, blockSizes: [1n, 2n] }).marshal(), Links: links(two) }), /not written as the spec says/],
    ['no children', dagPb.encode({ Data: data(), Links: [] }), /has 0 children/],
    ['175 children', encodeNode(Array.from({ length: 175 }, (_, i) => leaf(`x${i}`))), /has 175 children, and the limit is 174/],
    ['a size too few', dagPb.encode({ Data: data(1), Links: links(two) }), /1 sizes for 2 children/],
    ['a size too many', dagPb.encode({ Data: data(1, 2, 3), Links: links(two) }), /3 sizes for 2 children/],
    ['only empty children', encodeNode([leaf(''), leaf('')]), /said to have 0 bytes/],
    ['a leaf of 2 MiB and a byte', encodeNode([leafLink(sha256(new Uint8Array(1)), 2 * 1024 * 1024 + 1), leaf('a')]), /a child of it is said to have 2097153 bytes/],
    ['sizes over 2^53', dagPb.encode({ Data: new UnixFS({ type: 'file', blockSizes: [2n ** 60n, 1n] }).marshal(), Links: links([nodeLink(encodeNode(two), two, sha256), leaf('a')]) }), /is said to have/],
    ['a link with a name', dagPb.encode({ Data: data(1, 2), Links: [links(two)[0]!, { ...links(two)[1]!, Name: 'n' }] }), /not written as the spec says/],
    ['a link without Tsize', dagPb.encode({ Data: data(1, 2), Links: [{ Name: '', Hash: two[0]!.cid }, links(two)[1]!] }), /does not say how large the blocks of a child are/],
    ['another hash', dagPb.encode({ Data: data(1), Links: [{ Name: '', Tsize: 1, Hash: sha512 }] }), /it needs bafkr/],
    ['another codec', dagPb.encode({ Data: data(1), Links: [{ Name: '', Tsize: 1, Hash: CID.createV1(0x71, two[0]!.cid.multihash) }] }), /it needs bafyrei/],
    ['a CID of version 0', dagPb.encode({ Data: data(1), Links: [{ Name: '', Tsize: 1, Hash: CID.createV0(two[0]!.cid.multihash as never) }] }), /it needs Qm/],
    ['bytes left over', Buffer.from(`${varint}00`, 'hex'), /is not a file of IPFS/],
    ['Data before the links', Buffer.from(reordered(varint), 'hex'), /not written as the spec says/],
  ])('%s', async (_what, block, why) => {
    const blocks = memoryBlockStore()
    const cid = CID.createV1(0x70, create(0x12, sha256(block))).toString()
    await blocks.put(cid, Uint8Array.from(block))
    await expect(openTree({ blocks }, cid)).rejects.toThrow(expect.objectContaining({ code: 'TREE_INVALID', exit: 'refused', message: expect.stringMatching(why) }))
  })

  /** The Data of a node stands last; here it stands first. */
  function reordered (hex: string): string {
    const bytes = Buffer.from(hex, 'hex')
    const tail = data(1, 2).length + 2
    return Buffer.concat([bytes.subarray(bytes.length - tail), bytes.subarray(0, bytes.length - tail)]).toString('hex')
  }

  const stored = async (blocks: Blocks, children: readonly TreeLink[], lie: Partial<TreeLink> = {}): Promise<TreeLink> => {
    const block = encodeNode(children)
    const node = nodeLink(block, children, sha256)
    await blocks.put(node.cid.toString(), block)
    return { ...node, ...lie }
  }

  test.each<[what: string, lie: Partial<TreeLink>, why: RegExp]>([
    ['a size that the child does not have', { sizeBytes: 4 }, /it has 3 bytes, and the node above says 4/],
    ['sizes of blocks that the child does not have', { blockBytes: 1 }, /its blocks have \d+ bytes, and the node above says 1/],
  ])('%s', async (_what, lie, why) => {
    const blocks = memoryBlockStore()
    const root = await stored(blocks, [await stored(blocks, two, lie), await stored(blocks, two)])
    await expect(openTree({ blocks }, root.cid.toString())).rejects.toThrow(why)
  })

  test('leaves on different levels', async () => {
    const blocks = memoryBlockStore()
    const root = await stored(blocks, [await stored(blocks, two), leaf('a')])
    const tree = await openTree({ blocks }, root.cid.toString())
    await expect(collect(readRange({ blocks }, tree))).rejects.toThrow(/its leaves are not all on one level/)
  })

  test('65 levels, and reads 64', async () => {
    const blocks = memoryBlockStore()
    let top = await stored(blocks, two)
    for (let level = 2; level <= 64; level++) top = await stored(blocks, [top])
    expect((await openTree({ blocks }, top.cid.toString())).height).toBe(64)
    await expect(openTree({ blocks }, (await stored(blocks, [top])).cid.toString())).rejects.toThrow(/more than 64 levels/)
  })

  test('a leaf that is longer than said', async () => {
    const blocks = memoryBlockStore()
    await blocks.put(two[0]!.cid.toString(), Buffer.from('a'))
    const root = await stored(blocks, [{ ...two[0]!, sizeBytes: 9 }, two[1]!])
    await blocks.put(two[1]!.cid.toString(), Buffer.from('bc'))
    const tree = await openTree({ blocks }, root.cid.toString())
    await expect(collect(readRange({ blocks }, tree))).rejects.toThrow(/has 1 bytes, and the node above says 9/)
  })

  test('a tree of 2^53 bytes costs what is read of it', async () => {
    const blocks = memoryBlockStore()
    await blocks.put(leafLink(sha256(new Uint8Array(1024)), 1024).cid.toString(), new Uint8Array(1024))
    let top = leafLink(sha256(new Uint8Array(1024)), 1024)
    while (top.sizeBytes * 174 <= Number.MAX_SAFE_INTEGER) top = await stored(blocks, Array.from({ length: 174 }, () => top))
    const store = counted(blocks)
    const tree = await openTree(store, top.cid.toString())
    const end = tree.root.sizeBytes
    expect((await collect(readRange(store, tree, { start: end - 3000, end }))).length).toBe(3000)
    expect(store.reads.length).toBeLessThan(40)
  })

  test('any bytes: with our error and no other', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.nat(120), fc.nat(255), async (noise, at, byte) => {
      const bent = Uint8Array.from(encodeNode(two))
      bent[at % bent.length] = byte
      for (const block of [noise, bent]) {
        const cid = CID.createV1(0x70, create(0x12, sha256(block))).toString()
        const outcome = await openTree({ blocks: { get: async c => { if (c !== cid) throw Object.assign(new Error('none'), { code: 'TREE_INVALID' }); return block } } }, cid).catch((e: { code?: string }) => e.code)
        if (typeof outcome === 'object') expect(encodeNode(two).length).toBeGreaterThan(0)
        else expect(outcome).toBe('TREE_INVALID')
      }
    }), { numRuns: 300 })
  })
})

import { describe, expect, test } from '@jest/globals'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import fc from 'fast-check'
import { exporter } from 'ipfs-unixfs-exporter'
import { importByteStream } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { createCutter } from '../../src/domain/chunking/create-cutter.ts'
import { fastcdcCutter } from '../../src/domain/chunking/fastcdc-cutter.ts'
import { gearTable } from '../../src/domain/chunking/gear-table.ts'
import { jsGearScanner } from '../../src/domain/chunking/js-gear-scanner.ts'
import { parseChunker } from '../../src/domain/chunking/parse-chunker.ts'
import { sizeCutter } from '../../src/domain/chunking/size-cutter.ts'
import { TreeBuilder } from '../../src/domain/tree/tree-builder.ts'
import { encodeNode, leafLink } from '../../src/domain/tree/tree-node.ts'
import { inPieces } from '../chunking/cut-lengths.ts'
import { makeBytes, streamBytes, vectors } from '../chunking/make-bytes.ts'
import { addBytes, fastcdc, madeLeaf, sha256, treeOver, type Blocks } from './plant-tree.ts'

describe('known answers', () => {
  test('a node', () => {
    const children = vectors.node.children.map(text => madeLeaf(text, text.length))
    expect(Buffer.from(encodeNode(children)).toString('hex')).toBe(vectors.node.block)
  })

  test.each(vectors.fastcdc)('root of $name', async ({ parts, forced, key, root, levels, tsize }) => {
    const cutter = key === undefined ? fastcdc() : fastcdcCutter(jsGearScanner(gearTable(Buffer.from(key, 'hex'))))
    const built = await addBytes(makeBytes(parts), memoryBlockStore(), cutter, 'by-content', forced)
    expect({ root: built.root.cid.toString(), levels: built.levels, tsize: built.root.blockBytes }).toEqual({ root, levels, tsize })
  })

  test.each(vectors.kubo)('root of $chunker of $parts', async ({ chunker, parts, root, levels, tsize }) => {
    const built = await addBytes(makeBytes(parts), memoryBlockStore(), createCutter(parseChunker(chunker), () => { throw new Error('none') }), 'by-number')
    expect({ root: built.root.cid.toString(), levels: built.levels, tsize: built.root.blockBytes }).toEqual({ root, levels, tsize })
  })

  test.each(vectors.trees)('$leaves leaves, by number: $byNumber', async ({ leaves, byNumber, levels, root, size, tsize }) => {
    const made = Array.from({ length: leaves }, (_, i) => madeLeaf(`leaf ${i}`, 1 + i % 65_536))
    const blocks = { put: async () => {} }
    const built = await treeOver(made, blocks, byNumber ? 'by-number' : 'by-content')
    expect({ root: built.root.cid.toString(), levels: built.levels, size: built.root.sizeBytes, tsize: built.root.blockBytes }).toEqual({ root, levels, size, tsize })
  })
})

test('what Kubo would make: the same root as js-ipfs with its balanced layout', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 400_000 }), fc.constantFrom(1000, 4096, 100), async (size, chunkBytes) => {
    const bytes = streamBytes('kubo', size)
    const theirs = await importByteStream(inPieces(bytes) as AsyncIterable<Uint8Array>, { put: async (cid: CID) => cid } as never, {
      cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: chunkBytes }), layout: balanced({ maxChildrenPerNode: 174 }), reduceSingleLeafToSelf: true,
    })
    const ours = await addBytes(bytes, memoryBlockStore(), sizeCutter(chunkBytes), 'by-number')
    expect(ours.root.cid.toString()).toBe(theirs.cid.toString())
  }), { numRuns: 12, examples: [[174_000, 1000], [174_001, 1000], [0, 100], [100, 100]] })
})

/** As another program reads it. */
async function exported (root: CID, blocks: Blocks): Promise<Uint8Array> {
  const entry = await exporter(root, { async * get (cid: CID) { yield await blocks.get(cid.toString()) } } as never)
  if (entry.type !== 'file' && entry.type !== 'raw') throw new Error(`a ${entry.type}`)
  const parts: Uint8Array[] = []
  for await (const part of entry.content()) parts.push(part)
  return Uint8Array.from(Buffer.concat(parts))
}

test('other programs read the file back', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(
    fc.record({ seed: fc.string(), size: fc.nat(300_000) }).map(({ seed, size }) => streamBytes(seed, size)),
    fc.record({ byte: fc.nat(255), size: fc.nat(300_000) }).map(({ byte, size }) => new Uint8Array(size).fill(byte)),
  ), { maxLength: 4 }), fc.array(fc.nat(500_000), { maxLength: 40 }), async (parts, forced) => {
    const bytes = Uint8Array.from(Buffer.concat(parts))
    const blocks = memoryBlockStore()
    const { root } = await addBytes(bytes, blocks, fastcdc(), 'by-content', forced)
    expect(Buffer.compare(await exported(root.cid, blocks), bytes)).toBe(0)
  }), { numRuns: 25 })
})

describe('content that was made to have a bad tree', () => {
  const counting = () => {
    const seen = new Set<string>()
    return { seen, put: async (cid: string) => { seen.add(cid) } }
  }
  /** Leaves found by trying: each ends a group, or none does. */
  const chosen = (count: number, ends: boolean) => {
    const leaves = []
    for (let i = 0; leaves.length < count; i++) {
      const leaf = madeLeaf(`try ${i}`, 1)
      if ((Buffer.from(leaf.cid.bytes).readUInt32BE(32) < 186_737_708) === ends) leaves.push(leaf)
    }
    return leaves
  }

  test('every leaf ends a group: two children each, and the tree ends', async () => {
    const { levels, nodeBytes } = await treeOver(chosen(500, true), counting())
    expect(levels[0]).toBe(250)
    expect(levels.at(-1)).toBe(1)
    expect(nodeBytes).toBeLessThan(500 * 110)
  })

  test('no leaf ends a group: 174 children each', async () => {
    const { levels } = await treeOver(chosen(1000, false), counting())
    expect(levels[0]).toBe(6)
  })

  test.each([true, false])('all leaves are one block, ending groups: %s', async ends => {
    const [leaf] = chosen(1, ends)
    const store = counting()
    const { root } = await treeOver(Array.from({ length: 20_000 }, () => leaf!), store)
    expect(root.sizeBytes).toBe(20_000)
    expect(store.seen.size).toBeLessThan(60) // all but the last node of a level are one block
  })

  test('memory is one group of each level: blocks are given away as they are made', async () => {
    let stored = 0
    const builder = new TreeBuilder({ blocks: { put: async () => { stored++ } }, sha256, groups: 'by-content' })
    for (let i = 0; i < 10_000; i++) {
      await builder.add(leafLink(sha256(Buffer.from(`m${i}`)), 1))
      // nodes that are still to come for the leaves so far: at most one of each of a few levels
      if (i % 1000 === 999) expect(stored).toBeGreaterThan(i / 40)
    }
  })
})

import { describe, expect, test } from '@jest/globals'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import fc from 'fast-check'
import { diffTrees, type TreeDifference } from '../../src/domain/tree/diff-trees.ts'
import { leavesInRange } from '../../src/domain/tree/leaves-in-range.ts'
import { openTree, readNode, type Tree } from '../../src/domain/tree/open-tree.ts'
import type { TreeBuilderDeps } from '../../src/domain/tree/tree-builder.ts'
import type { TreeLink } from '../../src/domain/tree/tree-node.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { addBytes, fastcdc, madeLeaf, treeOver, type Blocks } from './plant-tree.ts'

async function differences (blocks: Pick<Blocks, 'get'>, a: Tree, b: Tree): Promise<TreeDifference[]> {
  const all: TreeDifference[] = []
  for await (const difference of diffTrees({ blocks }, a, b)) all.push(difference)
  return all
}

/** Every block of a tree, by reading all of it. */
async function allBlocks (blocks: Blocks, tree: Tree): Promise<Set<string>> {
  const found = new Set<string>()
  const walk = async (link: TreeLink, height: number): Promise<void> => {
    found.add(link.cid.toString())
    if (height > 0) for (const child of await readNode({ blocks }, link, '')) await walk(child, height - 1)
  }
  await walk(tree.root, tree.height)
  return found
}

const leaves = (count: number, name = 'leaf'): TreeLink[] => Array.from({ length: count }, (_, i) => madeLeaf(`${name} ${i}`, 16_384))

async function grown (made: readonly TreeLink[], blocks: Blocks, groups: TreeBuilderDeps['groups'] = 'by-content'): Promise<Tree> {
  const { root } = await treeOver(made, blocks, groups)
  return await openTree({ blocks }, root.cid.toString())
}

describe('an edit', () => {
  const base = leaves(6000)
  const edit = fc.record({ at: fc.nat(6000), drop: fc.nat(3), put: fc.nat(3) })
  const edited = ({ at, drop, put }: { at: number, drop: number, put: number }): TreeLink[] => [...base.slice(0, at), ...leaves(put, `new ${at}`), ...base.slice(at + drop)]

  test('of a few chunks anywhere changes few nodes on each level, whatever becomes of the number of chunks', async () => {
    const blocks = memoryBlockStore()
    const before = await grown(base, blocks)
    expect(before.height).toBeGreaterThanOrEqual(3)
    const counts: number[] = []
    await fc.assert(fc.asyncProperty(edit, async change => {
      const after = await grown(edited(change), blocks)
      const reads: string[] = []
      const found = await differences({ get: async cid => { reads.push(cid); return await blocks.get(cid) } }, before, after)
      const nodes = found.filter(d => d.side === 'b' && d.height > 0)
      expect(nodes.length).toBeLessThanOrEqual(4 * after.height)
      expect(found.filter(d => d.side === 'b' && d.height === 0).length).toBeLessThanOrEqual(change.put)
      expect(found.filter(d => d.side === 'a' && d.height === 0).length).toBeLessThanOrEqual(change.drop)
      expect(new Set(reads).size).toBe(found.filter(d => d.height > 0).length) // nothing shared is read
      counts.push(nodes.length)
    }), { numRuns: 30 })
    const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length
    expect(mean).toBeLessThan(1.6 * before.height)
  })

  test('would change every later node, were groups ended by number', async () => {
    const blocks = memoryBlockStore()
    const before = await grown(base, blocks, 'by-number')
    const after = await grown(edited({ at: 0, drop: 0, put: 1 }), blocks, 'by-number')
    expect((await differences(blocks, before, after)).filter(d => d.side === 'b' && d.height > 0).length).toBe(Math.ceil(6001 / 174) + 1) // all there are
  })

  test('of bytes changes few chunks and few nodes', async () => {
    const bytes = Buffer.from(streamBytes('bytes', 2_000_000))
    const blocks = memoryBlockStore()
    const open = async (text: Uint8Array): Promise<Tree> => await openTree({ blocks }, (await addBytes(text, blocks, fastcdc())).root.cid.toString())
    const before = await open(bytes)
    await fc.assert(fc.asyncProperty(fc.nat(2_000_000), fc.nat(40), fc.uint8Array({ maxLength: 40 }), async (at, drop, put) => {
      const after = await open(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]))
      const found = (await differences(blocks, before, after)).filter(d => d.side === 'b')
      expect(found.filter(d => d.height === 0).length).toBeLessThanOrEqual(6)
      expect(found.filter(d => d.height > 0).length).toBeLessThanOrEqual(4 * after.height)
    }), { numRuns: 20 })
  })
})

test('tells all that one tree has and the other has not, and nothing that is in one alone by mistake', async () => {
  const sizes = fc.array(fc.record({ name: fc.constantFrom('x', 'y', 'z'), count: fc.nat(150) }), { maxLength: 5 })
  await fc.assert(fc.asyncProperty(sizes, sizes, async (left, right) => {
    const blocks = memoryBlockStore()
    const make = async (parts: typeof left): Promise<Tree> => {
      const made = parts.flatMap(({ name, count }) => leaves(count, name))
      return await grown(made.length > 0 ? made : leaves(2, 'w'), blocks)
    }
    const [a, b] = [await make(left.map(p => ({ ...p, count: p.count + 2 }))), await make(right.map(p => ({ ...p, count: p.count + 2 })))]
    const [allA, allB] = [await allBlocks(blocks, a), await allBlocks(blocks, b)]
    const found = await differences(blocks, a, b)
    const side = (name: 'a' | 'b'): Set<string> => new Set(found.filter(d => d.side === name).map(d => d.link.cid.toString()))
    expect(found.length).toBe(side('a').size + side('b').size) // each once
    for (const cid of allB) if (!allA.has(cid)) expect(side('b').has(cid)).toBe(true)
    for (const cid of allA) if (!allB.has(cid)) expect(side('a').has(cid)).toBe(true)
    for (const cid of side('b')) expect(allB.has(cid)).toBe(true)
    for (const cid of side('a')) expect(allA.has(cid)).toBe(true)
  }), { numRuns: 40 })
})

test('equal trees differ in nothing, and nothing is read', async () => {
  const blocks = memoryBlockStore()
  const tree = await grown(leaves(500), blocks)
  expect(await differences({ get: async () => { throw new Error('read') } }, tree, tree)).toEqual([])
})

test('trees of different heights', async () => {
  const blocks = memoryBlockStore()
  const small = await grown(leaves(20), blocks)
  const large = await grown(leaves(2000), blocks)
  const found = await differences(blocks, small, large)
  expect(found.filter(d => d.side === 'b' && d.height === 0).length).toBe(1980)
  expect(found.filter(d => d.side === 'a' && d.height === 0)).toEqual([])
})

test('more than may be held is refused', async () => {
  const blocks = memoryBlockStore()
  const run = async (): Promise<void> => {
    for await (const _ of diffTrees({ blocks }, await grown(leaves(1000, 'p'), blocks), await grown(leaves(1000, 'q'), blocks), { maxDifferent: 300 })) continue
  }
  await expect(run()).rejects.toThrow(expect.objectContaining({ code: 'TREES_TOO_DIFFERENT' }))
})

test('offsets of leaves follow their sizes', async () => {
  const blocks = memoryBlockStore()
  const tree = await grown(leaves(100), blocks)
  const offsets: number[] = []
  for await (const { offset } of leavesInRange({ blocks }, tree, { start: 20_000, end: 50_000 })) offsets.push(offset)
  expect(offsets).toEqual([16_384, 32_768, 49_152])
})

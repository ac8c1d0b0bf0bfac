import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { auditShelf } from './audit-shelf.ts'
import { leaf, node, noise, type MadeBlock } from './make-blocks.ts'
import { facts, never } from './shelf-cases.ts'
import { shelfHome } from './shelf-home.ts'

const LEAVES = Array.from({ length: 12 }, (_, i) => leaf(i % 3 === 0 ? `text ${i} `.repeat(12) : noise(`leaf ${i}`, 90 + i)))
const isNode = (block: MadeBlock): boolean => block.cid.startsWith('bafy')

/** A tree over some leaves; alike ones share nodes. */
function treeOver (indexes: readonly number[]): { readonly root: MadeBlock, readonly blocks: readonly MadeBlock[] } {
  let level = indexes.map(i => LEAVES[i]!)
  const blocks = [...level]
  while (level.length > 1) {
    const above: MadeBlock[] = []
    for (let i = 0; i < level.length; i += 2) above.push(i + 1 < level.length ? node(level[i]!, level[i + 1]!) : level[i]!)
    blocks.push(...above.filter(isNode))
    level = above
  }
  return { root: level[0]!, blocks }
}

const tree = fc.array(fc.nat(LEAVES.length - 1), { minLength: 1, maxLength: 9 }).map(treeOver)
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('keep' as const), tree, compress: fc.boolean(), flush: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), tree, upTo: fc.nat(12), park: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('gc' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gc beside' as const), tree }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
)

test('after any adds, drops, collections, restarts and crashes, each kept root is whole, and after a collection nothing else is there', async () => {
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 25 }), fc.constantFrom(500, 5000), async (acts, maxPackBytes) => {
    await using home = await shelfHome()
    let shelf = await home.open({ maxPackBytes })
    const kept = new Map<string, readonly MadeBlock[]>()
    const put = async (session: Awaited<ReturnType<typeof shelf.begin>>, blocks: readonly MadeBlock[], compress = false): Promise<void> => {
      for (const { cid, bytes } of blocks) await session.put(cid, bytes, { compress })
    }
    const requireKept = async (isOnlyThat: boolean): Promise<void> => {
      const wanted = new Map([...kept.values()].flat().map(block => [block.cid, block.bytes]))
      for (const [cid, bytes] of wanted) expect(Buffer.compare(await shelf.get(cid), bytes)).toBe(0)
      if (isOnlyThat) expect(await shelf.stat()).toMatchObject({ roots: kept.size, blocks: wanted.size, looseBytes: 0, blockBytes: [...wanted.values()].reduce((sum, bytes) => sum + bytes.length, 0) })
    }
    for (const step of acts) {
      if (step.kind === 'keep') {
        await using session = await shelf.begin()
        await put(session, step.tree.blocks, step.compress)
        if (step.flush) await session.flush()
        await session.keep(step.tree.root.cid, facts)
        kept.set(step.tree.root.cid, step.tree.blocks)
      } else if (step.kind === 'leave') {
        await using session = await shelf.begin()
        if (step.park && isNode(step.tree.root)) await session.park(step.tree.root.cid, step.tree.root.bytes)
        await put(session, step.tree.blocks.slice(0, step.upTo))
      } else if (step.kind === 'drop') {
        const root = [...kept.keys()][step.which % Math.max(1, kept.size)]
        if (root === undefined) continue
        expect(await shelf.drop(root)).toBe(true)
        kept.delete(root)
      } else if (step.kind === 'gc') {
        await shelf.gc({ signal: never })
        await requireKept(true)
      } else if (step.kind === 'gc beside') {
        await using session = await shelf.begin()
        const half = Math.ceil(step.tree.blocks.length / 2)
        await put(session, step.tree.blocks.slice(0, half))
        const collecting = shelf.gc({ signal: never })
        await put(session, step.tree.blocks.slice(half))
        await collecting
        await session.keep(step.tree.root.cid, facts)
        kept.set(step.tree.root.cid, step.tree.blocks)
      } else {
        if (step.kind === 'close') await shelf[Symbol.asyncDispose]()
        shelf = await home.open({ maxPackBytes })
        expect((await auditShelf(home)).faults).toEqual([])
      }
      await requireKept(false)
    }
    await shelf.gc({ signal: never })
    await requireKept(true)
    await shelf[Symbol.asyncDispose]()
    expect((await auditShelf(home)).faults).toEqual([])
  }), { numRuns: 40 })
})

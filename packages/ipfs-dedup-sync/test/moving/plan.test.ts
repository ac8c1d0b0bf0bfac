import { describe, expect, test } from '@jest/globals'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import fc from 'fast-check'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import { CompactWriter } from '../../src/domain/moving/compact-bytes.ts'
import { makePlan } from '../../src/domain/moving/make-plan.ts'
import { readPlan, type ReadPlan } from '../../src/domain/moving/read-plan.ts'
import { readNode } from '../../src/domain/tree/open-tree.ts'
import { openRoot } from '../../src/domain/tree/root-directory.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { sha256 } from './memory-net.ts'
import { addFile } from './shelved.ts'

const LEAF_BYTES = 1024 * 1024
const base = streamBytes('plan', 3_000_000)

async function planned (source: MemoryShelf, here: MemoryShelf, root: string, bases: readonly string[], leafBytes = LEAF_BYTES): Promise<{ body: Uint8Array, plan: ReadPlan, left: { blocks: number, bytes: number } }> {
  const { body, directory, names, left } = await makePlan({ blocks: source }, { root, bases, hasOther: bases.length > 0, leafBytes })
  return { body, left, plan: await readPlan({ blocks: here, sha256 }, root, bases, { directory, names }, body) }
}

const edit = fc.oneof(
  fc.record({ at: fc.nat(3_000_000), drop: fc.nat(40), put: fc.nat(40) }),
  fc.record({ at: fc.nat(3_000_000), drop: fc.nat(300_000), put: fc.nat(100_000) }),
)
const edited = (edits: ReadonlyArray<{ at: number, drop: number, put: number }>): Uint8Array => edits.reduce<Uint8Array>((bytes, { at, drop, put }) =>
  Buffer.concat([bytes.subarray(0, at), streamBytes(`put ${at}`, put), bytes.subarray(at + drop)]), base)

test('gives every root from every base', async () => {
  const [source, here] = [new MemoryShelf(), new MemoryShelf()]
  const old = (await addFile(source, base)).cid.toString()
  await addFile(here, base)
  await fc.assert(fc.asyncProperty(fc.array(edit, { maxLength: 3 }), fc.constantFrom(0, 50_000, LEAF_BYTES), async (edits, leafBytes) => {
    const root = (await addFile(source, edited(edits))).cid.toString()
    const { plan, left } = await planned(source, here, root, [old], leafBytes)
    const brought = new Set([...plan.leaves, ...plan.nodes].map(({ cid }) => cid))
    if (root !== old) expect(brought.has(root) || plan.leaves.length + plan.nodes.length === 0).toBe(true)
    for (const { cid, bytes } of [...plan.leaves, ...plan.nodes]) expect(Buffer.compare(bytes, source.blocks.get(cid)!)).toBe(0)
    expect(plan.whole).toBe(left.blocks === 0)
    if (leafBytes === LEAF_BYTES && edits.every(e => e.put <= 40)) expect(plan.whole).toBe(true)
  }), { numRuns: 25 })
})

describe('bases', () => {
  test('one that is higher or lower than the new tree by far', async () => {
    for (const [before, after] of [[base, base.subarray(0, 10_000)], [base.subarray(0, 10_000), base], [new Uint8Array(0), base.subarray(0, 100)], [base, new Uint8Array(0)]] as const) {
      const [source, here] = [new MemoryShelf(), new MemoryShelf()]
      const old = (await addFile(source, before)).cid.toString()
      await addFile(here, before)
      const root = (await addFile(source, after)).cid.toString()
      const { plan } = await planned(source, here, root, [old])
      expect(plan.trees[0]!.root.cid.toString()).toBe(root)
    }
  })

  test('several: each part from the one that has it', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const [x, y] = [streamBytes('x', 900_000), streamBytes('y', 900_000)]
    const bases: string[] = []
    for (const bytes of [x, y]) { bases.push((await addFile(source, bytes)).cid.toString()); await addFile(here, bytes) }
    const root = (await addFile(source, Buffer.concat([x, y]))).cid.toString()
    const { body, plan } = await planned(source, here, root, bases)
    expect(plan.whole).toBe(true)
    expect(body.length).toBeLessThan(60_000) // where the two meet
  })

  test('a block that was moved costs nothing', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const old = (await addFile(source, base)).cid.toString()
    await addFile(here, base)
    const root = (await addFile(source, Buffer.concat([base.subarray(1_500_000), base.subarray(0, 1_500_000)]))).cid.toString()
    const { plan } = await planned(source, here, root, [old])
    expect(plan.whole).toBe(true)
    expect(plan.leaves.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(300_000)
  })
})

test('a file that consists of one block many times', async () => {
  const [source, here] = [new MemoryShelf(), new MemoryShelf()]
  const old = (await addFile(source, new Uint8Array(10_000_000))).cid.toString()
  await addFile(here, new Uint8Array(10_000_000))
  const root = (await addFile(source, new Uint8Array(20_000_000))).cid.toString()
  expect((await planned(source, here, root, [old])).body.length).toBeLessThan(400) // where 153 leaves were, 306 are
})

test('no other bytes give the root: garbage is refused by its code', async () => {
  const [source, here] = [new MemoryShelf(), new MemoryShelf()]
  const old = (await addFile(source, base)).cid.toString()
  await addFile(here, base)
  const root = (await addFile(source, edited([{ at: 1_000_000, drop: 3, put: 9 }]))).cid.toString()
  const { body } = await planned(source, here, root, [old])
  const random = seededRandom(7)
  const head = { directory: false, names: ['content'] as const }
  const read = async (bytes: Uint8Array): Promise<void> => { await readPlan({ blocks: here, sha256 }, root, [old], head, bytes) }
  for (let at = 0; at < body.length; at++) await expect(read(body.subarray(0, at))).rejects.toMatchObject({ code: expect.stringMatching(/^(BAD_MESSAGE|TREE_INVALID)$/) })
  await expect(read(Buffer.concat([body, Buffer.of(0)]))).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
  for (let i = 0; i < 600; i++) {
    const wrong = Uint8Array.from(body)
    const at = random.below(wrong.length)
    wrong[at] = random.below(256)
    if (wrong[at] === body[at]) continue
    await expect(read(wrong)).rejects.toMatchObject({ code: expect.stringMatching(/^(BAD_MESSAGE|TREE_INVALID)$/) })
  }
})

test('runs that replace the same row again and again are refused before they are held', async () => {
  const here = new MemoryShelf()
  const old = (await addFile(here, base)).cid.toString()
  const { tree } = (await openRoot({ blocks: here }, old)).trees[0]!
  expect(tree.height).toBe(2)
  const nodes = await readNode({ blocks: here }, tree.root, old)
  let width = 0
  for (const node of nodes) width += (await readNode({ blocks: here }, node, old)).length
  const out = new CompactWriter()
  const fresh = (count: number): void => { out.number(count * 4 + 2) }
  const move = (by: number): void => { out.number((by < 0 ? -by * 2 - 1 : by * 2) * 4 + 1) }
  out.number(2)
  fresh(1)
  move(1)
  out.number(90)
  fresh(90)
  move(nodes.length)
  for (let i = 0; i < 90; i++) out.number(174)
  for (let i = 0; i < 90 * 174; i++) { fresh(1); move(width); move(-width) }
  await expect(readPlan({ blocks: here, sha256 }, old, [old], { directory: false, names: ['content'] }, out.finish())).rejects.toMatchObject({ code: 'BAD_MESSAGE', message: expect.stringContaining('replace more than 65536 blocks') })
})

import * as fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { DiskFault } from '@ipkit/testkit/faulty-fs'
import type { PackShelf } from '../../src/adapters/pack-shelf.ts'
import { auditShelf } from './audit-shelf.ts'
import { faultyParts, type FaultyParts, type IndexFault } from './faulty-parts.ts'
import { leaf, node, noise, type MadeBlock } from './make-blocks.ts'
import { facts, never, putAll } from './shelf-cases.ts'
import { shelfHome, type ShelfHome } from './shelf-home.ts'

const MAX_PACK_BYTES = 1200
const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map(name => leaf(noise(name, 150))) as [MadeBlock, MadeBlock, MadeBlock, MadeBlock, MadeBlock, MadeBlock]
const ab = node(a, b)
const cd = node(c, d)
const first = node(ab, cd)
const second = node(ab, e)
const waiting = node(second, f)
/** Everything that hangs below each root. */
const BELOW = new Map([[first.cid, [a, b, ab, c, d, cd, first]], [second.cid, [a, b, ab, e, second]]])

/** What whoever used the shelf was told. */
interface Told { readonly kept: Set<string>, readonly unsure: Set<string> }

/** One step of a life; each can be done again. */
type Step = readonly [name: string, run: (shelf: PackShelf, told: Told) => Promise<void>]

const keeping = (root: MadeBlock, blocks: readonly MadeBlock[]): Step => [`keep ${root.cid.slice(-4)}`, async (shelf, { kept, unsure }) => {
  await using session = await shelf.begin()
  unsure.add(root.cid)
  await putAll(session, blocks)
  await session.keep(root.cid, facts)
  kept.add(root.cid)
  unsure.delete(root.cid)
}]
const dropping = (root: MadeBlock): Step => [`drop ${root.cid.slice(-4)}`, async (shelf, { kept, unsure }) => {
  unsure.add(root.cid)
  await shelf.drop(root.cid)
  kept.delete(root.cid)
  unsure.delete(root.cid)
}]
const collecting: Step = ['gc', async shelf => { await shelf.gc({ signal: never }) }]

const LIFE: readonly Step[] = [
  keeping(first, BELOW.get(first.cid)!),
  ['note', async shelf => { await shelf.note(first.cid, old => ({ ...old, served: false })) }],
  ['leave things behind', async shelf => {
    await using session = await shelf.begin()
    await session.put(f.cid, f.bytes, { compress: true })
    await session.park(waiting.cid, waiting.bytes)
    await session.flush()
    await putAll(session, [e])
  }],
  keeping(second, BELOW.get(second.cid)!),
  dropping(first),
  collecting,
  keeping(first, BELOW.get(first.cid)!),
  dropping(second),
  collecting,
]

async function live (home: ShelfHome, parts: FaultyParts, told: Told): Promise<void> {
  const shelf = await home.open({ fs: parts.fs, index: parts.index, maxPackBytes: MAX_PACK_BYTES })
  for (const [, run] of LIFE) await run(shelf, told)
  await shelf[Symbol.asyncDispose]()
}

/** Another process opens what is left: everything that was told holds, and all of it can be freed. */
async function requireSound (home: ShelfHome, { kept, unsure }: Told, where: string): Promise<void> {
  {
    await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
    const verified = await shelf.verify(undefined, { signal: never })
    expect([where, verified.damaged]).toEqual([where, []])
    const roots: string[] = []
    for await (const { root } of shelf.roots()) roots.push(root)
    expect([where, [...kept].filter(root => !unsure.has(root) && !roots.includes(root))]).toEqual([where, []])
    expect([where, roots.filter(root => !unsure.has(root) && !kept.has(root))]).toEqual([where, []])
    for (const root of roots) for (const { cid, bytes } of BELOW.get(root)!) expect(Buffer.compare(await shelf.get(cid), bytes)).toBe(0)
  }
  expect([where, (await auditShelf(home)).faults]).toEqual([where, []])
  {
    await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
    for (const root of BELOW.keys()) await shelf.drop(root)
    await shelf.gc({ signal: never })
    expect([where, await shelf.stat()]).toEqual([where, { roots: 0, blocks: 0, blockBytes: 0, diskBytes: 0, looseBytes: 0 }])
  }
  expect([where, (await auditShelf(home)).faults, await fs.readdir(path.join(home.dir, 'packs'))]).toEqual([where, [], []])
}

async function dry (): Promise<{ diskSteps: readonly string[], indexWrites: number }> {
  await using home = await shelfHome()
  const parts = faultyParts(home.store)
  await live(home, parts, { kept: new Set(), unsure: new Set() })
  return { diskSteps: parts.fs.steps, indexWrites: parts.writes.length }
}

test('a life without faults ends as it should, and uses every kind of step', async () => {
  await using home = await shelfHome()
  const told: Told = { kept: new Set(), unsure: new Set() }
  const parts = faultyParts(home.store)
  await live(home, parts, told)
  expect([...told.kept]).toEqual([first.cid])
  expect([...new Set(parts.fs.steps.map(step => step.split(' ')[0]))].sort()).toEqual(['append', 'datasync', 'mkdir', 'open', 'sync', 'unlink'])
  await requireSound(home, told, 'at the end')
})

describe('killed', () => {
  async function killedAt (fault: { readonly disk?: Omit<DiskFault, 'onReach'>, readonly index?: IndexFault }, where: string, power: 'on' | 'lost'): Promise<void> {
    await using home = await shelfHome()
    const told: Told = { kept: new Set(), unsure: new Set() }
    const parts = faultyParts(home.store, fault)
    await expect(live(home, parts, told)).rejects.toMatchObject({ code: 'KILLED' })
    if (power === 'lost') await parts.cutPower()
    await requireSound(home, told, where)
  }

  test.each([['kill', 'on'], ['torn', 'on'], ['kill', 'lost']] as const)('at each step on the disk (%s, power %s), it loses nothing that was told and leaks nothing', async (kind, power) => {
    const { diskSteps } = await dry()
    for (const [at, step] of diskSteps.entries()) await killedAt({ disk: { at, kind } }, `${kind} at ${at}: ${step}`, power)
  })

  test.each([['kill', 'lost'], ['killed-after', 'lost']] as const)('at each write of the index (%s, power %s), it loses nothing that was told and leaks nothing', async (kind, power) => {
    const { indexWrites } = await dry()
    for (let at = 0; at < indexWrites; at++) await killedAt({ index: { at, kind } }, `${kind} at write ${at}`, power)
  })
})

describe('a full disk', () => {
  /** What failed says so, nothing else changes, and with room again the same step succeeds. */
  async function fullAt (fault: { readonly disk?: Omit<DiskFault, 'onReach'>, readonly index?: IndexFault }, code: RegExp, where: string): Promise<void> {
    await using home = await shelfHome()
    const told: Told = { kept: new Set(), unsure: new Set() }
    const parts = faultyParts(home.store, fault)
    const codes: unknown[] = []
    const open = async (): Promise<PackShelf> => await home.open({ fs: parts.fs, index: parts.index, maxPackBytes: MAX_PACK_BYTES })
    const shelf = await open().catch(async (error: { code?: string }) => {
      codes.push(error.code)
      parts.repair()
      return await open()
    })
    for (const [, run] of LIFE) {
      await run(shelf, told).catch(async (error: { code?: string }) => {
        codes.push(error.code)
        for (const root of told.kept) if (!told.unsure.has(root)) for (const { cid } of BELOW.get(root)!) await shelf.get(cid)
        parts.repair()
        await run(shelf, told)
      })
    }
    await shelf[Symbol.asyncDispose]().catch((error: { code?: string }) => { codes.push(error.code) })
    expect([where, codes.map(String).join(' ')]).toEqual([where, expect.stringMatching(code)])
    expect([where, [...told.kept]]).toEqual([where, [first.cid]])
    await requireSound(home, told, where)
  }

  test('at any step of the disk', async () => {
    const { diskSteps } = await dry()
    for (const [at, step] of diskSteps.entries()) await fullAt({ disk: { at, kind: 'full' } }, /^(DISK_FULL)?$/, `full at ${at}: ${step}`)
  })

  test('at any write of the index', async () => {
    const { indexWrites } = await dry()
    for (let at = 0; at < indexWrites; at++) await fullAt({ index: { at, kind: 'full' } }, /^DISK_FULL$/, `full at write ${at}`)
  })

  test('a step that fails once undoes only what was under way', async () => {
    const { diskSteps } = await dry()
    for (const [at, step] of diskSteps.entries()) await fullAt({ disk: { at, kind: 'fail' } }, /^(DISK_FAILED)?$/, `EIO at ${at}: ${step}`)
  })
})

describe('a disk that is full in the middle of a session', () => {
  const big = Array.from({ length: 40 }, (_, i) => leaf(noise(`big ${i}`, 1024 * 1024)))

  test('the session is told at its next step, whoever\'s commit it was, and a later one is well', async () => {
    await using home = await shelfHome()
    const parts = faultyParts(home.store, { index: { at: 1, kind: 'full' } })
    const shelf = await home.open({ fs: parts.fs, index: parts.index })
    {
      await using session = await shelf.begin()
      await session.put(a.cid, a.bytes)
      await session.keep(a.cid, facts)
      await session.put(b.cid, b.bytes)
      await expect(shelf.note(a.cid, old => old)).rejects.toMatchObject({ code: 'DISK_FULL' })
      for (const step of [async () => await session.put(c.cid, c.bytes), async () => { await session.keep(a.cid, facts) }, async () => { await session.flush() }, async () => { await session.park(ab.cid, ab.bytes) }]) {
        await expect(step()).rejects.toMatchObject({ code: 'DISK_FULL' })
      }
      expect(await shelf.has([a.cid, b.cid, c.cid])).toEqual([true, false, false])
    }
    parts.repair()
    {
      await using session = await shelf.begin()
      await putAll(session, [b, ab])
      await session.keep(ab.cid, facts)
    }
    await shelf[Symbol.asyncDispose]()
    expect((await auditShelf(home)).faults).toEqual([])
  })

  test('a root that is changed while another commit fails is told so', async () => {
    await using home = await shelfHome()
    const parts = faultyParts(home.store, { index: { at: 1, kind: 'full' } })
    const shelf = await home.open({ fs: parts.fs, index: parts.index })
    await using session = await shelf.begin()
    await session.put(a.cid, a.bytes)
    await session.keep(a.cid, facts)
    await session.put(b.cid, b.bytes)
    const done = await Promise.allSettled([session.flush(), shelf.note(a.cid, old => ({ ...old, served: false }))])
    expect(done.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await shelf.root(a.cid))!.served).toBe(true)
  })

  test('what is written meanwhile fails too', async () => {
    await using home = await shelfHome()
    const parts = faultyParts(home.store, { index: { at: 0, kind: 'full' } })
    const shelf = await home.open({ fs: parts.fs, index: parts.index })
    {
      await using session = await shelf.begin()
      await expect((async () => {
        for (const { cid, bytes } of big) await session.put(cid, bytes, { checked: true })
        await session.keep(big[39]!.cid, facts)
      })()).rejects.toMatchObject({ code: 'DISK_FULL' })
    }
    parts.repair()
    expect(await shelf.has(big.map(block => block.cid))).toEqual(big.map(() => false))
    await shelf[Symbol.asyncDispose]()
    expect((await auditShelf(home)).faults).toEqual([])
  })

  test('what a crash left behind the last commit is cut off', async () => {
    await using home = await shelfHome()
    const shelf = await home.open()
    const session = await shelf.begin()
    await session.put(a.cid, a.bytes)
    await session.keep(a.cid, facts)
    const file = path.join(home.dir, 'packs/00000001.pack')
    const { size } = await fs.stat(file)
    expect([size, (await fs.readFile(file)).subarray(0, 8).toString('hex')]).toEqual([8 + 45 + a.bytes.length, '49504b5041434b01'])
    for (const { cid, bytes } of big.slice(0, 8)) await session.put(cid, bytes)
    while ((await fs.stat(file)).size === size) await new Promise(resolve => { setImmediate(resolve) })
    await using _ = await home.open()
    expect((await fs.stat(file)).size).toBe(size)
  })
})

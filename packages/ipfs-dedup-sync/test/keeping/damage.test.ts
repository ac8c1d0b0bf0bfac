import { readdirSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { PackShelf } from '../../src/adapters/pack-shelf.ts'
import { auditShelf } from './audit-shelf.ts'
import { leaf, node, noise } from './make-blocks.ts'
import { facts, never, putAll } from './shelf-cases.ts'
import { shelfHome, type ShelfHome } from './shelf-home.ts'

const MAX_PACK_BYTES = 700
const leaves = ['a', 'b', 'c'].map(name => leaf(noise(name, 60)))
const packed = leaf('packed '.repeat(30))
const low = node(leaves[0]!, leaves[1]!)
const other = node(leaves[1]!, leaves[2]!)
const top = node(low, packed)
const all = [...leaves, packed, low, other, top]
const below = new Map([[low.cid, [leaves[0]!, leaves[1]!]], [other.cid, [leaves[1]!, leaves[2]!]], [top.cid, [low, packed]]])

async function planted (home: ShelfHome): Promise<void> {
  await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
  await using session = await shelf.begin()
  for (const { cid, bytes } of all) await session.put(cid, bytes, { compress: true })
  await session.keep(top.cid, facts)
  await session.keep(other.cid, facts)
}

/** Nothing wrong is given, nothing raw is thrown; what was lost can be put again, as a pull does, and then everything is as it was. */
async function requireMended (home: ShelfHome, where: string, expectLoss?: boolean): Promise<void> {
  {
    await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
    let losses = 0
    for (const { cid, bytes } of all) {
      const got = await shelf.get(cid).catch((error: { code?: string }) => error.code)
      if (typeof got === 'string') expect([where, got]).toEqual([where, expect.stringMatching(/^BLOCK_(DAMAGED|NOT_FOUND)$/)])
      else expect([where, Buffer.compare(got!, bytes)]).toEqual([where, 0])
      if (typeof got === 'string') losses++
    }
    if (expectLoss !== undefined) expect([where, losses > 0]).toEqual([where, expectLoss])
    await requireWhole(shelf, where)
    await using session = await shelf.begin()
    for (const { cid, bytes } of all) {
      const [isHere] = await shelf.has([cid])
      if (isHere === false) await session.put(cid, await session.parked(cid) ?? bytes)
    }
    await session.keep(top.cid, facts)
    await session.keep(other.cid, facts)
    expect([where, (await shelf.verify(undefined, { signal: never })).damaged]).toEqual([where, []])
  }
  const { faults, roots } = await auditShelf(home)
  // A head that is damaged is of no use to who rewrites the pack, and harms nobody else.
  expect([where, faults.filter(fault => !fault.endsWith('has another head')), [...roots].sort()]).toEqual([where, [], [top.cid, other.cid].sort()])
  await requireGone(home, where)
}

/** A node that is here has everything below it here. */
async function requireWhole (shelf: PackShelf, where: string): Promise<void> {
  for (const [cid, children] of below) {
    const [isHere] = await shelf.has([cid])
    if (isHere === true) expect([where, await shelf.has(children.map(child => child.cid))]).toEqual([where, [true, true]])
  }
}

async function requireGone (home: ShelfHome, where: string): Promise<void> {
  await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
  await shelf.drop(top.cid)
  await shelf.drop(other.cid)
  await shelf.gc({ signal: never })
  expect([where, await shelf.stat()]).toMatchObject([where, { blocks: 0, diskBytes: 0 }])
}

async function damaged (damage: (home: ShelfHome) => Promise<void>, where: string, expectLoss?: boolean): Promise<void> {
  await using home = await shelfHome()
  await planted(home)
  await damage(home)
  await requireMended(home, where, expectLoss)
}

const packOf = (home: ShelfHome, index: number): string => path.join(home.dir, 'packs', readdirSync(path.join(home.dir, 'packs')).sort()[index]!)

test('the store that is damaged here has several packs and a deflated block', async () => {
  await using home = await shelfHome()
  await planted(home)
  expect((await fs.readdir(path.join(home.dir, 'packs'))).length).toBeGreaterThan(1)
  expect((await auditShelf(home)).faults).toEqual([])
})

describe('packs', () => {
  test('a damaged byte anywhere', async () => {
    await using sample = await shelfHome()
    await planted(sample)
    for (const index of [0, 1]) {
      const { size } = await fs.stat(packOf(sample, index))
      for (let at = 0; at < size; at += 3) {
        await damaged(async home => {
          const bytes = await fs.readFile(packOf(home, index))
          bytes[at]! ^= 0x41
          await fs.writeFile(packOf(home, index), bytes)
        }, `byte ${at} of pack ${index}`)
      }
    }
  })

  test('a pack that is cut anywhere', async () => {
    await using sample = await shelfHome()
    await planted(sample)
    for (const index of [0, 1]) {
      const { size } = await fs.stat(packOf(sample, index))
      for (let length = 0; length < size; length += 17) await damaged(async home => { await fs.truncate(packOf(home, index), length) }, `pack ${index} of ${length} bytes`, true)
    }
  })

  test.each<[string, (file: string) => Promise<void>]>([
    ['gone', async file => { await fs.rm(file) }],
    ['a folder', async file => { await fs.rm(file); await fs.mkdir(file) }],
    ['a link to itself', async file => { await fs.rm(file); await fs.symlink(file, file) }],
  ])('a pack that is %s', async (name, damage) => {
    await damaged(async home => { await damage(packOf(home, 0)) }, name, true)
  })

  test('files that are nobody\'s go', async () => {
    await using home = await shelfHome()
    await planted(home)
    await fs.writeFile(path.join(home.dir, 'packs', '00000099.pack'), 'x')
    await requireMended(home, 'a stray pack', false)
    expect(await fs.readdir(path.join(home.dir, 'packs'))).not.toContain('00000099.pack')
  })
})

test('a pack with a damaged head is rewritten all the same', async () => {
  await using home = await shelfHome()
  const many = Array.from({ length: 8 }, (_, i) => leaf(noise(`many ${i}`, 100)))
  const lone = leaf(noise('lone', 100))
  {
    await using shelf = await home.open()
    await using session = await shelf.begin()
    await putAll(session, [...many, lone, node(...many)])
    await session.keep(node(...many).cid, facts)
    await session.keep(lone.cid, facts)
  }
  const bytes = await fs.readFile(packOf(home, 0))
  bytes[8 + 42]! ^= 1 // the check of the first record
  await fs.writeFile(packOf(home, 0), bytes)
  await using shelf = await home.open()
  await shelf.drop(node(...many).cid)
  expect(await shelf.gc({ signal: never })).toMatchObject({ freedBlocks: 9 })
  expect(await shelf.stat()).toMatchObject({ blocks: 1, diskBytes: 8 + 45 + 100 })
  expect(Buffer.compare(await shelf.get(lone.cid), lone.bytes)).toBe(0)
})

test('a lost node that is dropped leaves nothing behind, and takes nothing that another names', async () => {
  await using home = await shelfHome()
  await planted(home)
  {
    await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
    for (const name of await fs.readdir(path.join(home.dir, 'packs'))) {
      const file = path.join(home.dir, 'packs', name)
      const content = await fs.readFile(file)
      const found = content.indexOf(low.bytes)
      if (found < 0) continue
      content[found]! ^= 1
      await fs.writeFile(file, content)
    }
    await expect(shelf.get(low.cid)).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' })
    await shelf.drop(top.cid)
    await shelf.gc({ signal: never })
    expect(await shelf.has(all.map(block => block.cid))).toEqual([false, true, true, false, false, true, false])
    await shelf.gc({ signal: never })
    expect((await shelf.stat()).blocks).toBe(3)
  }
  expect((await auditShelf(home)).faults).toEqual([])
})

describe('the index', () => {
  test('a value that cannot be read is told, and nothing is guessed', async () => {
    await using home = await shelfHome()
    await planted(home)
    const keys: string[] = []
    for await (const { key } of home.store.list('')) keys.push(key)
    expect([...new Set(keys.map(key => key.split('/')[0]))]).toEqual(['block', 'pack', 'root', 'state'])
    for (const key of keys) {
      const value = (await home.store.get(key))!
      await home.store.put(key, Uint8Array.of(...value, 0x80))
      const codes = new Set<unknown>()
      try {
        await using shelf = await home.open({ maxPackBytes: MAX_PACK_BYTES })
        for (const { cid, bytes } of all) await shelf.get(cid).then(got => { expect(Buffer.compare(got, bytes)).toBe(0) }, (error: { code?: string }) => { codes.add(error.code) })
        for await (const { root } of shelf.roots()) expect(root).toBeDefined()
      } catch (e) {
        codes.add((e as { code?: string }).code)
      }
      expect([key, [...codes]]).toEqual([key, ['SHELF_DAMAGED']])
      await home.store.put(key, value)
    }
    await requireMended(home, 'whole again', false)
  })
})

test('a session that was damaged under its feet: what it put is put again', async () => {
  await using home = await shelfHome()
  await using shelf = await home.open()
  await using session = await shelf.begin()
  await putAll(session, all)
  await session.flush()
  await fs.truncate(packOf(home, 0), 100)
  await expect(shelf.get(top.cid)).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' })
  await expect(session.keep(top.cid, facts)).rejects.toMatchObject({ code: 'CHILD_MISSING' })
  await shelf.verify(undefined, { signal: never, repair: true })
  expect(await shelf.has(all.map(block => block.cid))).toEqual(all.map(() => false))
  await putAll(session, all)
  await session.keep(top.cid, facts)
  expect((await shelf.verify(top.cid, { signal: never })).damagedBlocks).toBe(0)
})

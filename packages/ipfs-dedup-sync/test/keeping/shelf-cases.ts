import * as fs from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import type { RootFacts, Shelf, ShelfSession } from '../../src/domain/keeping/shelf.ts'
import { leaf, node, noise, type MadeBlock } from './make-blocks.ts'

export const facts: RootFacts = { sizeBytes: 5, served: true }
export const never = new AbortController().signal

export async function putAll (session: ShelfSession, blocks: readonly MadeBlock[]): Promise<void> {
  for (const { cid, bytes } of blocks) await session.put(cid, bytes)
}

/** What every shelf does. @param dir a folder for files that are pointed into; the shelf reads them from the disk */
export function shelfCases (withShelf: (run: (shelf: Shelf, dir: string) => Promise<void>) => Promise<void>): void {
  const a = leaf('one')
  const b = leaf('two')
  const c = leaf('three')
  const ab = node(a, b)
  const bc = node(b, c)
  const top = node(ab, bc)
  const all = [a, b, c, ab, bc, top]

  const here = async (shelf: Shelf): Promise<string> => (await shelf.has(all.map(block => block.cid))).map(is => is ? '1' : '0').join('')
  const keepAll = async (shelf: Shelf, root: MadeBlock, blocks: readonly MadeBlock[]): Promise<void> => {
    await using session = await shelf.begin()
    await putAll(session, blocks)
    await session.keep(root.cid, facts)
  }

  test('what was put is there, once', async () => {
    await withShelf(async shelf => {
      await using session = await shelf.begin()
      expect(await session.put(a.cid, a.bytes)).toBe(true)
      expect(await session.put(a.cid, a.bytes, { compress: true })).toBe(false)
      expect(Buffer.from(await shelf.get(a.cid)).toString()).toBe('one')
      expect(Buffer.from(await session.get(a.cid)).toString()).toBe('one')
      expect(await here(shelf)).toBe('100000')
      expect(await shelf.has([])).toEqual([])
      expect([session.newBytes, session.newBlocks]).toEqual([3, 1])
      await expect(shelf.get(b.cid)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND', exit: 'notFound' })
    })
  })

  test('bytes that the caller changes afterwards are not changed here', async () => {
    await withShelf(async shelf => {
      await using session = await shelf.begin()
      const bytes = Uint8Array.from(a.bytes)
      await session.put(a.cid, bytes)
      bytes.fill(0)
      expect(Buffer.from(await shelf.get(a.cid)).toString()).toBe('one')
    })
  })

  test.each([['plain', {}], ['compressed', { compress: true }]])('blocks of all sizes and kinds come back, %s', async (_name, options) => {
    await withShelf(async shelf => {
      const blocks = [leaf(''), leaf('x'), leaf('long '.repeat(50_000)), leaf(noise('n', 70_000)), leaf(new Uint8Array(2 * 1024 * 1024))]
      {
        await using session = await shelf.begin()
        await Promise.all(blocks.map(async ({ cid, bytes }) => await session.put(cid, bytes, options)))
        await session.flush()
      }
      for (const { cid, bytes } of blocks) expect(Buffer.compare(await shelf.get(cid), bytes)).toBe(0)
    })
  })

  test('a node is taken only when all below it is there', async () => {
    await withShelf(async shelf => {
      await using session = await shelf.begin()
      await session.put(a.cid, a.bytes)
      await expect(session.put(ab.cid, ab.bytes)).rejects.toMatchObject({ code: 'CHILD_MISSING', message: `block ${b.cid} is not here` })
      await expect(session.keep(ab.cid, facts)).rejects.toMatchObject({ code: 'CHILD_MISSING' })
      await session.put(b.cid, b.bytes)
      expect(await session.put(ab.cid, ab.bytes)).toBe(true)
      expect(await here(shelf)).toBe('110100')
    })
  })

  test('what is no block of that CID is refused', async () => {
    await withShelf(async shelf => {
      await using session = await shelf.begin()
      await expect(session.put(a.cid, b.bytes)).rejects.toMatchObject({ code: 'BLOCK_MISMATCH', exit: 'refused' })
      await expect(session.park(ab.cid, bc.bytes)).rejects.toMatchObject({ code: 'BLOCK_MISMATCH', exit: 'refused' })
      const bad = leaf(Uint8Array.of(255, 255))
      const { blockId, digestOf } = await import('../../src/domain/keeping/block-id.ts')
      const badNode = blockId('node', digestOf(bad.cid))
      await expect(session.put(badNode, bad.bytes)).rejects.toMatchObject({ code: 'BLOCK_INVALID', exit: 'refused' })
      await expect(session.park(badNode, bad.bytes)).rejects.toMatchObject({ code: 'BLOCK_INVALID', exit: 'refused' })
      for (const cid of ['', 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG', a.cid.toUpperCase(), `${a.cid}a`, a.cid.slice(0, -1), 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy']) {
        await expect(session.put(cid, a.bytes)).rejects.toMatchObject({ code: 'CID_INVALID' })
        await expect(shelf.get(cid)).rejects.toMatchObject({ code: 'CID_INVALID' })
        await expect(shelf.has([cid])).rejects.toMatchObject({ code: 'CID_INVALID' })
      }
      expect(await here(shelf)).toBe('000000')
    })
  })

  test('a parked node is nobody\'s but the session\'s, until its children are there', async () => {
    await withShelf(async shelf => {
      await using session = await shelf.begin()
      await session.park(ab.cid, ab.bytes)
      await session.park(ab.cid, ab.bytes)
      expect(await here(shelf)).toBe('000000')
      await expect(shelf.get(ab.cid)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })
      expect(Buffer.from((await session.parked(ab.cid))!)).toEqual(Buffer.from(ab.bytes))
      expect(await session.parked(bc.cid)).toBeUndefined()
      await putAll(session, [a, b, ab])
      expect(await here(shelf)).toBe('110100')
      expect(await session.parked(ab.cid)).toBeUndefined()
      await session.park(ab.cid, ab.bytes)
      expect(await here(shelf)).toBe('110100')
    })
  })

  test('a parked node is there for a later session', async () => {
    await withShelf(async shelf => {
      { await using session = await shelf.begin(); await session.park(top.cid, top.bytes); await session.flush() }
      await using session = await shelf.begin()
      expect(Buffer.from((await session.parked(top.cid))!)).toEqual(Buffer.from(top.bytes))
    })
  })

  test('roots are kept with their facts, noted and dropped', async () => {
    await withShelf(async shelf => {
      await keepAll(shelf, top, all)
      const sha256 = new Uint8Array(32).fill(7)
      {
        await using session = await shelf.begin()
        await session.keep(top.cid, { sizeBytes: 11, served: false, sha256, name: 'größe.tar', of: 'k51x' })
        await session.keep(ab.cid, facts)
      }
      const listed = []
      for await (const kept of shelf.roots()) listed.push(kept)
      expect(listed.map(kept => kept.root).sort()).toEqual([ab.cid, top.cid].sort())
      const kept = (await shelf.root(top.cid))!
      expect({ ...kept, sha256: [...kept.sha256!] }).toEqual({ root: top.cid, atMs: kept.atMs, sizeBytes: 11, served: false, sha256: [...sha256], name: 'größe.tar', of: 'k51x' })
      await shelf.note(top.cid, ({ name: _name, of: _of, ...rest }) => ({ ...rest, served: true }))
      const noted = (await shelf.root(top.cid))!
      expect([noted.served, 'name' in noted, 'of' in noted, noted.sizeBytes, noted.atMs]).toEqual([true, false, false, 11, kept.atMs])
      await expect(shelf.note(bc.cid, old => old)).rejects.toMatchObject({ code: 'ROOT_UNKNOWN', exit: 'notFound' })
      expect(await shelf.drop(top.cid)).toBe(true)
      expect(await shelf.drop(top.cid)).toBe(false)
      expect(await shelf.root(top.cid)).toBeUndefined()
      expect((await shelf.stat()).roots).toBe(1)
    })
  })

  test('gc frees what no root has, and nothing that one has', async () => {
    await withShelf(async shelf => {
      await keepAll(shelf, top, all)
      { await using session = await shelf.begin(); await session.keep(top.cid, facts); await session.keep(bc.cid, facts) } // keeping twice is keeping once
      expect(await shelf.gc({ signal: never })).toEqual({ freedBytes: 0, freedBlocks: 0 })
      await shelf.drop(top.cid)
      expect(await shelf.gc({ signal: never })).toEqual({ freedBytes: top.bytes.length + ab.bytes.length + a.bytes.length, freedBlocks: 3 })
      expect(await here(shelf)).toBe('011010')
      await shelf.drop(bc.cid)
      await shelf.gc({ signal: never })
      expect(await here(shelf)).toBe('000000')
      expect(await shelf.stat()).toMatchObject({ roots: 0, blocks: 0, blockBytes: 0, looseBytes: 0 })
    })
  })

  test('gc spares what an open session put, parked or was told to be there, and frees it afterwards', async () => {
    await withShelf(async shelf => {
      await keepAll(shelf, top, all)
      await shelf.drop(top.cid)
      const lone = leaf('lone')
      const waiting = node(lone, leaf('absent'))
      {
        await using session = await shelf.begin()
        await session.put(lone.cid, lone.bytes)
        await session.park(waiting.cid, waiting.bytes)
        expect(await shelf.has([ab.cid])).toEqual([true])
        expect(await session.put(c.cid, c.bytes)).toBe(false)
        await shelf.gc({ signal: never })
        expect(await here(shelf)).toBe('111100')
        expect(await shelf.has([lone.cid])).toEqual([true])
        expect(await session.parked(waiting.cid)).toBeDefined()
        await putAll(session, [bc])
      }
      await shelf.gc({ signal: never })
      expect(await here(shelf)).toBe('000000')
      expect((await shelf.stat()).blocks).toBe(0)
    })
  })

  test('a leaf in a file of the user\'s own is there as long as the file is as it was', async () => {
    await withShelf(async (shelf, dir) => {
      const file = path.join(dir, 'own')
      await fs.writeFile(file, 'onetwothree')
      {
        await using session = await shelf.begin()
        const number = await session.openFile({ path: file, sizeBytes: 11, mtimeNs: 1_700_000_000_123_456_789n })
        expect(await session.point(a.cid, { file: number, offset: 0, sizeBytes: 3 })).toBe(true)
        expect(await session.point(a.cid, { file: number, offset: 0, sizeBytes: 3 })).toBe(false)
        await session.point(b.cid, { file: number, offset: 3, sizeBytes: 3 })
        await session.point(c.cid, { file: number, offset: 6, sizeBytes: 5 })
        await putAll(session, [ab, bc, top])
        await session.keep(top.cid, facts)
      }
      expect(Buffer.from(await shelf.get(c.cid)).toString()).toBe('three')
      await fs.writeFile(file, 'oneTWOthree')
      await expect(shelf.get(b.cid)).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' })
      expect(await here(shelf)).toBe('101000') // and no node above it is whole
      await expect(shelf.get(b.cid)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })
      {
        await using session = await shelf.begin()
        expect(Buffer.from((await session.parked(top.cid))!)).toEqual(Buffer.from(top.bytes))
        await expect(session.keep(top.cid, facts)).rejects.toMatchObject({ code: 'CHILD_MISSING' })
        expect(await session.put(b.cid, b.bytes)).toBe(true) // as a pull does
        for (const block of [ab, bc, top]) await session.put(block.cid, (await session.parked(block.cid))!)
        await session.keep(top.cid, facts)
      }
      expect(await here(shelf)).toBe('111111')
      await fs.rm(file)
      await expect(shelf.get(a.cid)).rejects.toMatchObject({ code: 'BLOCK_DAMAGED' })
      expect(await here(shelf)).toBe('010000')
      await shelf.drop(top.cid)
      await shelf.gc({ signal: never })
      expect(await here(shelf)).toBe('000000')
    })
  })

  test('verify reads everything, or everything below a root', async () => {
    await withShelf(async (shelf, dir) => {
      const file = path.join(dir, 'own')
      await fs.writeFile(file, 'one')
      await using session = await shelf.begin()
      await session.point(a.cid, { file: await session.openFile({ path: file, sizeBytes: 3, mtimeNs: 0n }), offset: 0, sizeBytes: 3 })
      await putAll(session, [b, c, ab, bc, top])
      await session.keep(top.cid, facts)
      const bytes = all.reduce((sum, block) => sum + block.bytes.length, 0)
      expect(await shelf.verify(undefined, { signal: never })).toEqual({ checkedBlocks: 6, checkedBytes: bytes, damagedBlocks: 0, damaged: [] })
      await fs.writeFile(file, 'ONE')
      expect(await shelf.verify(bc.cid, { signal: never })).toEqual({ checkedBlocks: 3, checkedBytes: 8 + bc.bytes.length, damagedBlocks: 0, damaged: [] })
      for (const root of [undefined, top.cid]) expect(await shelf.verify(root, { signal: never })).toEqual({ checkedBlocks: 6, checkedBytes: bytes - 3, damagedBlocks: 1, damaged: [a.cid] })
      expect(await here(shelf)).toBe('111111') // telling is not repairing
      expect((await shelf.verify(top.cid, { signal: never, repair: true })).damaged).toEqual([a.cid])
      expect(await here(shelf)).toBe('011010')
      await expect(shelf.verify(leaf('never').cid, { signal: never })).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND' })
    })
  })
}

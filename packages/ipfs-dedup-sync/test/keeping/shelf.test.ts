import * as fs from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { levelKeyValueStore } from '@ipkit/core/daemon/level-key-value-store'
import { ClassicLevel } from 'classic-level'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { Shelf } from '../../src/domain/keeping/shelf.ts'
import { leaf } from './make-blocks.ts'
import { shelfCases } from './shelf-cases.ts'
import { shelfHome } from './shelf-home.ts'

async function withFolder (run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'shelf-cases-'))
  try { await run(dir) } finally { await fs.rm(dir, { recursive: true }) }
}

describe('in memory', () => {
  const readFile = (file: string, offset: number, sizeBytes: number): Uint8Array | undefined => {
    try { return readFileSync(file).subarray(offset, offset + sizeBytes) } catch { return undefined }
  }
  shelfCases(async run => { await withFolder(async dir => { await run(new MemoryShelf(() => 0, readFile), dir) }) })
})

describe('in packs, the index in memory', () => {
  shelfCases(async run => {
    await using home = await shelfHome()
    await using shelf = await home.open()
    await run(shelf, home.dir)
  })
})

describe('in packs of a few blocks, the index in LevelDB, every session flushed', () => {
  shelfCases(async run => {
    await withFolder(async dir => {
      await using home = await shelfHome()
      const database = new ClassicLevel<string, Uint8Array>(path.join(dir, 'index'), { keyEncoding: 'utf8', valueEncoding: 'view' })
      await database.open()
      try {
        await using shelf = await home.open({ index: levelKeyValueStore(database, 'service/x/'), maxPackBytes: 300 })
        await run(flushing(shelf), home.dir)
      } finally {
        await database.close()
      }
    })
  })
})

test('of two that put the same at the same time one was first', async () => {
  await using home = await shelfHome()
  await using shelf = await home.open()
  const { cid, bytes } = leaf('once')
  await using one = await shelf.begin()
  await using other = await shelf.begin()
  const isNew = await Promise.all([one.put(cid, bytes), other.put(cid, bytes, { compress: true }), other.put(cid, bytes)])
  expect(isNew.filter(Boolean)).toEqual([true])
  expect(await shelf.stat()).toMatchObject({ blocks: 1, looseBytes: 4, diskBytes: 8 + 45 + 4 })
})

/** So that what is asked for stands on the disk. */
function flushing (shelf: Shelf): Shelf {
  return new Proxy(shelf, {
    get (target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function') return value
      if (name !== 'begin') return (value as () => unknown).bind(target)
      return async () => {
        const session = await target.begin()
        return new Proxy(session, {
          get (inner, key) {
            const member = Reflect.get(inner, key) as unknown
            if (typeof member !== 'function') return member
            return async (...args: unknown[]) => {
              const result = await (member as (...a: unknown[]) => Promise<unknown>).apply(inner, args)
              if (key === 'put' || key === 'park' || key === 'point') await inner.flush()
              return result
            }
          },
        })
      }
    },
  })
}

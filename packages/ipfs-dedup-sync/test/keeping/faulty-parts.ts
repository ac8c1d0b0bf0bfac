import { rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import type { BulkStore, KeyChange } from '@ipkit/core/daemon/service'
import { diskFs, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { faultyFs, Killed, type DiskFault, type FaultyFs } from '@ipkit/testkit/faulty-fs'

export interface IndexFault {
  /** Which write of the index, from 0. */
  readonly at: number
  /** 'kill': it does not happen; 'killed-after': it does, and nobody hears of it; 'full': it fails, and so does each later one. */
  readonly kind: 'kill' | 'killed-after' | 'full'
}

export interface FaultyParts {
  readonly fs: FaultyFs
  readonly index: BulkStore
  readonly writes: readonly number[]
  /** There is room again. */
  repair(): void
  /** The machine loses its power too: of each file only what was synced is left, and of the folder the files that it had when it was. */
  cutPower(): Promise<void>
}

/** A disk and an index that die together. */
export function faultyParts (store: BulkStore, { disk, index }: { readonly disk?: Omit<DiskFault, 'onReach'>, readonly index?: IndexFault } = {}): FaultyParts {
  let dead = false
  let repaired = false
  const writes: number[] = []
  const alive = <T>(act: () => T): T => {
    if (dead) throw new Killed('killed')
    return act()
  }
  const synced = new Map<string, number>()
  const unnamed = new Set<string>()
  const watched = (file: string, handle: StorageFile): StorageFile => {
    const note = async (): Promise<void> => { synced.set(file, (await handle.stat()).size) }
    return {
      read: async (...args) => await handle.read(...args),
      write: async (...args) => await handle.write(...args),
      truncate: async size => { await handle.truncate(size) },
      stat: async () => await handle.stat(),
      close: async () => { await handle.close() },
      datasync: async () => { await handle.datasync(); await note() },
      sync: async () => {
        if (path.extname(file) === '') unnamed.clear()
        await handle.sync()
        await note()
      },
    }
  }
  const inner: StorageFs = {
    ...diskFs,
    open: async (file, flags, mode) => {
      alive(() => {})
      const handle = await diskFs.open(file, flags, mode)
      if (flags === 'wx') {
        unnamed.add(file)
        synced.set(file, 0)
      } else if (!synced.has(file)) synced.set(file, (await handle.stat()).size)
      return watched(file, handle)
    },
    unlink: async file => {
      await alive(async () => { await diskFs.unlink(file) })
      synced.delete(file)
      unnamed.delete(file)
    },
    mkdir: async (dir, options) => await alive(async () => await diskFs.mkdir(dir, options)),
    readdir: async dir => await alive(async () => await diskFs.readdir(dir)),
  }
  const fs = faultyFs(disk === undefined ? undefined : { ...disk, onReach: () => { dead = true } }, inner)
  return {
    fs,
    writes,
    repair () {
      repaired = true
      fs.repair()
    },
    async cutPower () {
      for (const [file, sizeBytes] of synced) {
        if (unnamed.has(file)) await rm(file, { force: true })
        else if (path.extname(file) !== '') await truncate(file, sizeBytes)
      }
    },
    index: {
      get: async key => await alive(async () => await store.get(key)),
      getMany: async keys => await alive(async () => await store.getMany(keys)),
      put: async () => { throw new Error('one at a time') },
      delete: async () => { throw new Error('one at a time') },
      async batch (changes: readonly KeyChange[]) {
        alive(() => {})
        writes.push(changes.length)
        const isIt = index !== undefined && writes.length - 1 >= index.at
        if (isIt && index.kind === 'full' && !repaired) throw new Error('IO error: 000007.log: write', { cause: new Error('No space left on device') })
        if (isIt && index.kind !== 'full') {
          dead = true
          if (index.kind === 'killed-after') await store.batch(changes)
          throw new Killed('killed at the index')
        }
        await store.batch(changes)
      },
      async * list (prefix) { yield * alive(() => store.list(prefix)) },
    },
  }
}

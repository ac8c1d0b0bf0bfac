import type { BulkStore, KeyChange } from '@ipkit/core/daemon/service'
import { diskFs, type StorageFs } from '@ipkit/core/storage/storage-fs'
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
  const inner: StorageFs = new Proxy(diskFs, {
    get: (fs, name) => (...args: unknown[]) => alive(() => (Reflect.get(fs, name) as (...a: unknown[]) => unknown)(...args)),
  })
  const fs = faultyFs(disk === undefined ? undefined : { ...disk, onReach: () => { dead = true } }, inner)
  return {
    fs,
    writes,
    repair () {
      repaired = true
      fs.repair()
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

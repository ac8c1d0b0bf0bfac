import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { BulkStore } from '@ipkit/core/daemon/service'
import { diskFs, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { openPackShelf } from '../../src/adapters/open-pack-shelf.ts'
import type { PackShelf } from '../../src/adapters/pack-shelf.ts'

/** A folder and an index that outlive the shelf in them. */
export interface ShelfHome extends AsyncDisposable {
  readonly dir: string
  readonly store: BulkStore
  open(options?: { readonly fs?: StorageFs, readonly index?: BulkStore, readonly maxPackBytes?: number }): Promise<PackShelf>
}

export async function shelfHome (): Promise<ShelfHome> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'shelf-'))
  const store = memoryKeyValueStore()
  return {
    dir,
    store,
    open: async ({ fs: storage = diskFs, index = store, maxPackBytes } = {}) => await openPackShelf({ folder: dir, index, fs: storage, nowMs: () => 1000, ...maxPackBytes === undefined ? {} : { maxPackBytes } }),
    [Symbol.asyncDispose]: async () => { await fs.rm(dir, { recursive: true }) },
  }
}

import type { KeyValueStore } from '@ipkit/core/daemon/service'

export interface FaultyStore extends KeyValueStore {
  /** Puts and deletes so far, by key: the number of a run without a fault is the number of places to fail it. */
  readonly writes: readonly string[]
}

/**
 * A store whose write number `at` (from 0) does not happen. 'kill': nor does anything after it, reading neither; 'full': this one and each later put
 * fails as a full disk does, deletes work.
 */
export function faultyStore (inner: KeyValueStore, fault?: { readonly at: number, readonly kind: 'kill' | 'full' }): FaultyStore {
  const writes: string[] = []
  const isDead = (): boolean => fault?.kind === 'kill' && writes.length > fault.at
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead()) throw new Error('killed')
    return await work()
  }
  return {
    writes,
    get: async key => await alive(async () => await inner.get(key)),
    async put (key, value) {
      writes.push(key)
      if (fault?.kind === 'full' && writes.length > fault.at) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      await alive(async () => { await inner.put(key, value) })
    },
    async delete (key) {
      writes.push(key)
      await alive(async () => { await inner.delete(key) })
    },
    async * list (prefix) { yield * inner.list(prefix) },
  }
}

import type { KeyValueStore } from '@ipkit/core/daemon/service'

/** The part of `store` under `prefix`, with keys of its own. @param prefix ends in a slash */
export function prefixedStore (store: KeyValueStore, prefix: string): KeyValueStore {
  return {
    get: async key => await store.get(prefix + key),
    put: async (key, value) => { await store.put(prefix + key, value) },
    delete: async key => { await store.delete(prefix + key) },
    async * list (below) {
      for await (const { key, value } of store.list(prefix + below)) yield { key: key.slice(prefix.length), value }
    },
  }
}

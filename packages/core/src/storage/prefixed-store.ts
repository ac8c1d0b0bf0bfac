import type { BulkStore, KeyValueStore } from '../daemon/service.ts'

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

/** As `prefixedStore`. */
export function prefixedBulkStore (store: BulkStore, prefix: string): BulkStore {
  return {
    ...prefixedStore(store, prefix),
    getMany: async keys => await store.getMany(keys.map(key => prefix + key)),
    batch: async changes => { await store.batch(changes.map(({ key, value }) => ({ key: prefix + key, value }))) },
  }
}

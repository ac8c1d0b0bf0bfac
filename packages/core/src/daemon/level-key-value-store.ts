import type { ClassicLevel } from 'classic-level'
import type { BulkStore } from './service.ts'

/** A part of the home's LevelDB. A write is on disk when its promise resolves. @param prefix ends in a character that no prefix has before its end: `service/burn/` */
export function levelKeyValueStore (database: ClassicLevel<string, Uint8Array>, prefix: string): BulkStore {
  return {
    get: async key => await database.get(prefix + key),
    put: async (key, value) => { await database.put(prefix + key, value, { sync: true }) },
    delete: async key => { await database.del(prefix + key, { sync: true }) },
    getMany: async keys => await database.getMany(keys.map(key => prefix + key)),
    async batch (changes) {
      await database.batch(changes.map(({ key, value }) => value === undefined
        ? { type: 'del' as const, key: prefix + key }
        : { type: 'put' as const, key: prefix + key, value }), { sync: true })
    },
    async * list (keyPrefix) {
      const start = prefix + keyPrefix
      for await (const [key, value] of database.iterator({ gte: start })) {
        if (!key.startsWith(start)) return
        yield { key: key.slice(prefix.length), value }
      }
    },
  }
}

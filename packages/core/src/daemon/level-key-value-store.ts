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
      const batch = database.batch() // an array of changes costs three times as much
      for (const { key, value } of changes) {
        if (value === undefined) batch.del(prefix + key)
        else batch.put(prefix + key, value)
      }
      await batch.write({ sync: true })
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

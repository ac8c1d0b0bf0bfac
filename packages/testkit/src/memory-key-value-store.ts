import type { BulkStore } from '@ipkit/core/daemon/service'

export function memoryKeyValueStore (): BulkStore & { readonly size: number } {
  const values = new Map<string, Uint8Array>()
  return {
    get size () { return values.size },
    async get (key) { return values.get(key) },
    async put (key, value) { values.set(key, Uint8Array.from(value)) },
    async delete (key) { values.delete(key) },
    async getMany (keys) { return keys.map(key => values.get(key)) },
    async batch (changes) {
      for (const { key, value } of changes) {
        if (value === undefined) values.delete(key)
        else values.set(key, Uint8Array.from(value))
      }
    },
    async * list (prefix) {
      for (const key of [...values.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
        const value = values.get(key)
        if (key.startsWith(prefix) && value !== undefined) yield { key, value }
      }
    },
  }
}

import type { KeyValueStore } from '@ipkit/core/daemon/service'

export function memoryKeyValueStore (): KeyValueStore & { readonly size: number } {
  const values = new Map<string, Uint8Array>()
  return {
    get size () { return values.size },
    async get (key) { return values.get(key) },
    async put (key, value) { values.set(key, Uint8Array.from(value)) },
    async delete (key) { values.delete(key) },
    async * list (prefix) {
      for (const key of [...values.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
        const value = values.get(key)
        if (key.startsWith(prefix) && value !== undefined) yield { key, value }
      }
    },
  }
}

import { decodeBase64url, encodeBase64url } from '@ipkit/core/schema/base64url'

/** The reader key of a message that is being opened, so that a reload within the lease can go on. Gone with the tab. */
export interface KeptKeys {
  get(id: Uint8Array): Uint8Array | undefined
  keep(id: Uint8Array, key: Uint8Array): void
  drop(id: Uint8Array): void
}

/** What the page uses of the browser's `Storage`. */
export interface TextStore {
  getItem(name: string): string | null
  setItem(name: string, text: string): void
  removeItem(name: string): void
}

/** @param store may be missing or throw (a browser set to keep nothing): then a key lives as long as the page */
export function keptKeys (store: TextStore | undefined): KeptKeys {
  const memory = new Map<string, Uint8Array>()
  const nameOf = (id: Uint8Array): string => `burn/${encodeBase64url(id)}`
  const quietly = <T>(work: () => T): T | undefined => { try { return work() } catch { return undefined } }
  return {
    get (id) {
      const found = memory.get(nameOf(id)) ?? quietly(() => {
        const text = store?.getItem(nameOf(id)) ?? undefined
        return text === undefined ? undefined : decodeBase64url(text)
      })
      return found?.length === 32 ? found : undefined
    },
    keep (id, key) {
      memory.set(nameOf(id), key)
      quietly(() => { store?.setItem(nameOf(id), encodeBase64url(key)) })
    },
    drop (id) {
      memory.delete(nameOf(id))
      quietly(() => { store?.removeItem(nameOf(id)) })
    },
  }
}

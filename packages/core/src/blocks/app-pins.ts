import type { KeyValueStore, ServiceBlocks } from '../daemon/service.ts'
import type { BlockStore } from './block-store.ts'
import { parseCid } from './check-block.ts'

/**
 * The node's blocks as one service sees them. A pin belongs to the service that set it; a block goes with its last pin, so that one
 * tool's clean-up never drops what another one keeps. All views of one store must come from the same `appPins`.
 */
export interface AppPins {
  blocksOf(service: string): ServiceBlocks
  /** Pins by service; reads all of them. */
  counts(): Promise<ReadonlyMap<string, number>>
  /** Opens the store now, and so serves what is in it, instead of at the first use. */
  open(): Promise<void>
}

/** @param pins keys `<cid>/<service>`; durable when it is */
export function appPins (store: () => Promise<BlockStore>, pins: KeyValueStore): AppPins {
  // Pin and unpin of one block must not overlap: the last unpin deletes it.
  const busy = new Map<string, Promise<unknown>>()
  const alone = async <T>(cid: string, work: () => Promise<T>): Promise<T> => {
    const result = (busy.get(cid) ?? Promise.resolve()).then(work)
    const settled = result.catch(() => {})
    busy.set(cid, settled)
    try {
      return await result
    } finally {
      if (busy.get(cid) === settled) busy.delete(cid)
    }
  }
  const isPinned = async (cid: string): Promise<boolean> => {
    for await (const _ of pins.list(`${cid}/`)) return true
    return false
  }
  return {
    open: async () => { await store() },
    async counts () {
      const counts = new Map<string, number>()
      for await (const { key } of pins.list('')) {
        const service = key.slice(key.indexOf('/') + 1)
        counts.set(service, (counts.get(service) ?? 0) + 1)
      }
      return counts
    },
    blocksOf: service => ({
      get: async (cid, options) => await (await store()).get(cid, options),
      put: async (cid, bytes) => { await alone(cid, async () => { await (await store()).put(cid, bytes) }) },
      has: async cid => await (await store()).has(cid),
      async pin (cid) {
        parseCid(cid)
        await alone(cid, async () => { await pins.put(`${cid}/${service}`, new Uint8Array(0)) })
      },
      async unpin (cid) {
        parseCid(cid)
        await alone(cid, async () => {
          const key = `${cid}/${service}`
          if (await pins.get(key) === undefined) return
          await pins.delete(key)
          if (!await isPinned(cid)) await (await store()).delete(cid)
        })
      },
    }),
  }
}

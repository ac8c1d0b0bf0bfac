import type { KadDHT, QueryEvent } from '@libp2p/kad-dht'
import type { ServiceValueStore } from '../daemon/service.ts'
import { AppError } from '../errors/app-error.ts'

/** kad-dht has it, its interface does not. */
interface WithTable { readonly routingTable: { readonly size: number } }

/**
 * The DHTs that are on, by name, as stores of values. A put resolves as if it had worked when nobody took the value, or when it went to peers that drop it, so
 * it is looked up again. Both are the network's time to spend: give a signal.
 */
export function dhtValueStore (dhts: Readonly<Record<string, KadDHT>>): ServiceValueStore {
  const named = (store: string): KadDHT => {
    const dht = dhts[store]
    if (dht === undefined) throw new RangeError(`no store '${store}' is on; those that are: ${Object.keys(dhts).join(', ')}`)
    return dht
  }
  return {
    stores: Object.keys(dhts),
    async put (store, key, value, { signal } = {}) {
      const dht = named(store)
      if (isEmpty(dht)) throw notStored(store, 'it has no peers')
      const takers = new Set<string>()
      try {
        for await (const event of dht.put(key, value, asOptions(signal))) {
          if (holds(event, value)) takers.add(event.from.toString())
        }
        if (takers.size === 0) throw notStored(store, 'no peer took it')
        for await (const event of dht.get(key, asOptions(signal))) {
          if (holds(event, value) && takers.has(event.from.toString())) return
        }
      } catch (e) {
        signal?.throwIfAborted()
        throw notStored(store, takers.size === 0 ? 'no peer took it' : 'it could not be read back', e)
      }
      throw notStored(store, `of ${takers.size} peers that took it none gave it back`)
    },
    async * get (store, key, { signal } = {}) {
      const dht = named(store)
      if (isEmpty(dht)) return
      try {
        for await (const event of dht.get(key, asOptions(signal))) {
          if (event.name === 'PEER_RESPONSE' && event.record !== undefined) yield Uint8Array.from(event.record.value)
        }
      } catch (e) {
        signal?.throwIfAborted()
        if ((e as Error).name !== 'QueryError') throw e // a peer did not take the correction that follows a lookup
      }
    },
  }
}

const isEmpty = (dht: KadDHT): boolean => (dht as unknown as WithTable).routingTable.size === 0

/** A peer says that it holds this value: it echoes what it has stored, or answers with it. */
const holds = (event: QueryEvent, value: Uint8Array): event is QueryEvent & { readonly name: 'PEER_RESPONSE' } =>
  event.name === 'PEER_RESPONSE' && event.record !== undefined && Buffer.compare(event.record.value, value) === 0

const asOptions = (signal: AbortSignal | undefined): { signal?: AbortSignal } => signal === undefined ? {} : { signal }

function notStored (store: string, why: string, cause?: unknown): AppError {
  return new AppError('VALUE_NOT_STORED', `the ${store} does not have the value: ${why}`, { exit: 'unreachable', cause })
}

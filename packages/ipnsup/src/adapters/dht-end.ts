/** A DHT as somebody to ask and to hand records to. Spec: docs/protocols/ipnsup.md, "DHT". */
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import { compareRecords } from '@ipkit/core/names/choose-record'
import { routingKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES, type VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import type { RecordPlace, RecordSource } from '../domain/exchange.ts'
import { MAX_DHT_VALUES } from '../domain/wire-limits.ts'

/** @param store one of `valueStore.stores`; its label too */
export function dhtEnd ({ valueStore }: Pick<ServiceScope, 'valueStore'>, store: string): RecordSource & RecordPlace {
  return {
    label: store,
    /** When the time is over, the best of what has come until then is the answer. */
    async ask (name, signal) {
      const seen = new Set<string>()
      let best: VerifiedRecord | undefined
      try {
        for await (const value of valueStore.get(store, routingKey(name), { signal })) {
          if (value.length > MAX_RECORD_BYTES || seen.has(keyOf(value))) continue
          seen.add(keyOf(value))
          const record = await readAuthentic(name, value)
          if (record !== undefined && (best === undefined || compareRecords(best, record) < 0)) best = record
          if (seen.size === MAX_DHT_VALUES) break
        }
      } catch (e) {
        if (best === undefined) throw e
      }
      return best?.bytes
    },
    async put (name, record, signal) {
      await valueStore.put(store, routingKey(name), record, { signal })
    },
  }
}

/** Anybody may have put anything under the key. */
async function readAuthentic (name: IpnsName, bytes: Uint8Array): Promise<VerifiedRecord | undefined> {
  try {
    return await verifyRecord(name, bytes)
  } catch (e) {
    if (!isAppError(e)) throw e
    return undefined
  }
}

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** A peer as somebody to ask and to hand records to. Spec: docs/protocols/ipnsup.md, "Peers". */
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { routingKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import type { RecordPlace, RecordSource } from '../domain/exchange.ts'
import { askRecord, handRecord } from '../protocol.ts'
import { IPNSUP_PROTOCOL } from '../wire.ts'

export type PeerScope = Pick<ServiceScope, 'net' | 'fetch' | 'clock'>

/**
 * Asks by our own protocol, and by libp2p's fetch where a peer does not speak it, as a Kubo with IPNS over pubsub; hands over by our own alone, since fetch only reads.
 * @param peer multiaddrs (one peer's), or the id of a connected one
 * @param protocols what it has told; undefined where that is not known
 */
export function peerEnd (scope: PeerScope, peer: readonly string[], label: string, protocols?: readonly string[]): RecordSource & RecordPlace {
  const { net, fetch, clock } = scope
  const ours = async <T>(signal: AbortSignal, talk: (channel: Awaited<ReturnType<typeof net.open>>) => Promise<T>): Promise<T> => {
    const channel = await net.open(peer, IPNSUP_PROTOCOL, { signal })
    try {
      const result = await talk(channel)
      await channel[Symbol.asyncDispose]()
      return result
    } catch (e) {
      channel.abort(e as Error)
      throw e
    }
  }
  const byFetch = async (name: IpnsName, signal: AbortSignal): Promise<Uint8Array | undefined> => {
    const found = await fetch.ask(peer, routingKey(name), { signal })
    if (found !== undefined && found.length > MAX_RECORD_BYTES) throw new AppError('RECORD_TOO_LARGE', `the peer gave ${found.length} bytes; the limit is ${MAX_RECORD_BYTES}`, { exit: 'refused' })
    return found === undefined || found.length === 0 ? undefined : found
  }
  return {
    label,
    async ask (name, signal) {
      if (protocols?.includes(IPNSUP_PROTOCOL) === false) return await byFetch(name, signal)
      try {
        return await ours(signal, async channel => await askRecord({ clock, signal }, channel, name))
      } catch (e) {
        if (!isAppError(e) || e.code !== 'PEER_NO_PROTOCOL') throw e
        return await byFetch(name, signal)
      }
    },
    async put (name, record, signal) {
      await ours(signal, async channel => await handRecord({ clock, signal }, channel, name, record))
    },
  }
}

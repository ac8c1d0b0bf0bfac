import { createHash } from 'node:crypto'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { ServiceScope } from '@ipkit/core/daemon/service'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import type { Shelf } from '../domain/keeping/shelf.ts'
import { pullRoot } from '../domain/moving/pull-root.ts'
import { trafficSince, type Traffic } from '../domain/moving/traffic.ts'
import type { LineDeps } from '../domain/moving/peer-line.ts'
import type { Mover, Place, Work } from '../domain/syncing/sync-ports.ts'
import { pullOverBitswap } from './pull-over-bitswap.ts'
import { askHead, offerRoot } from '../protocol.ts'
import { DEDUP_SYNC_PROTOCOL } from '../wire.ts'
import { zlibSqueeze } from './zlib-squeeze.ts'

export interface NetMoverDeps {
  readonly scope: Pick<ServiceScope, 'peers' | 'net' | 'clock' | 'ephemeralHost' | 'blocks'>
  readonly shelf: Shelf
}

/** Nobody who speaks the protocol could be asked. */
const OTHERS_MAY_HAVE = ['PEER_NO_PROTOCOL', 'NO_PEERS']

/** The protocol over the node's connections; other IPFS nodes over bitswap where nobody speaks it. */
export function netMover ({ scope, shelf }: NetMoverDeps): Mover {
  const { peers, net, clock } = scope
  const traffic = (): ReadonlyMap<string, Traffic> => peers.traffic()
  const peerIdOf = (place: Place): string | undefined => place.map(address => /(?:^|\/p2p\/)([^/]+)$/.exec(address)?.[1]).find(id => id !== undefined)
  const open = async (place: Place, signal: AbortSignal): Promise<ByteChannel> => await net.open(place, DEDUP_SYNC_PROTOCOL, { signal })
  const talk = async <T>(place: Place, signal: AbortSignal, work: (line: LineDeps, channel: ByteChannel) => Promise<T>): Promise<T> => {
    const channel = await open(place, signal)
    try {
      const result = await work({ clock, squeeze: zlibSqueeze, signal }, channel)
      await channel[Symbol.asyncDispose]()
      return result
    } catch (e) {
      channel.abort(e as Error)
      throw e
    }
  }
  const stepOf = (step: string, { onProgress }: Work) => (doneBytes: number, totalBytes: number): void => { onProgress({ step, doneBytes, totalBytes }) }
  return {
    inReach: () => peers.list().filter(({ protocols }) => protocols.includes(DEDUP_SYNC_PROTOCOL)).map(({ peerId }) => [peerId]),
    othersInReach: () => peers.list().some(({ protocols }) => !protocols.includes(DEDUP_SYNC_PROTOCOL)),
    onReach: handler => peers.onConnect(() => { handler() }),
    peerIdOf,
    askHead: async (place, name, range, signal) => await talk(place, signal, async (line, channel) => await askHead(line, channel, name, range)),
    async pull ({ root, have, places, session, dryRun }, work) {
      const deps = { shelf, session, clock, sha256: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest(), signal: work.signal, onProgress: stepOf('fetching', work) }
      try {
        return await pullRoot({ ...deps, net: { open, traffic }, squeeze: zlibSqueeze }, { root, have, peers: places, dryRun })
      } catch (e) {
        if (dryRun || !OTHERS_MAY_HAVE.includes(codeOf(e) ?? '')) throw e
        return await pullOverBitswap({ scope, ...deps }, root, places)
      }
    },
    async push (place, offer, work) {
      const before = traffic()
      return await talk(place, work.signal, async (line, channel) => {
        const { roundTrips } = await offerRoot({ ...line, onProgress: stepOf('the peer fetches it', work) }, channel, offer)
        return { ...trafficSince(before, traffic(), [channel.remotePeer]), roundTrips, newBytes: 0, dropped: [] }
      })
    },
    traffic (places) {
      const before = traffic()
      const ids = places.flatMap(place => peerIdOf(place) ?? [])
      return () => trafficSince(before, traffic(), ids)
    },
  }
}

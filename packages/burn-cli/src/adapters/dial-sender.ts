/** Reaches a sender from a throw-away peer of its own for each message, or from this node when the link is addressed to it. */
import { AppError } from '@ipkit/core/errors/app-error'
import type { EphemeralHost, ServiceScope } from '@ipkit/core/daemon/service'
import { formatPeerAddress, parsePeerAddress } from '@ipkit/core/link/peer-address'
import type { ReadingDeps } from '../domain/reading.ts'
import { BURN_PROTOCOL } from '../wire.ts'

export interface SenderDial extends Pick<ReadingDeps, 'dial' | 'hangUp'>, AsyncDisposable {}

export function dialSender (scope: Pick<ServiceScope, 'net' | 'ephemeralHost'>): SenderDial {
  const hosts = new Map<string, Promise<EphemeralHost>>()

  return {
    async dial (id, sender, addresses, addressed, signal) {
      const peer = addresses.map(text => withPeer(text, sender))
      if (addressed) return { channel: await scope.net.open(peer, BURN_PROTOCOL, { signal }), reader: scope.net.peerId }
      let host = hosts.get(id)
      if (host === undefined) {
        host = scope.ephemeralHost({})
        host.catch(() => { hosts.delete(id) })
        hosts.set(id, host)
      }
      const { peerId, open } = await host
      return { channel: await open(peer, BURN_PROTOCOL, { signal }), reader: peerId }
    },

    async hangUp (id) {
      const host = hosts.get(id)
      hosts.delete(id)
      await (await host)?.[Symbol.asyncDispose]()
    },

    async [Symbol.asyncDispose] () {
      for (const id of [...hosts.keys()]) await this.hangUp(id).catch(() => {})
    },
  }
}

/** Only the sender may answer: its peer id stands in every address that is dialled. @throws AppError ADDRESS_INVALID, PEER_MISMATCH */
export function withPeer (text: string, sender: string): string {
  const address = parsePeerAddress(text)
  if (address.peerId !== undefined && address.peerId !== sender) {
    throw new AppError('PEER_MISMATCH', `${text} is not the sender's address: the link names ${sender}`, { exit: 'usage', hints: ['give an address of the peer that the link names'] })
  }
  return formatPeerAddress({ ...address, peerId: sender })
}

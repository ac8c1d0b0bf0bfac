import { AppError } from '@ipkit/core/errors/app-error'
import type { ServiceScope } from '@ipkit/core/daemon/service'
import type { Mover } from '../domain/syncing/sync-ports.ts'

const PROTOCOL = '/ipkit/dedup-sync/1.0.0'
const nobody = (): AppError => new AppError('ROOT_NOT_FOUND', 'nobody can be asked yet', { exit: 'notFound' })

/** Interim. */
export function netMover (scope: Pick<ServiceScope, 'peers' | 'net'>): Mover {
  return {
    inReach: () => scope.peers.list().filter(({ protocols }) => protocols.includes(PROTOCOL)).map(({ peerId }) => [peerId]),
    onReach: handler => scope.peers.onConnect(() => { handler() }),
    peerIdOf: place => place.map(address => /(?:^|\/p2p\/)([^/]+)$/.exec(address)?.[1]).find(id => id !== undefined),
    askHead: async () => { throw nobody() },
    pull: async () => { throw nobody() },
    push: async () => { throw nobody() },
    traffic: () => () => ({ receivedBytes: 0, sentBytes: 0 }),
  }
}

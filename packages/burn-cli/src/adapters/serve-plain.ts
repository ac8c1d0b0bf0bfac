import { AppError } from '@ipkit/core/errors/app-error'
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import type { PlainKeeperDeps } from '../domain/kept-plain.ts'

/** A libp2p host of its own for each plain message: its key, its port, its blocks and nothing else. */
export function servePlain (scope: Pick<ServiceScope, 'ephemeralHost'>): PlainKeeperDeps['serve'] {
  return async (seed, port, bitswap) => {
    const host = await scope.ephemeralHost({ seed, listen: 'node', bitswap, ...port === undefined ? {} : { port } })
    const elsewhere = host.addresses().find(text => port !== undefined && parsePeerAddress(text).port !== port)
    if (elsewhere === undefined) return host
    await host[Symbol.asyncDispose]()
    throw new AppError('LISTEN_FAILED', `port ${port}, which the message's link names, is taken by another program`, { hints: ['free the port: the message is served again within a minute'] })
  }
}

import os from 'node:os'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p } from '@libp2p/interface'
import type { BitswapGate, EphemeralHost, EphemeralHostOptions, ServiceLog } from '../daemon/service.ts'
import { AppError } from '../errors/app-error.ts'
import { toLibp2pKey } from '../identity/libp2p-key.ts'
import { PeerKey, SEED_BYTES } from '../identity/peer-key.ts'
import { formatPeerAddress } from '../link/peer-address.ts'
import { askBlock, askHave } from './bitswap-ask.ts'
import { serveBitswap } from './bitswap-responder.ts'
import { createLeanLibp2p } from './lean-libp2p.ts'
import { planListen } from './listen-ports.ts'
import { connectPeer, openChannel } from './open-channel.ts'
import { ownAddresses } from './own-addresses.ts'
import { TrafficBook } from './traffic-book.ts'

export interface EphemeralHostDeps {
  readonly log: ServiceLog
  randomBytes(sizeBytes: number): Uint8Array
}

export interface HostOptions extends Omit<EphemeralHostOptions, 'listen' | 'port'> {
  /** Multiaddrs; port 0 is any. */
  readonly listen?: readonly string[]
}

/**
 * A throw-away libp2p host: a key of its own, nothing kept, no connection shared with the node's own. It tells a peer nothing that leads to
 * the node's peer id. Without `listen` nobody can dial it, and it does not identify itself.
 */
export async function createEphemeralHost (options: HostOptions, deps: EphemeralHostDeps): Promise<EphemeralHost> {
  const key = new PeerKey(options.seed ?? deps.randomBytes(SEED_BYTES))
  const plan = await planListen(options.listen ?? [], {})
  const admits = options.bitswap?.admits?.bind(options.bitswap)
  const node = await createLeanLibp2p({
    privateKey: toLibp2pKey(key),
    listen: plan.addresses,
    ...(admits === undefined ? {} : { admits }),
    ...(plan.addresses.length === 0 ? {} : { services: { identify: identify() } }), // other clients look for the protocols we speak
  })
  const traffic = new TrafficBook(node)
  const stopping = new AbortController()
  if (options.bitswap !== undefined) await serveBitswap(node, admits === undefined ? options.bitswap : keepOut(node, options.bitswap, admits), stopping.signal, deps.log)
  await node.start()
  const listening = plan.addresses.map(text => ({ ip: text.split('/')[2]!, port: Number(text.split('/')[4]) }))
  let lastQuestion: Promise<unknown> = Promise.resolve()
  let stopped: Promise<void> | undefined
  const inTurn = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (options.bitswap !== undefined) throw new Error('a host that serves bitswap cannot ask: answers come to the same protocol')
    const asking = lastQuestion.then(ask)
    lastQuestion = asking.catch(() => {})
    return await asking
  }
  return {
    peerId: key.peerId,
    addresses: () => ownAddresses(listening, os.networkInterfaces()).map(address => formatPeerAddress({ ...address, peerId: key.peerId })),
    open: async (peer, protocol, { signal } = {}) => await openChannel(node, peer, protocol, signal),
    bitswapHas: async (peer, cid, { signal } = {}) => await inTurn(async () => await askHave(node, await connectPeer(node, peer, signal), cid, signal)),
    bitswapGet: async (peer, cid, { signal } = {}) => await inTurn(async () => await askBlock(node, await connectPeer(node, peer, signal), cid, signal)),
    traffic: () => traffic.totals(),
    async [Symbol.asyncDispose] () {
      stopping.abort(new AppError('HOST_STOPPING', 'the host is stopping', { exit: 'unreachable' }))
      stopped ??= Promise.resolve(node.stop())
      await stopped
    },
  }
}

/** The gate, which closes the connections of those that it admits no more. Those who come later meet the connection gater. */
function keepOut (node: Libp2p, gate: BitswapGate, admits: (peer: string) => boolean): BitswapGate {
  const close = (connection: Connection): void => {
    if (!admits(connection.remotePeer.toString())) connection.abort(new AppError('NOT_ADMITTED', 'the peer is not admitted'))
  }
  node.addEventListener('connection:open', ({ detail }) => { close(detail) }) // admitted no more since its handshake
  return {
    async get (cid, peer, want) {
      const bytes = await gate.get(cid, peer, want)
      for (const connection of node.getConnections()) close(connection)
      return bytes
    },
    sent: async (cid, peer) => { await gate.sent?.(cid, peer) },
  }
}

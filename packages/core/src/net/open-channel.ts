import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { AppError } from '../errors/app-error.ts'
import type { ByteChannel } from './byte-channel.ts'
import { libp2pChannel } from './libp2p-channel.ts'
import { DIAL_TIMEOUT_MS, NEGOTIATION_TIMEOUT_MS } from './limits.ts'
import { peerError } from './peer-error.ts'
import { dialThroughRelays, isRelayed } from './relays.ts'

/**
 * Connects, or uses a connection there is.
 * @param peer multiaddrs (one peer's) or one peer id that is connected @throws AppError PEER_UNREACHABLE, PEER_REFUSED
 */
export async function connectPeer (node: Libp2p, peer: readonly string[], signal?: AbortSignal): Promise<Connection> {
  signal?.throwIfAborted()
  const target = parseTarget(peer)
  try {
    if (peer.some(isRelayed)) {
      await dialThroughRelays(node)
      // libp2p would dial again: it does not count a limited connection as one.
      const open = openThroughRelay(node, peer)
      if (open !== undefined) return open
    }
    return await node.dial(target, { signal: within(signal, DIAL_TIMEOUT_MS) })
  } catch (e) {
    throw peerError(e, undefined, signal)
  }
}

/** @param peer see `connectPeer` @throws AppError PEER_UNREACHABLE, PEER_REFUSED, PEER_NO_PROTOCOL */
export async function openChannel (node: Libp2p, peer: readonly string[], protocol: string, signal?: AbortSignal): Promise<ByteChannel> {
  const known = new Set(node.getConnections().map(connection => connection.id))
  const connection = await connectPeer(node, peer, signal)
  try {
    return await openOn(connection, protocol, signal)
  } catch (e) {
    if (!known.has(connection.id) || isRefusal(e, signal)) throw peerError(e, protocol, signal, connection)
    // A connection from before that answers no more: the peer's machine may have slept, or changed its network.
    connection.abort(new AppError('PEER_HUNG_UP', 'the connection to the peer answers no more', { exit: 'unreachable' }))
  }
  const next = await connectPeer(node, peer, signal)
  return await openOn(next, protocol, signal).catch((e: unknown) => { throw peerError(e, protocol, signal, next) })
}

async function openOn (connection: Connection, protocol: string, signal: AbortSignal | undefined): Promise<ByteChannel> {
  const stream = await connection.newStream(protocol, { signal: within(signal, NEGOTIATION_TIMEOUT_MS), runOnLimitedConnection: true })
  return libp2pChannel(stream, connection.remotePeer.toString(), connection.limits !== undefined)
}

function openThroughRelay (node: Libp2p, peer: readonly string[]): Connection | undefined {
  const ids = new Set(peer.map(text => /\/p2p\/([^/]+)$/.exec(text)?.[1]))
  return node.getConnections().find(connection => connection.status === 'open' && connection.limits !== undefined && ids.has(connection.remotePeer.toString()))
}

/** The peer's answer or the caller's wish; dialling again would not change it. */
function isRefusal (e: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || ['UnsupportedProtocolError', 'TooManyOutboundProtocolStreamsError'].includes((e as Error).name)
}

function parseTarget (peer: readonly string[]): Parameters<Libp2p['dial']>[0] {
  const [first] = peer
  if (first === undefined) throw new AppError('PEER_UNREACHABLE', 'the peer has no address', { exit: 'unreachable', hints: ['give a multiaddr, or add the address to the contact'] })
  try {
    return first.startsWith('/') ? peer.map(text => multiaddr(text)) : peerIdFromString(first)
  } catch (e) {
    throw new AppError('ADDRESS_INVALID', `not an address of a peer: ${(e as Error).message}`, { exit: 'usage', cause: e })
  }
}

function within (signal: AbortSignal | undefined, ms: number): AbortSignal {
  const timeout = AbortSignal.timeout(ms)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

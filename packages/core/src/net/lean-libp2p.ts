import '../time/polyfill.ts'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Connection, ConnectionGater, Libp2p, PrivateKey, ServiceMap } from '@libp2p/interface'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { addressGroupIn } from './address-group.ts'
import {
  ADDRESS_DIAL_TIMEOUT_MS, CONNECTIONS_PER_SECOND, DIAL_TIMEOUT_MS, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS, MAX_CONNECTIONS_PER_PEER,
  MAX_PENDING_CONNECTIONS, MAX_STREAMS_PER_CONNECTION, NEGOTIATION_TIMEOUT_MS, STREAM_WINDOW_BYTES, UPGRADE_TIMEOUT_MS,
} from './limits.ts'
import { noiseCrypto } from './noise-crypto.ts'

export interface LeanLibp2pOptions<T extends ServiceMap> {
  readonly privateKey: PrivateKey
  /** Multiaddrs; none: it only dials. */
  readonly listen: readonly string[]
  readonly services?: NonNullable<Libp2pOptions<T>['services']>
  /** Besides TCP. */
  readonly transports?: NonNullable<Libp2pOptions<T>['transports']>
  readonly peerDiscovery?: NonNullable<Libp2pOptions<T>['peerDiscovery']>
  /** Who may connect to us, by the peer id that it has proved; absent: everybody. */
  readonly admits?: (peer: string) => boolean
}

/** libp2p over TCP, Noise and yamux with our limits, not started. No router, no discovery, no relay unless the caller adds them. */
export async function createLeanLibp2p<T extends ServiceMap> (options: LeanLibp2pOptions<T>): Promise<Libp2p<T>> {
  const node: Libp2p<T> = await createLibp2p<T>({
    start: false,
    privateKey: options.privateKey,
    addresses: { listen: [...options.listen] },
    nodeInfo: { name: 'ipkit', userAgent: 'ipkit' },
    transports: [tcp(), ...options.transports ?? []],
    connectionEncrypters: [noise({ crypto: noiseCrypto })],
    streamMuxers: [yamux({ maxInboundStreams: MAX_STREAMS_PER_CONNECTION, streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundConnectionThreshold: CONNECTIONS_PER_SECOND,
      inboundUpgradeTimeout: UPGRADE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      dialTimeout: DIAL_TIMEOUT_MS,
      addressDialTimeout: ADDRESS_DIAL_TIMEOUT_MS,
    },
    connectionMonitor: { enabled: false },
    connectionGater: inboundLimits(() => node.getConnections(), options.admits ?? (() => true)),
    ...(options.peerDiscovery === undefined ? {} : { peerDiscovery: options.peerDiscovery }),
    ...(options.services === undefined ? {} : { services: options.services }),
  })
  return node
}

/** Asked once the peer has proved who it is. What it opens over the limits is closed; what we open ourselves is not counted. */
function inboundLimits (connections: () => Connection[], admits: (peer: string) => boolean): ConnectionGater {
  return {
    denyInboundEncryptedConnection (peer, incoming) {
      if (!admits(peer.toString())) return true
      const inbound = connections().filter(connection => connection.direction === 'inbound')
      const address = groupOf(incoming)
      return inbound.filter(connection => connection.remotePeer.equals(peer)).length >= MAX_CONNECTIONS_PER_PEER ||
        inbound.filter(connection => groupOf(connection) === address).length >= MAX_CONNECTIONS_PER_ADDRESS
    },
  }
}

const groupOf = ({ remoteAddr }: Pick<Connection, 'remoteAddr'>): string => addressGroupIn(remoteAddr.toString())

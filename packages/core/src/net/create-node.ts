/** The shared node's libp2p host, quiet unless the config says otherwise: no DHT, no bootstrap peers, no discovery, no relay. */
import os from 'node:os'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import type { KadDHT } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import type { Libp2p } from '@libp2p/interface'
import type { ChannelHandler, ProtocolLimits, ServiceLog, ServiceValueStore } from '../daemon/service.ts'
import { AppError } from '../errors/app-error.ts'
import { toLibp2pKey } from '../identity/libp2p-key.ts'
import type { PeerKey } from '../identity/peer-key.ts'
import { formatPeerAddress } from '../link/peer-address.ts'
import type { Clock } from '../time/clock.ts'
import type { ByteChannel } from './byte-channel.ts'
import { dhtValueStore } from './dht-value-store.ts'
import { askFetch, FETCH_LIMITS, FetchDesk } from './fetch-protocol.ts'
import { FETCH_PROTOCOL } from './fetch-wire.ts'
import { handleChannels } from './handle-channels.ts'
import { lanDiscovery, type LanDiscoveryPorts } from './lan-discovery.ts'
import { createLeanLibp2p } from './lean-libp2p.ts'
import { planListen, readKeptPorts, writeKeptPorts, type ListenPlan } from './listen-ports.ts'
import { connectPeer, openChannel } from './open-channel.ts'
import { ownAddresses, type HostPort } from './own-addresses.ts'
import { PeerBook } from './peer-book.ts'
import { Pubsub } from './pubsub.ts'
import { keepReservations, relayTransport } from './relays.ts'
import { BOOTSTRAP, lanDht, publicDht } from './routing.ts'
import { TrafficBook, type Traffic } from './traffic-book.ts'

export interface NodeConfig {
  /** `/ip4|ip6/<ip>/tcp/<port>` */
  readonly listen: readonly string[]
  /** More multiaddrs to tell about, such as a forwarded port. */
  readonly announce: readonly string[]
  readonly mdns: boolean
  readonly lanDht: boolean
  readonly publicNetwork: boolean
  /** `/ip4|ip6/<ip>/tcp/<port>/p2p/<relay id>`, where a reservation is kept. */
  readonly relays?: readonly string[]
}

export interface NodeDeps {
  readonly key: PeerKey
  readonly config: NodeConfig
  /** Where assigned ports are kept. */
  readonly portsFile: string
  readonly log: ServiceLog
  /** By which a DHT tells that a record has expired. */
  readonly clock: Pick<Clock, 'now'>
}

export interface ConnectedPeer { readonly peerId: string, readonly address: string, readonly direction: 'inbound' | 'outbound' }

export type NodeServices = { readonly pubsub: GossipSub, readonly lanDht?: KadDHT, readonly publicDht?: KadDHT } & Record<string, unknown>

export interface NetNode extends AsyncDisposable {
  readonly peerId: string
  /** For core/blocks; nothing else reaches into it. */
  readonly libp2p: Libp2p<NodeServices>
  /** Where it listens now, wildcard addresses resolved, loopback last, each ending in /p2p/<peer id>. */
  addresses(): string[]
  /** What it listens on as it was opened: wildcards stay, ports are real. */
  readonly listening: readonly string[]
  peers(): ConnectedPeer[]
  /** @see handleChannels */
  handle(protocol: string, handler: ChannelHandler, limits: ProtocolLimits): Promise<void>
  unhandle(protocol: string): Promise<void>
  /** @see connectPeer @returns the peer's id */
  connect(peer: readonly string[], signal?: AbortSignal): Promise<string>
  /** @see openChannel */
  open(peer: readonly string[], protocol: string, signal?: AbortSignal): Promise<ByteChannel>
  readonly fetchDesk: FetchDesk
  /** @see askFetch */
  fetch(peer: readonly string[], key: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined>
  readonly pubsub: Pubsub
  readonly peerBook: PeerBook
  /** @see TrafficBook.totals */
  traffic(): ReadonlyMap<string, Traffic>
  readonly values: ServiceValueStore
}

const START_ATTEMPTS = 3

/** Started and listening. @throws AppError LISTEN_INVALID, LISTEN_FAILED */
export async function createNode (deps: NodeDeps): Promise<NetNode> {
  const { key, config, log, clock } = deps
  const kept = await readKeptPorts(deps.portsFile, 'p2p')
  for (let attempt = 1; ; attempt++) {
    const plan = await planListen(config.listen, kept)
    const pubsub = new Pubsub(log)
    const libp2p: Libp2p<NodeServices> = await createLeanLibp2p<NodeServices>({
      privateKey: toLibp2pKey(key),
      listen: plan.addresses,
      ...(hasRelays(config) ? { transports: [await relayTransport()] } : {}),
      ...(config.mdns ? { peerDiscovery: [await lanDiscovery(toLanPeers(() => libp2p))] } : {}),
      services: {
        identify: identify(),
        identifyPush: identifyPush(), // a service may start after peers have connected
        ping: ping(),
        pubsub: pubsub.service,
        ...(config.lanDht ? { lanDht: await lanDht(clock) } : {}),
        ...(config.publicNetwork ? { publicDht: await publicDht(clock) } : {}),
      } as never, // the optional services do not fit libp2p's type of a fixed set
    })
    if (!config.lanDht && !config.publicNetwork) forgetWhoLeft(libp2p, log)
    libp2p.addEventListener('peer:disconnect', ({ detail }) => { pubsub.forget(detail) })
    const peerBook = new PeerBook(libp2p, log)
    const trafficBook = new TrafficBook(libp2p)
    try {
      await libp2p.start()
    } catch (e) {
      await libp2p.stop()
      // Somebody took the port between our look and the start.
      if (attempt === START_ATTEMPTS) throw new AppError('LISTEN_FAILED', `cannot listen on ${plan.addresses.join(', ')}`, { cause: e, hints: ['set other addresses: ipkit config set listen <multiaddr>'] })
      continue
    }
    for (const warning of plan.warnings) log.warn(warning)
    await writeKeptPorts(deps.portsFile, 'p2p', plan.kept)
    if (config.publicNetwork) for (const peer of BOOTSTRAP) connectPeer(libp2p, [peer]).catch(() => { log.info('a bootstrap peer did not answer', { peer }) })
    return await netNode(libp2p, { plan, pubsub, peerBook, trafficBook }, deps)
  }
}

/** What a peer said about itself is kept for ever otherwise: strangers with ever new ids would fill the memory. Only a DHT asks for it later. */
function forgetWhoLeft (libp2p: Libp2p<NodeServices>, log: ServiceLog): void {
  libp2p.addEventListener('peer:disconnect', ({ detail }) => {
    libp2p.peerStore.delete(detail).catch((e: unknown) => { log.warn('a peer that left is still remembered', { error: String(e) }) })
  })
}

async function netNode (libp2p: Libp2p<NodeServices>, { plan, pubsub, peerBook, trafficBook }: { readonly plan: ListenPlan, readonly pubsub: Pubsub, readonly peerBook: PeerBook, readonly trafficBook: TrafficBook }, { config, log }: NodeDeps): Promise<NetNode> {
  const peerId = libp2p.peerId.toString()
  const stopping = new AbortController()
  const listening = plan.addresses.map((text): HostPort => {
    const [, , ip, , port] = text.split('/')
    return { ip: ip!, port: Number(port) }
  })
  const reservations = hasRelays(config) ? keepReservations(libp2p, config.relays ?? [], log, stopping.signal) : undefined
  const fetchDesk = new FetchDesk(log)
  await handleChannels(libp2p, FETCH_PROTOCOL, async (channel, signal) => { await fetchDesk.serve(channel, signal) }, FETCH_LIMITS, stopping.signal, log)
  const { lanDht, publicDht } = libp2p.services
  let stopped: Promise<void> | undefined
  return {
    peerId,
    libp2p,
    listening: plan.addresses,
    addresses () {
      const own = ownAddresses(listening, os.networkInterfaces()).map(address => formatPeerAddress({ ...address, peerId }))
      const announced = config.announce.map(text => text.includes('/p2p/') ? text : `${text}/p2p/${peerId}`)
      return [...new Set([...announced, ...own, ...reservations?.addresses() ?? []])]
    },
    peers: () => libp2p.getConnections().map(connection => ({ peerId: connection.remotePeer.toString(), address: connection.remoteAddr.toString(), direction: connection.direction })),
    handle: async (protocol, handler, limits) => { await handleChannels(libp2p, protocol, handler, limits, stopping.signal, log) },
    unhandle: async protocol => { await libp2p.unhandle(protocol) },
    connect: async (peer, signal) => (await connectPeer(libp2p, peer, signal)).remotePeer.toString(),
    open: async (peer, protocol, signal) => await openChannel(libp2p, peer, protocol, signal),
    fetchDesk,
    fetch: async (peer, key, signal) => await askFetch(libp2p, peer, key, signal),
    pubsub,
    peerBook,
    traffic: () => trafficBook.totals(),
    values: dhtValueStore({ ...(lanDht === undefined ? {} : { 'lan-dht': lanDht }), ...(publicDht === undefined ? {} : { 'public-dht': publicDht }) }),
    async [Symbol.asyncDispose] () {
      stopping.abort(new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' }))
      stopped ??= Promise.resolve(libp2p.stop())
      await stopped
    },
  }
}

const hasRelays = ({ relays = [] }: NodeConfig): boolean => relays.length > 0

/** @param libp2p asked only once it has started */
const toLanPeers = (libp2p: () => Libp2p<NodeServices>): LanDiscoveryPorts => ({
  isConnected: peerId => libp2p().getConnections().some(connection => connection.remotePeer.toString() === peerId),
  connect: async addresses => await connectPeer(libp2p(), addresses),
})

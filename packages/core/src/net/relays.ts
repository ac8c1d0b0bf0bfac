/** Circuit relays (circuit-relay-v2): being reachable through one, and dialling through one. Loaded when an address or the config names one. */
import type { Libp2p, Listener, Transport } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { messageOf } from '../errors/code-of.ts'
import type { ServiceLog } from '../daemon/service.ts'
import { formatPeerAddress, parsePeerAddress } from '../link/peer-address.ts'
import { systemClock } from '../time/clock.ts'
import { RELAY_CHECK_MS } from './limits.ts'

type Parts = Parameters<ReturnType<typeof import('@libp2p/circuit-relay-v2').circuitRelayTransport>>[0]
interface Inside { readonly components: Parts & { readonly transportManager: { add(transport: Transport): void, getTransports(): Transport[] } } }

const TAG = '@libp2p/circuit-relay-v2-transport'
const inside = (node: Libp2p): Inside['components'] => (node as unknown as Inside).components
const transportOf = (node: Libp2p): Transport | undefined => inside(node).transportManager.getTransports().find(transport => transport[Symbol.toStringTag] === TAG)

export const isRelayed = (address: string): boolean => address.includes('/p2p-circuit')

/** Lets a node dial through relays. It does not listen there, and answers nobody who claims to be one. */
export async function dialThroughRelays (node: Libp2p): Promise<void> {
  if (transportOf(node) !== undefined) return
  const { circuitRelayTransport } = await import('@libp2p/circuit-relay-v2')
  if (transportOf(node) === undefined) inside(node).transportManager.add(circuitRelayTransport()(inside(node)))
}

/** The transport of a node that relays may call. */
export async function relayTransport (): Promise<(components: Parts) => Transport> {
  const { circuitRelayTransport } = await import('@libp2p/circuit-relay-v2')
  // A stranger who says that it relays would get a reservation of ours: only those of the config do.
  const transportManager = { listen: async () => {} }
  return (components: Parts) => circuitRelayTransport()(Object.create(components, { transportManager: { value: transportManager } }) as Parts)
}

export interface Reservations {
  /** Multiaddrs under which the node is reachable now, each through a relay and ending in its own peer id. */
  addresses(): string[]
}

/**
 * Asks each relay for a reservation and asks again when it is lost, until `signal` aborts.
 * @param node started, with `relayTransport` @param relays multiaddrs that end in the relay's peer id
 */
export function keepReservations (node: Libp2p, relays: readonly string[], log: ServiceLog, signal: AbortSignal): Reservations {
  const transport = transportOf(node)
  const kept = relays.map(relay => ({ relay, listener: transport!.createListener({ upgrader: undefined as never }), held: false }))
  const check = async (entry: typeof kept[number]): Promise<void> => {
    if (isListening(entry.listener)) return
    if (entry.held) log.warn('a relay dropped this node', { relay: entry.relay })
    entry.held = false
    try {
      await entry.listener.listen(multiaddr(`${entry.relay}/p2p-circuit`))
      entry.held = isListening(entry.listener)
      if (entry.held) log.info('reachable through a relay', { relay: entry.relay })
    } catch (e) {
      if (!signal.aborted) log.info('a relay takes no reservation', { relay: entry.relay, error: messageOf(e) })
    }
  }
  const keep = async (entry: typeof kept[number]): Promise<void> => {
    while (!signal.aborted) {
      await check(entry)
      await systemClock.sleep(RELAY_CHECK_MS, signal)
    }
  }
  for (const entry of kept) keep(entry).catch(() => { /* the node stops */ })
  const peerId = node.peerId.toString()
  return {
    addresses: () => kept.filter(({ listener }) => isListening(listener)).map(({ relay }) => {
      const { ip, port, peerId: relayId } = parsePeerAddress(relay)
      return formatPeerAddress({ ip, port, relay: relayId!, peerId })
    }),
  }
}

const isListening = (listener: Listener): boolean => listener.getAddrs().length > 0

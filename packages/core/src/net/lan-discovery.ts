/** Multicast DNS: finds the nodes of the local network and is found by them. Loaded only when the config turns it on. */
import { BlockList, isIPv6 } from 'node:net'
import type { PeerInfo, ServiceMap } from '@libp2p/interface'
import type { LeanLibp2pOptions } from './lean-libp2p.ts'
import { MAX_DISCOVERY_DIALS } from './limits.ts'

type Discovery = NonNullable<LeanLibp2pOptions<ServiceMap>['peerDiscovery']>[number]

export interface LanDiscoveryPorts {
  isConnected(peerId: string): boolean
  /** @param addresses multiaddrs of one peer, each ending in /p2p/<peer id> */
  connect(addresses: readonly string[]): Promise<unknown>
}

/**
 * libp2p hands a peer on once; this connects at each of its answers (one in ten seconds) unless it is connected, as it may have been away.
 * Anybody on the local network can answer with anything, so addresses elsewhere are left out: nobody makes us dial a stranger on the
 * internet. At most MAX_DISCOVERY_DIALS are under way; the others are heard again.
 */
export async function lanDiscovery ({ isConnected, connect }: LanDiscoveryPorts): Promise<Discovery> {
  const { mdns } = await import('@libp2p/mdns')
  const create: Discovery = mdns()
  const dialling = new Set<string>()
  return components => {
    const discovery = create(components)
    discovery.addEventListener('peer', ({ detail }: CustomEvent<PeerInfo>) => {
      const peerId = detail.id.toString()
      const addresses = detail.multiaddrs.map(String).filter(isLanAddress).map(address => `${address}/p2p/${peerId}`)
      if (addresses.length === 0 || dialling.has(peerId) || dialling.size >= MAX_DISCOVERY_DIALS || isConnected(peerId)) return
      dialling.add(peerId)
      connect(addresses).catch(() => { /* gone again, or never there */ }).finally(() => { dialling.delete(peerId) })
    })
    return discovery
  }
}

const LAN = new BlockList()
for (const [net, prefix, family] of [
  ['127.0.0.0', 8, 'ipv4'], ['10.0.0.0', 8, 'ipv4'], ['172.16.0.0', 12, 'ipv4'], ['192.168.0.0', 16, 'ipv4'], ['169.254.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6'], ['fe80::', 10, 'ipv6'], ['::1', 128, 'ipv6'],
] as const) LAN.addSubnet(net, prefix, family)

/** `/ip4|ip6/<ip>/tcp/<port>` with an IP that no router carries to the internet. */
export function isLanAddress (address: string): boolean {
  const ip = /^\/ip[46]\/([^/]+)\/tcp\/\d+$/.exec(address)?.[1]
  return ip !== undefined && LAN.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4')
}

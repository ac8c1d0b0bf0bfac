/** Which of a node's addresses a link names, and who can reach them. */
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_LINK_ADDRESSES, type LinkAddress } from '@ipkit/core/link/content-link'
import { ipVersion } from '@ipkit/core/link/ip-address'
import { formatPeerAddress, parsePeerAddress } from '@ipkit/core/link/peer-address'

/** Who can reach an address: this machine, its local network, a private network laid over the internet, everybody. */
export type Reach = 'loopback' | 'lan' | 'vpn' | 'public'

export const REACH_NAMES: Readonly<Record<Reach, string>> = {
  loopback: 'this machine only', lan: 'local network', vpn: 'private network (VPN)', public: 'public',
}

/**
 * RFC 1122, 1918, 3927, 4193, 4291, 6598. 100.64.0.0/10 is carrier-grade NAT, which no stranger reaches, and what Tailscale hands out.
 * A public address may still be behind a firewall; nobody can tell from here.
 */
export function reachOf (ip: string): Reach {
  if (ipVersion(ip) === 6) {
    if (ip === '::1') return 'loopback'
    if (ip.startsWith('fd7a:115c:a1e0:')) return 'vpn' // Tailscale's
    return /^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/.test(ip) ? 'lan' : 'public'
  }
  const [a, b] = ip.split('.').map(Number) as [number, number]
  if (a === 127) return 'loopback'
  if (a === 100 && b >= 64 && b < 128) return 'vpn'
  const lan = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254)
  return lan ? 'lan' : 'public'
}

/** Who can reach it and over what: 'public, IPv6'. */
export const reachText = ({ ip, relay }: LinkAddress): string => relay !== undefined ? 'through a relay' : `${REACH_NAMES[reachOf(ip)]}${ipVersion(ip) === 6 ? ', IPv6' : ''}`

/**
 * What makes Kubo ask a peer for blocks. Since 0.36 it asks only peers on its own network, those it peers with, and those it had blocks from before
 * (its release notes, "Bitswap Broadcast Reduction"); being connected is not enough for others.
 */
export const kuboCommand = (address: LinkAddress & { readonly peerId: string }): string =>
  `ipfs swarm ${address.relay === undefined && ['loopback', 'lan'].includes(reachOf(address.ip)) ? 'connect' : 'peering add'} ${formatPeerAddress(address)}`

/** Readers try them in this order: what most of them can reach first, IPv4 before IPv6. */
const RANK: Readonly<Record<Reach, number>> = { public: 0, lan: 1, vpn: 2, loopback: 3 }
const rank = ({ ip }: LinkAddress): number => RANK[reachOf(ip)] * 2 + (ipVersion(ip) === 6 ? 1 : 0)

/**
 * Loopback is named only when there is nothing else: a link goes to another machine.
 * @param own the node's multiaddrs
 * @param chosen what the user wants in the link instead: multiaddrs or IPs, also such as the node cannot know (a forwarded port). Addresses
 * through a relay (`relay`: all that the node has) come on top of the others, only when asked for
 * @throws AppError NO_ADDRESS, NO_RELAY, ADDRESS_INVALID, TOO_MANY_ADDRESSES
 */
export function linkAddresses (own: readonly string[], peerId: string, chosen: readonly string[]): LinkAddress[] {
  const mine = own.map(text => parsePeerAddress(text)).filter(({ relay }) => relay === undefined)
  const relayed = chosen.filter(namesRelay).flatMap(text => text === 'relay' ? requireRelays(own) : [chosenAddress(text, peerId, mine)])
  const direct = chosen.filter(text => !namesRelay(text))
  const first = direct.length > 0 ? direct.map(text => chosenAddress(text, peerId, mine)) : usual(mine).slice(0, MAX_LINK_ADDRESSES - relayed.length)
  return checkedCount(unique([...first, ...relayed]))
}

export const namesRelay = (text: string): boolean => text === 'relay' || text.includes('/p2p-circuit')

/** Those of the node's addresses that go through a relay. */
export const ownRelays = (own: readonly string[]): LinkAddress[] =>
  own.map(text => parsePeerAddress(text)).filter(({ relay }) => relay !== undefined)

function requireRelays (own: readonly string[]): LinkAddress[] {
  const relays = ownRelays(own)
  if (relays.length === 0) throw new AppError('NO_RELAY', '--address relay: the node is not reachable through any relay', { exit: 'failed', hints: ["see which it should use: 'ipkit config get relays'", "a relay that takes it in is among its addresses: 'ipkit id'"] })
  return relays
}

function usual (mine: readonly LinkAddress[]): LinkAddress[] {
  const sorted = unique(mine).sort((a, b) => rank(a) - rank(b))
  const remote = sorted.filter(({ ip }) => reachOf(ip) !== 'loopback')
  const addresses = remote.length > 0 ? remote : sorted
  if (addresses.length === 0) throw new AppError('NO_ADDRESS', 'the node listens nowhere, so nobody could fetch the message', { exit: 'failed', hints: ["see where it should: 'ipkit config get listen'", 'or name an address that leads to it: --address'] })
  return addresses
}

/** A bare IP stands for the port the node listens on. */
function chosenAddress (text: string, peerId: string, mine: readonly LinkAddress[]): LinkAddress {
  const port = (mine.find(({ ip }) => ip === text) ?? mine.find(({ ip }) => ipVersion(ip) === ipVersion(text)) ?? mine[0])?.port
  const address = parsePeerAddress(text, port === undefined ? {} : { defaultPort: port })
  if (address.peerId !== undefined && address.peerId !== peerId) throw new AppError('ADDRESS_INVALID', `--address: '${text}' ends in the peer id of another node`, { exit: 'usage', hints: [`this node is ${peerId}`] })
  return linkAddress(address)
}

const linkAddress = ({ ip, port, relay }: LinkAddress): LinkAddress => ({ ip, port, ...relay === undefined ? {} : { relay } })

function checkedCount (addresses: LinkAddress[]): LinkAddress[] {
  if (addresses.length > MAX_LINK_ADDRESSES) throw new AppError('TOO_MANY_ADDRESSES', `--address is given for ${addresses.length} addresses; a link holds ${MAX_LINK_ADDRESSES}`, { exit: 'usage' })
  return addresses
}

const unique = (addresses: readonly LinkAddress[]): LinkAddress[] =>
  [...new Map(addresses.map(linkAddress).map(address => [formatPeerAddress(address), address])).values()]

/** A payload of this size and the talk around it still pass a relay with the usual limit of 128 KiB. */
export const RELAY_WARN_BYTES = 96 * 1024

/** What the sender should know about who can come; undefined when everybody can. */
export function reachWarning (addresses: readonly LinkAddress[]): { readonly code: string, readonly message: string, readonly cure?: string } | undefined {
  if (addresses.some(({ relay }) => relay !== undefined)) return undefined
  const reaches = new Set(addresses.map(({ ip }) => reachOf(ip)))
  if (reaches.has('public')) return undefined
  if (reaches.has('vpn')) return { code: 'NOT_PUBLIC', message: 'only readers in the same private network can fetch it' }
  if (reaches.has('lan')) return { code: 'LAN_ONLY', message: 'only readers in the same local network can fetch it', cure: 'for others name a public address or a forwarded port with --address' }
  return { code: 'LOOPBACK_ONLY', message: 'only this machine can fetch it: the node listens on loopback' }
}

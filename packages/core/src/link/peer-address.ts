import { AppError } from '../errors/app-error.ts'
import { isPeerId } from '../identity/peer-id.ts'
import { Cursor } from './cursor.ts'
import { ipVersion } from './ip-address.ts'

/** Where a peer listens: TCP on an IP address, its own or a relay's. Every field is canonical, so equal addresses are equal as text. */
export interface PeerAddress {
  /** Without brackets, see `ipVersion`. */
  readonly ip: string
  /** 1 to 65535 */
  readonly port: number
  /** The peer id of the relay that listens there and passes on to the peer; absent when the peer itself does. */
  readonly relay?: string
  /** base58btc; absent when whoever answers there will do */
  readonly peerId?: string
}

/**
 * Reads a multiaddr of the form `/ip4|ip6/<ip>/tcp/<port>[/p2p/<relay id>/p2p-circuit][/p2p/<peer id>]`, or a bare IP address when a default port is given.
 * @throws AppError ADDRESS_INVALID naming the offset of the fault
 */
export function parsePeerAddress (text: string, options: { readonly defaultPort?: number } = {}): PeerAddress {
  if (options.defaultPort !== undefined && ipVersion(text) !== undefined) return { ip: text, port: options.defaultPort }
  const cursor = new Cursor(text, (problem, offset) => {
    const shown = text.split('#')[0]!.slice(0, 80) // a link that was put here by mistake keeps its secret
    throw new AppError('ADDRESS_INVALID', `'${shown}' is not an address: ${problem} at offset ${offset}`, {
      exit: 'usage', hints: ['an address looks like /ip4/192.168.1.7/tcp/4101/p2p/<peer id>'],
    })
  })
  const address = readMultiaddr(cursor, '/')
  if (!cursor.skip('/p2p/')) {
    if (!cursor.done) cursor.fail("'/p2p/' or the end is expected")
    return address
  }
  const first = readPeerId(cursor, '/')
  const relayed = cursor.skip('/p2p-circuit')
  if (relayed && cursor.done) return { ...address, relay: first }
  if (relayed) cursor.expect('/p2p/')
  const peerId = relayed ? readPeerId(cursor, '/') : first
  if (!cursor.done) cursor.fail('the end is expected')
  return { ...address, ...relayed ? { relay: first } : {}, peerId }
}

/** @returns `/ip4|ip6/<ip>/tcp/<port>[/p2p/<relay id>/p2p-circuit][/p2p/<peer id>]` */
export function formatPeerAddress (address: PeerAddress): string {
  const host = `/ip${ipVersion(address.ip) ?? 4}/${address.ip}/tcp/${address.port}${address.relay === undefined ? '' : `/p2p/${address.relay}/p2p-circuit`}`
  return address.peerId === undefined ? host : `${host}/p2p/${address.peerId}`
}

/** Reads `/ip4|ip6/<ip>/tcp/<port>` here. @param stops characters that end the port */
export function readMultiaddr (cursor: Cursor, stops: string): PeerAddress {
  const version = cursor.skip('/ip4/') ? 4 : cursor.skip('/ip6/') ? 6 : cursor.fail("'/ip4/' or '/ip6/' is expected")
  const start = cursor.at
  const ip = cursor.word('/')
  if (ipVersion(ip) !== version) cursor.fail(`an IPv${version} address in its canonical form is expected`, start)
  return { ip, port: readPort(cursor, stops) }
}

/** Reads `/tcp/<port>` here. */
export function readPort (cursor: Cursor, stops: string): number {
  cursor.expect('/tcp/')
  const start = cursor.at
  const text = cursor.word(stops)
  const port = Number(text)
  if (!/^[1-9][0-9]{0,4}$/.test(text) || port > 65535) cursor.fail('a port from 1 to 65535 is expected', start)
  return port
}

export function readPeerId (cursor: Cursor, stops: string): string {
  const start = cursor.at
  const peerId = cursor.word(stops)
  if (!isPeerId(peerId)) cursor.fail('a peer id is expected', start)
  return peerId
}

/**
 * Links to content at an address: `ipfs://<ip>/tcp/<port>[/p2p/<peer id>]/<cid>[?also=<multiaddr>…][#<fragment>]`.
 * Spec: docs/protocols/link.md. Pure, and light: every command of the CLI loads it.
 * A link may be a secret, so messages give offsets and never quote it.
 */
import { AppError } from '../errors/app-error.ts'
import { isPeerId } from '../identity/peer-id.ts'
import { isCanonicalCid } from './content-cid.ts'
import { Cursor } from './cursor.ts'
import { ipVersion } from './ip-address.ts'
import { formatPeerAddress, readMultiaddr, readPeerId, readPort } from './peer-address.ts'

export interface ContentLink {
  /** Canonical text, see `isCanonicalCid`. */
  readonly cid: string
  /** In the order in which they are tried; 1 to 8, no two alike. */
  readonly addresses: readonly LinkAddress[]
  /** Who serves it, at every address; absent in the short form. */
  readonly peerId?: string
  /** What stands after `#`, handed through as it is; absent, never empty. */
  readonly fragment?: string
}
/** @see PeerAddress. The first of a link is the peer's own, without a relay. */
export interface LinkAddress { readonly ip: string, readonly port: number, readonly relay?: string }

export const MAX_LINK_CHARACTERS = 2048
export const MAX_LINK_ADDRESSES = 8
const ALLOWED = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?#[\]]$/
const FRAGMENT = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?]+$/

/** @throws AppError LINK_INVALID naming the offset of the fault */
export function parseLink (text: string): ContentLink {
  const cursor = new Cursor(text, failAt)
  checkCharacters(cursor)
  cursor.expect('ipfs://')
  const first: LinkAddress = { ip: readHost(cursor), port: readPort(cursor, '/?#') }
  const addresses = [first]
  const peerId = cursor.skip('/p2p/') ? readPeerId(cursor, '/?#') : undefined
  cursor.expect('/')
  const cid = readCid(cursor)
  if (cursor.skip('?')) readMoreAddresses(cursor, addresses, peerId)
  const fragment = cursor.skip('#') ? readFragment(cursor) : undefined
  if (!cursor.done) cursor.fail("'?', '#' or the end is expected")
  return { cid, addresses, ...(peerId === undefined ? {} : { peerId }), ...(fragment === undefined ? {} : { fragment }) }
}

/**
 * The inverse of `parseLink`: what it prints parses back to an equal link.
 * @throws AppError LINK_INVALID when a part is not canonical: nothing is silently corrected
 */
export function formatLink (link: ContentLink): string {
  const [first, ...more] = link.addresses
  if (first === undefined) throw invalid('a link needs an address')
  if (link.addresses.length > MAX_LINK_ADDRESSES) throw invalid(`a link has ${MAX_LINK_ADDRESSES} addresses at most, not ${link.addresses.length}`)
  for (const { ip, port, relay } of link.addresses) {
    if (ipVersion(ip) === undefined || !Number.isInteger(port) || port < 1 || port > 65535) throw invalid('an address is not canonical')
    if (relay !== undefined && (!isPeerId(relay) || link.peerId === undefined)) throw invalid("a relay's peer id is not canonical, or nobody is named behind it")
  }
  if (first.relay !== undefined) throw invalid('the first address must not be that of a relay')
  if (new Set(link.addresses.map(formatPeerAddress)).size !== link.addresses.length) throw invalid('two addresses are the same')
  if (!isCanonicalCid(link.cid)) throw invalid('the CID is not canonical')
  if (link.peerId !== undefined && !isPeerId(link.peerId)) throw invalid('the peer id is not canonical')
  if (link.fragment !== undefined && !FRAGMENT.test(link.fragment)) throw invalid('the fragment is empty or holds a character that a link cannot')
  const host = ipVersion(first.ip) === 6 ? `[${first.ip}]` : first.ip
  const text = `ipfs://${host}/tcp/${first.port}${link.peerId === undefined ? '' : `/p2p/${link.peerId}`}/${link.cid}` +
    more.map((address, i) => `${i === 0 ? '?' : '&'}also=${formatPeerAddress(address)}`).join('') +
    (link.fragment === undefined ? '' : `#${link.fragment}`)
  if (text.length > MAX_LINK_CHARACTERS) throw invalid(`the link has ${text.length} characters; the limit is ${MAX_LINK_CHARACTERS}`)
  return text
}

function checkCharacters (cursor: Cursor): void {
  if (cursor.text.length > MAX_LINK_CHARACTERS) cursor.fail(`the limit of ${MAX_LINK_CHARACTERS} characters is passed`, MAX_LINK_CHARACTERS)
  for (let at = 0; at < cursor.text.length; at++) {
    if (!ALLOWED.test(cursor.text[at]!)) cursor.fail('a character that no link holds (also no space and no %) stands', at)
  }
}

function readHost (cursor: Cursor): string {
  const start = cursor.at
  const bracketed = cursor.skip('[')
  const ip = cursor.word(bracketed ? ']/?#' : '/?#')
  if (bracketed) {
    if (ipVersion(ip) !== 6) cursor.fail('an IPv6 address in its canonical form is expected', start + 1)
    cursor.expect(']')
  } else if (ipVersion(ip) !== 4) {
    cursor.fail('an IPv4 address, or an IPv6 address in brackets, in its canonical form is expected', start)
  }
  return ip
}

function readCid (cursor: Cursor): string {
  const start = cursor.at
  const cid = cursor.word('/?#')
  if (!isCanonicalCid(cid)) cursor.fail('a CID in its canonical form is expected', start)
  return cid
}

function readMoreAddresses (cursor: Cursor, addresses: LinkAddress[], peerId: string | undefined): void {
  const seen = new Set(addresses.map(formatPeerAddress))
  do {
    const start = cursor.at
    cursor.expect('also=')
    const address: LinkAddress = { ...readMultiaddr(cursor, '/&?#'), ...readRelay(cursor, peerId) }
    const key = formatPeerAddress(address)
    if (seen.has(key)) cursor.fail('an address that the link already has stands', start)
    if (addresses.length === MAX_LINK_ADDRESSES) cursor.fail(`an address over the limit of ${MAX_LINK_ADDRESSES} stands`, start)
    seen.add(key)
    addresses.push(address)
  } while (cursor.skip('&'))
  if (!cursor.done && cursor.text[cursor.at] !== '#') cursor.fail("'&', '#' or the end is expected")
}

/** Reads `/p2p/<relay id>/p2p-circuit` when it stands here. */
function readRelay (cursor: Cursor, peerId: string | undefined): { readonly relay?: string } {
  const start = cursor.at
  if (!cursor.skip('/p2p/')) return {}
  if (peerId === undefined) cursor.fail('a relay stands in a link that names no peer behind it', start)
  const relay = readPeerId(cursor, '/&?#')
  cursor.expect('/p2p-circuit')
  return { relay }
}

function readFragment (cursor: Cursor): string {
  const fragment = cursor.word('#[]')
  if (fragment === '') cursor.fail('a fragment is expected')
  if (!cursor.done) cursor.fail('a character that no fragment holds stands')
  return fragment
}

function failAt (problem: string, offset: number): never {
  throw invalid(`${problem} at offset ${offset}`)
}

function invalid (problem: string): AppError {
  return new AppError('LINK_INVALID', `not a link: ${problem}`, {
    exit: 'usage', hints: ['check that the whole link was copied; it looks like ipfs://<ip>/tcp/<port>/p2p/<peer id>/<cid>'],
  })
}

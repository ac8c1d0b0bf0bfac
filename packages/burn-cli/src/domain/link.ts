/**
 * The secret half of a link: its fragment. Addresses, peer id and CID are core's (`link/content-link`). Spec: docs/protocols/burn.md,
 * "Link". Messages never quote a link: it is a secret as a whole.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import { AppError } from '@ipkit/core/errors/app-error'
import { peerIdFromPublicKey, publicKeyFromPeerId } from '@ipkit/core/identity/peer-id'
import { formatLink, parseLink, type ContentLink, type LinkAddress } from '@ipkit/core/link/content-link'
import { decodeBase64url, encodeBase64url } from '@ipkit/core/schema/base64url'
import { join, utf8 } from './bytes.ts'
import { SECRET_BYTES } from './keys.ts'
import { DAG_PB_CODEC, HASH_BYTES, isPayloadCid, payloadCid, RAW_CODEC } from './payload-layout.ts'

const VERSION = 1
const PASSPHRASE = 1
const ADDRESSED = 2
const DAG_PB = 4
const CHECK_BYTES = 5
const FRAGMENT_BYTES = 2 + SECRET_BYTES + CHECK_BYTES
const WEB_FRAGMENT_BYTES = 2 + 3 * SECRET_BYTES + CHECK_BYTES
const LINK_CHECK = utf8('ipkit/burn/link/1\0')
const WEB_CHECK = utf8('ipkit/burn/weblink/1\0')

/** All that a reader needs to know. */
export interface BurnLink {
  /** 1 to 8, in the order in which they are tried. */
  readonly addresses: readonly LinkAddress[]
  /** The sender's peer id, base58btc. */
  readonly sender: string
  readonly root: CID
  /** 32 bytes */
  readonly L: Uint8Array
  readonly passphrase: boolean
  /** The sender named the only reader: claim with your own peer id. */
  readonly addressed: boolean
}

export function formatBurnLink (link: BurnLink): string {
  const open = `${formatLink({ addresses: link.addresses, peerId: link.sender, cid: link.root.toString() })}#`
  const secret = join(Uint8Array.of(VERSION, flagsOf(link)), checkedSize(link.L, SECRET_BYTES))
  return open + encodeBase64url(join(secret, linkCheck(open, secret)))
}

/** @throws AppError LINK_INVALID (not a link at all), LINK_DAMAGED, LINK_INCOMPLETE (no secret in it), LINK_VERSION; exit usage */
export function parseBurnLink (text: string): BurnLink {
  const trimmed = text.trim()
  const parts: ContentLink = parseLink(trimmed)
  if (parts.fragment === undefined || parts.peerId === undefined) {
    throw new AppError('LINK_INCOMPLETE', `the link names no ${parts.peerId === undefined ? 'sender' : 'secret'}`, { exit: 'usage', hints: ['copy the whole link, with all that stands after #; in a shell put it in single quotes'] })
  }
  const bytes = fragmentBytes(parts.fragment, FRAGMENT_BYTES)
  const secret = bytes.subarray(0, -CHECK_BYTES)
  requireCheck(linkCheck(trimmed.slice(0, trimmed.indexOf('#') + 1), secret), bytes)
  const flags = requireFlags(bytes, PASSPHRASE | ADDRESSED)
  const root = CID.parse(parts.cid)
  if (!isPayloadCid(root)) throw damaged('its CID is not that of a message')
  return { addresses: parts.addresses, sender: parts.peerId, root, L: secret.slice(2), passphrase: (flags & PASSPHRASE) !== 0, addressed: (flags & ADDRESSED) !== 0 }
}

export type WebSecret = Pick<BurnLink, 'sender' | 'root' | 'L' | 'passphrase'>

/**
 * @param baseUrl where the sender's page listens, without a path: http://192.168.1.7:4180
 * @param secret `sender` must be an Ed25519 peer id
 */
export function formatWebLink (baseUrl: string, secret: WebSecret): string {
  const publicKey = publicKeyFromPeerId(secret.sender)
  if (publicKey === undefined) throw new RangeError('a web link needs an Ed25519 peer id')
  const flags = (secret.passphrase ? PASSPHRASE : 0) | (secret.root.code === DAG_PB_CODEC ? DAG_PB : 0)
  const body = join(Uint8Array.of(VERSION, flags), checkedSize(secret.L, SECRET_BYTES), publicKey, checkedSize(secret.root.multihash.digest, HASH_BYTES))
  return `${baseUrl.replace(/\/+$/, '')}/burn/#${encodeBase64url(join(body, checkOf(WEB_CHECK, body)))}`
}

/** @param fragment what stands after `#` @throws AppError LINK_DAMAGED, LINK_VERSION */
export function parseWebFragment (fragment: string): WebSecret {
  const bytes = fragmentBytes(fragment, WEB_FRAGMENT_BYTES)
  const body = bytes.subarray(0, -CHECK_BYTES)
  requireCheck(checkOf(WEB_CHECK, body), bytes)
  const flags = requireFlags(bytes, PASSPHRASE | DAG_PB)
  return {
    L: body.slice(2, 34),
    sender: peerIdFromPublicKey(body.subarray(34, 66)),
    root: payloadCid((flags & DAG_PB) === 0 ? RAW_CODEC : DAG_PB_CODEC, body.slice(66)),
    passphrase: (flags & PASSPHRASE) !== 0,
  }
}

const flagsOf = (link: BurnLink): number => (link.passphrase ? PASSPHRASE : 0) | (link.addressed ? ADDRESSED : 0)
const linkCheck = (open: string, secret: Uint8Array): Uint8Array => checkOf(LINK_CHECK, join(utf8(open), secret))
const checkOf = (label: Uint8Array, bytes: Uint8Array): Uint8Array => sha256(join(label, bytes)).slice(0, CHECK_BYTES)

function fragmentBytes (fragment: string, sizeBytes: number): Uint8Array {
  let bytes: Uint8Array
  try { bytes = decodeBase64url(fragment) } catch { throw damaged('what stands after # cannot be read') }
  // The version first: a newer one may have another length.
  if (bytes.length > 0 && bytes[0] !== VERSION) throw new AppError('LINK_VERSION', 'the link was made by a newer version, or it is damaged', { exit: 'usage', hints: ['update and try again; nothing was used up'] })
  if (bytes.length !== sizeBytes) throw damaged(`what stands after # has ${fragment.length} characters; it must have ${Math.ceil(sizeBytes * 4 / 3)}`)
  return bytes
}

function requireCheck (check: Uint8Array, bytes: Uint8Array): void {
  if (check.some((b, i) => b !== bytes[bytes.length - CHECK_BYTES + i])) throw damaged('a character was changed or is missing')
}

function requireFlags (bytes: Uint8Array, known: number): number {
  const flags = bytes[1]!
  if ((flags & ~known) !== 0) throw new AppError('LINK_VERSION', `the link has unknown flags ${flags}`, { exit: 'usage', hints: ['update and try again; nothing was used up'] })
  return flags
}

function checkedSize (bytes: Uint8Array, sizeBytes: number): Uint8Array {
  if (bytes.length !== sizeBytes) throw new RangeError(`${bytes.length} bytes where ${sizeBytes} are needed`)
  return bytes
}

const damaged = (why: string): AppError => new AppError('LINK_DAMAGED', `the link is damaged: ${why}`, { exit: 'usage', hints: ['copy the whole link again; in a shell put it in single quotes'] })

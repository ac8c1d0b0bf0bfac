/**
 * IPNS names as text and bytes. Spec: docs/protocols/ipns-records.md, "Names". Pure, and light: it loads no cryptography, so that every command may
 * read a name.
 */
import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { AppError } from '../errors/app-error.ts'
import { peerIdFromPublicKey } from '../identity/peer-id.ts'
import { encodeBase64url } from '../schema/base64url.ts'
import { sameBytes } from './compare-bytes.ts'

/** A name in its one form. */
export interface IpnsName {
  /** Canonical: the CID in lower-case base36, `k51…` or `k2…`. */
  readonly text: string
  readonly multihash: Uint8Array
  /** hashed: the name is the SHA-256 of a longer (RSA) key, which comes with each record. */
  readonly keyType: 'ed25519' | 'secp256k1' | 'hashed'
}

export const MAX_NAME_CHARACTERS = 128
const PREFIXES = ['/ipns/', 'ipns://']
const BASES = [base36, base36upper, base32, base32upper, base58btc, base16, base16upper, base64url]
const CID_VERSION = 1
const LIBP2P_KEY = 0x72
const DAG_PB = 0x70
const ROUTING_PREFIX = new TextEncoder().encode('/ipns/')

/** Hash, length and, where the key is inlined, the head of its serialization; then so many bytes. */
const FORMS = [
  { keyType: 'ed25519', head: [0x00, 0x24, 0x08, 0x01, 0x12, 0x20], bytes: 32 },
  { keyType: 'secp256k1', head: [0x00, 0x25, 0x08, 0x02, 0x12, 0x21], bytes: 33 },
  { keyType: 'hashed', head: [0x12, 0x20], bytes: 32 },
] as const

/** @param text a CID with the codec libp2p-key or a peer id, also behind `/ipns/` or `ipns://` @throws AppError NAME_INVALID naming the offset of the fault */
export function parseName (text: string): IpnsName {
  const start = PREFIXES.find(prefix => text.startsWith(prefix))?.length ?? 0
  const odd = text.slice(start).search(/[^A-Za-z0-9_-]/)
  if (text.length > MAX_NAME_CHARACTERS) throw invalid(text, `it has ${text.length} characters, the limit is ${MAX_NAME_CHARACTERS},`, MAX_NAME_CHARACTERS)
  if (odd >= 0) throw strayCharacter(text, start, start + odd)
  const key = text.slice(start)
  const base = BASES.find(({ prefix }) => key.startsWith(prefix))
  const name = nameFromPeerId(key) ?? (base === undefined ? undefined : nameFromCid(text, start, base))
  if (name === undefined) throw invalid(text, 'neither a CID nor a peer id stands', start)
  return name
}

/** @returns undefined for bytes that are the multihash of no key that is read here */
export function nameFromMultihash (multihash: Uint8Array): IpnsName | undefined {
  const form = FORMS.find(({ head, bytes }) => multihash.length === head.length + bytes && head.every((byte, i) => multihash[i] === byte))
  if (form === undefined) return undefined
  return { text: base36.encode(Uint8Array.of(CID_VERSION, LIBP2P_KEY, ...multihash)), multihash: Uint8Array.from(multihash), keyType: form.keyType }
}

/** @param publicKey raw Ed25519, 32 bytes */
export function nameFromPublicKey (publicKey: Uint8Array): IpnsName {
  return nameFromPeerId(peerIdFromPublicKey(publicKey))!
}

/** The key under which routers keep a record: `/ipns/` and the multihash. */
export function routingKey (name: IpnsName): Uint8Array {
  const bytes = new Uint8Array(ROUTING_PREFIX.length + name.multihash.length)
  bytes.set(ROUTING_PREFIX)
  bytes.set(name.multihash, ROUTING_PREFIX.length)
  return bytes
}

/** @returns undefined for bytes that are no routing key of a name that is read here */
export function nameFromRoutingKey (bytes: Uint8Array): IpnsName | undefined {
  return sameBytes(bytes.subarray(0, ROUTING_PREFIX.length), ROUTING_PREFIX) ? nameFromMultihash(bytes.subarray(ROUTING_PREFIX.length)) : undefined
}

/** The pubsub topic of a name. */
export function nameTopic (name: IpnsName): string {
  return `/record/${encodeBase64url(routingKey(name))}`
}

/** base58btc: the other common spelling of a name. */
export function namePeerId (name: IpnsName): string {
  return base58btc.baseEncode(name.multihash)
}

function nameFromPeerId (text: string): IpnsName | undefined {
  try {
    const multihash = base58btc.baseDecode(text)
    return base58btc.baseEncode(multihash) === text ? nameFromMultihash(multihash) : undefined
  } catch {
    return undefined
  }
}

function nameFromCid (text: string, start: number, base: (typeof BASES)[number]): IpnsName | undefined {
  const key = text.slice(start)
  let bytes: Uint8Array
  try { bytes = base.decode(key) } catch { return undefined }
  if (base.encode(bytes) !== key || bytes[0] !== CID_VERSION) return undefined // stray bits, zeros in front, another version
  const name = nameFromMultihash(bytes.subarray(2))
  const codec = bytes[1]
  if (codec === undefined || codec >= 0x80) return undefined // a longer number, or the same one in a longer form
  if (codec !== LIBP2P_KEY) throw invalid(text, `a CID with the codec 0x${codec.toString(16)}${codec === DAG_PB ? ' (dag-pb)' : ''}, not libp2p-key (0x72), stands`, start, name === undefined ? [] : [`as a name its hash is ${name.text}`])
  if (name === undefined) throw invalid(text, 'a hash that is not that of an Ed25519, secp256k1 or RSA key stands', start)
  return name
}

function strayCharacter (text: string, start: number, at: number): AppError {
  if (text[at] === '/' && at > start) return invalid(text, 'a path stands behind the name', at, ['give the name alone'])
  if (text[at] === '.') return invalid(text, 'a character that no name holds stands', at, ['names of DNS (DNSLink) are not read: give the key, k51…'])
  return invalid(text, 'a character that no name holds stands', at)
}

function invalid (text: string, problem: string, offset: number, hints: readonly string[] = ['a name looks like k51… or 12D3Koo…']): AppError {
  return new AppError('NAME_INVALID', `not an IPNS name: ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)}: ${problem} at offset ${offset}`, { exit: 'usage', hints })
}

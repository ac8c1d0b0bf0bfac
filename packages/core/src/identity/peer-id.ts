import { base58btc } from 'multiformats/bases/base58'

/**
 * Peer ids as text, without libp2p: the CLI reads links and contacts, and a page may too. Source: the libp2p peer id spec
 * (base58btc of a multihash; a key of up to 42 bytes is inlined by the identity hash). Only the base58btc form is read:
 * the CID form of the same id would be a second spelling.
 */
export const PUBLIC_KEY_BYTES = 32
/** identity hash, 36 bytes, protobuf { Type: Ed25519, Data: 32 bytes } */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
/** identity hash, 37 bytes, protobuf { Type: Secp256k1, Data: 33 bytes } */
const SECP256K1_PREFIX = Uint8Array.of(0x00, 0x25, 0x08, 0x02, 0x12, 0x21)
/** sha2-256 of a longer key (RSA) */
const SHA256_PREFIX = Uint8Array.of(0x12, 0x20)
const LONGEST_TEXT = 60

/** @param publicKey raw Ed25519, 32 bytes */
export function peerIdFromPublicKey (publicKey: Uint8Array): string {
  if (publicKey.length !== PUBLIC_KEY_BYTES) throw new RangeError(`an Ed25519 public key is ${PUBLIC_KEY_BYTES} bytes, not ${publicKey.length}`)
  const bytes = new Uint8Array(ED25519_PREFIX.length + PUBLIC_KEY_BYTES)
  bytes.set(ED25519_PREFIX)
  bytes.set(publicKey, ED25519_PREFIX.length)
  return base58btc.baseEncode(bytes)
}

/** @returns the raw Ed25519 key inside, or undefined when `text` is no peer id or one of another key type */
export function publicKeyFromPeerId (text: string): Uint8Array | undefined {
  const bytes = decode(text)
  if (bytes === undefined || !isKind(bytes, ED25519_PREFIX, 32)) return undefined
  return bytes.slice(ED25519_PREFIX.length)
}

/** True for the one canonical spelling of a peer id (Ed25519, secp256k1, or a hashed RSA key). */
export function isPeerId (text: string): boolean {
  const bytes = decode(text)
  return bytes !== undefined && (isKind(bytes, ED25519_PREFIX, 32) || isKind(bytes, SECP256K1_PREFIX, 33) || isKind(bytes, SHA256_PREFIX, 32))
}

function decode (text: string): Uint8Array | undefined {
  if (text.length === 0 || text.length > LONGEST_TEXT) return undefined // base58 decoding is quadratic
  let bytes: Uint8Array
  try { bytes = base58btc.baseDecode(text) } catch { return undefined }
  return base58btc.baseEncode(bytes) === text ? bytes : undefined
}

function isKind (bytes: Uint8Array, prefix: Uint8Array, keyBytes: number): boolean {
  return bytes.length === prefix.length + keyBytes && prefix.every((byte, i) => bytes[i] === byte)
}

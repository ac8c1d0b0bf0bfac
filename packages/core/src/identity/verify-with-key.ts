import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { VerifyingKey } from '../names/name-key.ts'

/** RFC 5480, the head of SubjectPublicKeyInfo: secp256k1 and a compressed point. */
const SECP256K1_SPKI = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex')
const SECP256K1_HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Verifies a signature as the libp2p spec has it: Ed25519 (RFC 8032); SHA-256 with ECDSA in DER, the smaller of the two, or RSASSA-PKCS1-v1_5. False also for what is no key and for
 * signatures of another form; never throws.
 */
export function verifyWithKey (key: VerifyingKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (key.type === 'secp256k1' && !hasLowS(signature)) return false
    return verify(key.type === 'ed25519' ? null : 'sha256', message, toKeyObject(key), signature)
  } catch {
    return false
  }
}

/** Of the two signatures that fit a message the one with the smaller number counts (BIP 62); OpenSSL takes both. @param der whose form OpenSSL checks */
function hasLowS (der: Uint8Array): boolean {
  const s = der.subarray(6 + (der[3] ?? 0)) // SEQUENCE, length, INTEGER, length, r, INTEGER, length, s
  return BigInt(`0x00${Buffer.from(s).toString('hex')}`) <= SECP256K1_HALF_ORDER
}

/** By JWK where that can be: OpenSSL 3 takes longer to decode a key in DER than to verify with it. A JWK wants both coordinates of a point. */
function toKeyObject (key: VerifyingKey): KeyObject {
  if (key.type === 'secp256k1') return createPublicKey({ key: Buffer.concat([SECP256K1_SPKI, key.key]), format: 'der', type: 'spki' })
  if (key.type === 'ed25519') return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(key.key) }, format: 'jwk' })
  return createPublicKey({ key: { kty: 'RSA', n: base64url(key.modulus), e: base64url(key.exponent) }, format: 'jwk' })
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')

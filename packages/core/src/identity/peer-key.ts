import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { peerIdFromPublicKey, PUBLIC_KEY_BYTES, publicKeyFromPeerId } from './peer-id.ts'

export const SEED_BYTES = 32
const SIGNATURE_BYTES = 64
/** PKCS #8 and SPKI wrappers of a raw Ed25519 key, RFC 8410. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** The Ed25519 key of a home (RFC 8032). Does not load libp2p; `libp2p-key.ts` converts it. */
export class PeerKey {
  /** base58btc */
  readonly peerId: string
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly #seed: Uint8Array
  readonly #key: KeyObject

  /** @param seed the 32 secret bytes of RFC 8032 */
  constructor (seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) throw new RangeError(`an Ed25519 seed is ${SEED_BYTES} bytes, not ${seed.length}`)
    this.#seed = Uint8Array.from(seed)
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, this.#seed]), format: 'der', type: 'pkcs8' })
    this.publicKey = Uint8Array.from(createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length))
    this.peerId = peerIdFromPublicKey(this.publicKey)
  }

  /** @returns 64 bytes. Callers put a domain in front: `ipkit/<tool>/<what>/<version>` and a zero byte. */
  sign (message: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, message, this.#key))
  }

  /** A copy of the secret bytes, for the key file and for libp2p. */
  exportSeed (): Uint8Array {
    return Uint8Array.from(this.#seed)
  }
}

/** False also when `peerId` is no Ed25519 peer id or the signature has another length; never throws. */
export function verifySignature (peerId: string, message: Uint8Array, signature: Uint8Array): boolean {
  const publicKey = publicKeyFromPeerId(peerId)
  if (publicKey === undefined || publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  } catch {
    return false // 32 bytes that are no point of the curve
  }
}

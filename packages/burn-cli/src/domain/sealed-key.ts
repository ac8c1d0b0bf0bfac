/**
 * D, sealed for one reader key: HPKE base mode (RFC 9180) with X25519, HKDF-SHA256, ChaCha20-Poly1305. Every part comes from
 * noble, so it runs where WebCrypto does not. Spec: docs/protocols/burn.md, "Answer".
 */
import { AEAD_ChaCha20Poly1305, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from '@panva/hpke-noble'
import { x25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { CipherSuite } from 'hpke'
import { AppError } from '@ipkit/core/errors/app-error'
import { SECRET_BYTES } from './keys.ts'

export const ENC_BYTES = 32
export const SEALED_BYTES = SECRET_BYTES + 16

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_ChaCha20Poly1305)

export interface SealedSecret {
  /** 32 bytes */
  readonly enc: Uint8Array
  /** 48 bytes */
  readonly sealed: Uint8Array
}

/** @param privateKey 32 random bytes */
export const readerPublicKey = (privateKey: Uint8Array): Uint8Array => x25519.getPublicKey(privateKey)

/**
 * @param statement the claim statement that the answer is bound to
 * @throws AppError BAD_READER_KEY for a point of small order
 */
export async function sealSecret (D: Uint8Array, readerKey: Uint8Array, statement: Uint8Array): Promise<SealedSecret> {
  const publicKey = await suite.DeserializePublicKey(readerKey)
  try {
    const { encapsulatedSecret, ciphertext } = await suite.Seal(publicKey, D, { info: sha256(statement) })
    return { enc: encapsulatedSecret, sealed: ciphertext }
  } catch (cause) {
    throw new AppError('BAD_READER_KEY', 'nothing can be sealed for the reader\'s key', { exit: 'refused', cause })
  }
}

/** @throws AppError ANSWER_ALTERED when it was sealed for another key or statement, or changed */
export async function openSecret (answer: SealedSecret, privateKey: Uint8Array, statement: Uint8Array): Promise<Uint8Array> {
  try {
    const key = await suite.DeserializePrivateKey(privateKey)
    return await suite.Open(key, answer.enc, answer.sealed, { info: sha256(statement) })
  } catch (cause) {
    throw new AppError('ANSWER_ALTERED', 'the sender\'s answer does not open', { exit: 'refused', cause, hints: ['the sender is faulty or dishonest; ask for a new message'] })
  }
}

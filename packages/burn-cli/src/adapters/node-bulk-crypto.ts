import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { TAG_BYTES, type BulkCrypto } from '../domain/bulk-crypto.ts'

const ALGORITHM = 'chacha20-poly1305'
const OPTIONS = { authTagLength: TAG_BYTES } as const

/** `BulkCrypto` on OpenSSL, for Node. */
export const nodeBulkCrypto: BulkCrypto = {
  sha256: bytes => new Uint8Array(createHash('sha256').update(bytes).digest()),
  seal (key, nonce, plaintext, out) {
    const cipher = createCipheriv(ALGORITHM, key, nonce, OPTIONS)
    out.set(cipher.update(plaintext))
    cipher.final()
    out.set(cipher.getAuthTag(), plaintext.length)
  },
  open (key, nonce, sealed) {
    const size = sealed.length - TAG_BYTES
    const decipher = createDecipheriv(ALGORITHM, key, nonce, OPTIONS)
    decipher.setAuthTag(sealed.subarray(size))
    const plaintext = decipher.update(sealed.subarray(0, size))
    try { decipher.final() } catch { return undefined }
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length)
  },
}

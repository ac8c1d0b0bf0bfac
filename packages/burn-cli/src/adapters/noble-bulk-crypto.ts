import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { TAG_BYTES, type BulkCrypto } from '../domain/bulk-crypto.ts'

/** `BulkCrypto` in plain JavaScript, for the page: works without WebCrypto, which browsers deny to plain http. */
export const nobleBulkCrypto: BulkCrypto = {
  sha256: bytes => sha256(bytes),
  seal (key, nonce, plaintext, out) { chacha20poly1305(key, nonce).encrypt(plaintext, out.subarray(0, plaintext.length + TAG_BYTES)) },
  open (key, nonce, sealed) {
    // noble throws the same plain Error for a wrong tag as for nothing else once the lengths are right
    try { return chacha20poly1305(key, nonce).decrypt(sealed) } catch { return undefined }
  },
}

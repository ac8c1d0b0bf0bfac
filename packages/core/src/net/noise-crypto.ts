/** The ciphers of Noise (ChaCha20-Poly1305 of node:crypto), with less work for a large message that comes in than its own package does. */
import { createDecipheriv } from 'node:crypto'
import type { ICryptoInterface } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'

const TAG_BYTES = 16
/** Below this WebAssembly is faster, which `defaultCrypto` then takes. */
const SMALL_BYTES = 1200

export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,
  /**
   * A message comes as the two or three pieces that the socket gave, and `room` is where its plaintext may be put: the same bytes in one
   * piece, still encrypted, without the tag. So they are opened from there at once, and what every layer above gets is one piece too.
   * Should `room` hold anything else one day, no tag will fit and no connection will open.
   */
  chaCha20Poly1305Decrypt (ciphertext, nonce, ad, key, room) {
    const size = ciphertext.byteLength - TAG_BYTES
    if (room?.length !== size || size < SMALL_BYTES) return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, room)
    const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES })
    if (ad.length > 0) decipher.setAAD(ad, { plaintextLength: size })
    decipher.setAuthTag(ciphertext.subarray(size))
    const plaintext = decipher.update(room)
    decipher.final() // throws when the tag does not fit
    return plaintext
  },
}

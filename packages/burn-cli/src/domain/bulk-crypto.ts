/**
 * The work that grows with a message's size. Two adapters: node:crypto in the CLI and the node (10 times as fast), noble in the
 * page. Same answers, by shared vectors.
 */
export interface BulkCrypto {
  sha256(bytes: Uint8Array): Uint8Array
  /**
   * ChaCha20-Poly1305 (RFC 8439) without associated data.
   * Writes ciphertext and tag to `out`, which has `plaintext.length + 16` bytes and does not overlap `plaintext`.
   * @param nonce 12 bytes, copied before return
   */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void
  /** @param sealed ciphertext and tag, at least 16 bytes @returns the plaintext, or undefined when the tag is wrong */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
}

export const TAG_BYTES = 16

import { createCipheriv } from 'node:crypto'

/** Bytes that do not compress, the same for the same word. */
export function seededBytes (sizeBytes: number, word = 'bytes'): Uint8Array {
  const cipher = createCipheriv('chacha20', Buffer.alloc(32, word), Buffer.alloc(16))
  return Uint8Array.from(cipher.update(Buffer.alloc(sizeBytes)))
}

import { webcrypto } from 'node:crypto'

/** SHA-256 on a thread of the pool, so that taking a leaf in and hashing the one before go on at the same time. */
export async function sha256Aside (bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))
}

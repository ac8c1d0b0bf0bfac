/** The sender's nonces. Spec: docs/protocols/burn.md, "Over HTTP". */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { encodeBase64url } from '@ipkit/core/schema/base64url'
import type { Clock } from '@ipkit/core/time/clock'
import { equalInConstantTime, join } from './bytes.ts'
import { HTTP_NONCE_MS } from './limits.ts'

const TIME_BYTES = 8
const RANDOM_BYTES = 8
const TAG_BYTES = 16

export interface NonceRule {
  /** 32 bytes */
  issue(): Uint8Array
  /** Whether a nonce that the reader brought along is good; absent where it may bring none, because a connection has one of its own. */
  accepts?(nonce: Uint8Array): boolean
  /**
   * Whether a wrong passphrase was counted with this nonce, where one may come again. No proof that comes with it is looked at then: whoever
   * listens could send the same request until the message is locked, and a guess that costs nothing must tell nothing either.
   */
  isSpent?(nonce: Uint8Array): boolean
  /** Called when a wrong passphrase is about to be counted. */
  spend?(nonce: Uint8Array): void
}

/** One conversation on one stream. */
export const streamNonces = (randomBytes: (sizeBytes: number) => Uint8Array): NonceRule => ({ issue: () => randomBytes(32) })

/** Recognises its nonces without keeping them, so that nobody can fill a memory with them; kept are those with which a wrong passphrase was counted, which locks make few. @param key 32 random bytes of this process */
export function httpNonces (clock: Clock, randomBytes: (sizeBytes: number) => Uint8Array, key: Uint8Array): NonceRule {
  const spent = new Map<string, number>()
  const tag = (head: Uint8Array): Uint8Array => hmac(sha256, key, head).slice(0, TAG_BYTES)
  return {
    issue () {
      const head = join(new Uint8Array(TIME_BYTES), randomBytes(RANDOM_BYTES))
      new DataView(head.buffer).setBigUint64(0, BigInt(clock.now()))
      return join(head, tag(head))
    },
    accepts (nonce) {
      const head = nonce.subarray(0, TIME_BYTES + RANDOM_BYTES)
      if (!equalInConstantTime(tag(head), nonce.subarray(head.length))) return false
      const ageMs = clock.now() - Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0))
      return ageMs >= 0 && ageMs <= HTTP_NONCE_MS
    },
    isSpent: nonce => spent.has(encodeBase64url(nonce)),
    spend (nonce) {
      const nowMs = clock.now()
      for (const [old, atMs] of spent) if (Math.abs(nowMs - atMs) > HTTP_NONCE_MS) spent.delete(old) // not accepted any more
      spent.set(encodeBase64url(nonce), nowMs)
    },
  }
}

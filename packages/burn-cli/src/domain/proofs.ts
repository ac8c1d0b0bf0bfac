/** The HMAC proofs of a conversation, over the statements. Keys from keys.ts. Spec: docs/protocols/burn.md, "Statements". */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalInConstantTime } from './bytes.ts'

/** Link, passphrase and ack proof alike: the key says which one it is. */
export const makeProof = (key: Uint8Array, statement: Uint8Array): Uint8Array => hmac(sha256, key, statement)

/** Compares in constant time. */
export const isProof = (key: Uint8Array, statement: Uint8Array, proof: Uint8Array): boolean => equalInConstantTime(makeProof(key, statement), proof)

/** How a plain message's blocks lie on the disk: sealed under a key that one slot's erasure destroys. Format: docs/formats/burn-messages.md. */
import { TAG_BYTES, type BulkCrypto } from './bulk-crypto.ts'
import { join } from './bytes.ts'
import { LEAF_BYTES } from './limits.ts'
import { RANDOM_BYTES } from './plain-limits.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
export const SEALED_LEAF_BYTES = LEAF_BYTES + TAG_BYTES
/** No leaf has this number. */
const INDEX = 0xffff_ffff

/** What the slot holds: the sealing key, and the seed of the host's peer key. */
export interface PlainSecret { readonly key: Uint8Array, readonly seed: Uint8Array }

/** @param bytes 64 of them; the parts are views into them, so wiping `bytes` wipes both */
export function plainSecret (bytes: Uint8Array): PlainSecret {
  if (bytes.length !== PLAIN_SECRET_BYTES) throw new RangeError(`a secret of ${bytes.length} bytes; ${PLAIN_SECRET_BYTES} are needed`)
  return { key: bytes.subarray(0, KEY_BYTES), seed: bytes.subarray(KEY_BYTES) }
}
export const PLAIN_SECRET_BYTES = 2 * KEY_BYTES

export function sealLeaf (bulk: BulkCrypto, key: Uint8Array, leaf: number, bytes: Uint8Array): Uint8Array { return seal(bulk, key, leaf, bytes) }

/** @returns undefined when the disk gives something else than was written */
export function openLeaf (bulk: BulkCrypto, key: Uint8Array, leaf: number, sealed: Uint8Array): Uint8Array | undefined { return open(bulk, key, leaf, sealed) }

/** What the tree is made from again; leaf hashes would tell who knows the content that it is here. */
export interface PlainIndex { readonly random: Uint8Array, readonly hashes: Uint8Array }

export function sealIndex (bulk: BulkCrypto, key: Uint8Array, { random, hashes }: PlainIndex): Uint8Array {
  return seal(bulk, key, INDEX, join(random, hashes))
}

/** @returns undefined when the disk gives something else than was written */
export function openIndex (bulk: BulkCrypto, key: Uint8Array, sealed: Uint8Array): PlainIndex | undefined {
  const bytes = open(bulk, key, INDEX, sealed)
  return bytes === undefined || bytes.length < RANDOM_BYTES ? undefined : { random: bytes.subarray(0, RANDOM_BYTES), hashes: bytes.subarray(RANDOM_BYTES) }
}

function seal (bulk: BulkCrypto, key: Uint8Array, number: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + TAG_BYTES)
  bulk.seal(key, nonceOf(number), bytes, out)
  return out
}

function open (bulk: BulkCrypto, key: Uint8Array, number: number, sealed: Uint8Array): Uint8Array | undefined {
  return sealed.length < TAG_BYTES ? undefined : bulk.open(key, nonceOf(number), sealed)
}

/** The key is one message's, and each number is sealed once, so no nonce comes twice. */
function nonceOf (number: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  new DataView(nonce.buffer).setUint32(NONCE_BYTES - 4, number)
  return nonce
}

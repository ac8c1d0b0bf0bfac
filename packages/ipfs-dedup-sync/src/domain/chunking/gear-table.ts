import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'

export const KEY_BYTES = 32
const SEED = new TextEncoder().encode('ipkit/dedup-sync/gear/1')

/**
 * The 256 numbers of docs/formats/chunking.md, "Gear table".
 * @param key 32 bytes, for a table of its own; none: the public table
 */
export function gearTable (key?: Uint8Array): BigUint64Array {
  if (key !== undefined && key.length !== KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes, and not ${KEY_BYTES}`)
  const bytes = key === undefined ? publicBytes() : hkdf(sha256, key, undefined, SEED, 256 * 8)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return BigUint64Array.from({ length: 256 }, (_, b) => view.getBigUint64(8 * b))
}

function publicBytes (): Uint8Array {
  const out = new Uint8Array(256 * 8)
  for (let b = 0; b < 256; b++) out.set(sha256(Uint8Array.of(...SEED, 0, b)).subarray(0, 8), 8 * b)
  return out
}

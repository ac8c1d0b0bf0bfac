import type { CborValue } from '@ipkit/core/streams/strict-cbor'
import { base64 } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'

/** Signed extra fields for people and JSON: bytes and links as DAG-JSON writes them, integers over 2^53 - 1 as decimal text. */
export function plainJson (value: CborValue): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return { '/': { bytes: base64.baseEncode(value) } }
  if (Array.isArray(value)) return value.map(plainJson)
  if (typeof value !== 'object' || value === null) return value
  const link = CID.asCID(value)
  if (link !== null) return { '/': link.toString() }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainJson(item as CborValue)]))
}

import { encodeBase64url } from './base64url.ts'

/** Plain data for JSON: bytes become base64url text, at any depth. */
export function toJson (value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeBase64url(value)
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toJson(v)]))
  return value
}

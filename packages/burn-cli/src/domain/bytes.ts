/** Byte strings as the key derivations and comparisons need them. */

const encoder = new TextEncoder()

/** UTF-8. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)

export function join (...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) { out.set(part, at); at += part.length }
  return out
}

/** Takes the same time wherever the two differ. The lengths are no secret. */
export function equalInConstantTime (a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

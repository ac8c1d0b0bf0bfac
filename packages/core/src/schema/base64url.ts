import { AppError } from '../errors/app-error.ts'

// RFC 4648 section 5, without padding. Own code, because it must run in a browser too and Buffer accepts what is not canonical.
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUE = new Map([...ALPHABET].map((c, i) => [c, i]))

export function encodeBase64url (bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    out += ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]!
    if (left > 1) out += ALPHABET[(group >> 6) & 63]!
    if (left > 2) out += ALPHABET[group & 63]!
  }
  return out
}

/**
 * Canonical only: padding, other characters, an impossible length and stray bits at the end are refused, so that two texts never
 * mean the same bytes. The text is not repeated in the error, since it may be a secret.
 * @throws AppError BAD_BASE64URL
 */
export function decodeBase64url (text: string): Uint8Array {
  const tail = text.length % 4
  if (tail === 1) throw bad(`${text.length} characters is no possible length`)
  const out = new Uint8Array(Math.floor(text.length * 3 / 4))
  let bits = 0
  let buffer = 0
  let filled = 0
  for (let at = 0; at < text.length; at++) {
    const value = VALUE.get(text[at]!)
    if (value === undefined) throw bad(`the character at offset ${at} is not in the alphabet`)
    buffer = ((buffer << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) { bits -= 8; out[filled++] = (buffer >> bits) & 0xff }
  }
  if ((buffer & ((1 << bits) - 1)) !== 0) throw bad('stray bits after the last byte')
  return out
}

const bad = (why: string): AppError => new AppError('BAD_BASE64URL', `not base64url: ${why}`, { exit: 'usage' })

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { verifyWithKey } from '../../src/identity/verify-with-key.ts'
import type { VerifyingKey } from '../../src/names/name-key.ts'

const message = new TextEncoder().encode('a message')
const fromText = (text: string | undefined): Uint8Array => Uint8Array.from(Buffer.from(text!, 'base64url'))

function makeKey (type: VerifyingKey['type']): { readonly key: VerifyingKey, readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = type === 'ed25519' ? generateKeyPairSync('ed25519') : type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const { n, e, x, y } = publicKey.export({ format: 'jwk' })
  if (type === 'rsa') return { key: { type, modulus: fromText(n), exponent: fromText(e) }, privateKey }
  if (type === 'ed25519') return { key: { type, key: fromText(x) }, privateKey }
  return { key: { type, key: Uint8Array.of(2 + (fromText(y).at(-1)! & 1), ...fromText(x)) }, privateKey }
}

test.each(['ed25519', 'secp256k1', 'rsa'] as const)('%s: the key, the message and the signature must fit', type => {
  const { key, privateKey } = makeKey(type)
  const made = Array.from({ length: 32 }, () => sign(type === 'ed25519' ? null : 'sha256', message, privateKey)) // OpenSSL makes low and high secp256k1 signatures
  const signature = made.find(s => verifyWithKey(key, message, s))!
  expect(signature).toBeDefined()
  expect(made.every(s => verifyWithKey(key, message, s))).toBe(type !== 'secp256k1')
  expect(verifyWithKey(key, new TextEncoder().encode('another'), signature)).toBe(false)
  expect(verifyWithKey(makeKey(type).key, message, signature)).toBe(false)
  expect(verifyWithKey(key, message, signature.subarray(1))).toBe(false)
  expect(verifyWithKey(key, message, new Uint8Array(0))).toBe(false)
})

test.each<[string, VerifyingKey]>([
  ['an Ed25519 key of 31 bytes', { type: 'ed25519', key: new Uint8Array(31) }],
  ['a point that is not on the curve', { type: 'secp256k1', key: Uint8Array.of(2, ...new Uint8Array(32).fill(0xff)) }],
  ['an RSA key without a modulus', { type: 'rsa', modulus: new Uint8Array(0), exponent: Uint8Array.of(3) }],
])('%s verifies nothing and throws nothing', (_name, key) => {
  expect(verifyWithKey(key, message, new Uint8Array(64).fill(1))).toBe(false)
})

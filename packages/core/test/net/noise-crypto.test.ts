import { describe, expect, test } from '@jest/globals'
import { defaultCrypto } from '@libp2p/noise/crypto'
import { noiseCrypto } from '../../src/net/noise-crypto.ts'

const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const nonce = Uint8Array.from({ length: 12 }, (_, i) => 100 + i)
const plaintext = Uint8Array.from({ length: 65_519 }, (_, i) => i * 7)
const none = new Uint8Array(0)

const sealed = (bytes: Uint8Array, ad = none): Uint8Array => defaultCrypto.chaCha20Poly1305Encrypt(bytes, nonce, ad, key).subarray()

/** As Noise calls it: the room holds the message as it came, without its tag. */
const open = (message: Uint8Array, ad = none, room: Uint8Array | undefined = message.slice(0, -16)): Uint8Array =>
  noiseCrypto.chaCha20Poly1305Decrypt(message, nonce, ad, key, room).subarray()

describe('noiseCrypto', () => {
  test.each([0, 1, 1184, 1199, 1200, 65_519])('opens a message of %i bytes as the package of Noise does', size => {
    expect(Buffer.compare(open(sealed(plaintext.subarray(0, size))), plaintext.subarray(0, size))).toBe(0)
  })

  test('opens one with associated data, and without a room', () => {
    const ad = Uint8Array.of(1, 2, 3)
    expect(Buffer.compare(open(sealed(plaintext, ad), ad), plaintext)).toBe(0)
    expect(Buffer.compare(noiseCrypto.chaCha20Poly1305Decrypt(sealed(plaintext), nonce, none, key).subarray(), plaintext)).toBe(0)
  })

  test.each([0, 40_000, 65_519, 65_534])('refuses a message whose byte %i was changed', at => {
    const message = sealed(plaintext)
    message[at]! ^= 1
    expect(() => open(message)).toThrow()
  })

  test('refuses another key, other associated data, and a room that holds something else', () => {
    expect(() => noiseCrypto.chaCha20Poly1305Decrypt(sealed(plaintext), nonce, none, new Uint8Array(32), sealed(plaintext).slice(0, -16))).toThrow()
    expect(() => open(sealed(plaintext), Uint8Array.of(1))).toThrow()
    expect(() => open(sealed(plaintext), none, new Uint8Array(plaintext.length))).toThrow()
  })
})

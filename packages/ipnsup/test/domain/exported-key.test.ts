import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isAppError } from '@ipkit/core/errors/app-error'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { decodeExportedKey, encodeExportedKey } from '../../src/domain/exported-key.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const text = (lines: string): Uint8Array => new TextEncoder().encode(lines)

/** RFC 8410, 10.3. */
const PEM = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n'
const PEM_SEED = hex('d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842')
/** The test vector of libp2p's peer id specification. */
const SEED = '7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d'
const PUBLIC = '1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e'
const LIBP2P = `08011240${SEED}${PUBLIC}`

test('the key of RFC 8410', () => {
  expect(decodeExportedKey(text(PEM))).toEqual({ seed: PEM_SEED, publicKey: undefined })
  expect(decodeExportedKey(text(PEM.replaceAll('\n', '\r\n')))).toEqual({ seed: PEM_SEED, publicKey: undefined })
  expect(Buffer.from(encodeExportedKey('pem', PEM_SEED, PEM_SEED)).toString()).toBe(PEM)
})

test("the key of libp2p's specification", () => {
  expect(decodeExportedKey(hex(LIBP2P))).toEqual({ seed: hex(SEED), publicKey: hex(PUBLIC) })
  expect(new PeerKey(hex(SEED)).publicKey).toEqual(hex(PUBLIC))
  expect(encodeExportedKey('libp2p', hex(SEED), hex(PUBLIC))).toEqual(hex(LIBP2P))
})

test('the early form with the public key twice', () => {
  expect(decodeExportedKey(hex(`08011260${SEED}${PUBLIC}${PUBLIC}`))).toEqual({ seed: hex(SEED), publicKey: hex(PUBLIC) })
})

test.each<[what: string, bytes: Uint8Array, code: string, message: RegExp]>([
  ['nothing', hex(''), 'KEY_FILE_INVALID', /neither a libp2p key nor PEM/],
  ['a text', text('hello'), 'KEY_FILE_INVALID', /neither/],
  ['an RSA key', hex('080012a604'), 'KEY_TYPE_UNSUPPORTED', /type RSA/],
  ['a secp256k1 key', hex(`08021220${SEED}`), 'KEY_TYPE_UNSUPPORTED', /type secp256k1/],
  ['an ECDSA key', hex('08031279'), 'KEY_TYPE_UNSUPPORTED', /type ECDSA/],
  ['a type nobody knows', hex(`08041240${SEED}${PUBLIC}`), 'KEY_FILE_INVALID', /neither/],
  ['a byte missing', hex(LIBP2P.slice(0, -2)), 'KEY_FILE_INVALID', /it has 67 bytes, and an Ed25519 key has 68/],
  ['a byte more', hex(`${LIBP2P}00`), 'KEY_FILE_INVALID', /69 bytes/],
  ['a length that lies', hex(`08011241${SEED}${PUBLIC}`), 'KEY_FILE_INVALID', /68 bytes/],
  ['a seed alone', hex(`08011220${SEED}`), 'KEY_FILE_INVALID', /36 bytes/],
  ['two public keys that differ', hex(`08011260${SEED}${PUBLIC}${SEED}`), 'KEY_FILE_INVALID', /two copies/],
  ['a public key', hex(`08011220${PUBLIC}`), 'KEY_FILE_INVALID', /36 bytes/],
  ['encrypted PEM', text('-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4C\n-----END ENCRYPTED PRIVATE KEY-----\n'), 'KEY_FILE_SEALED', /encrypted/],
  ['early encrypted PEM', text('-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMC4C\n-----END RSA PRIVATE KEY-----\n'), 'KEY_FILE_SEALED', /encrypted/],
  ['PEM of a public key', text(PEM.replaceAll('PRIVATE', 'PUBLIC')), 'KEY_FILE_INVALID', /no PEM with one PRIVATE KEY/],
  ['PEM cut off', text(PEM.slice(0, 60)), 'KEY_FILE_INVALID', /no PEM/],
  ['PEM with two keys', text(PEM + PEM), 'KEY_FILE_INVALID', /no PEM/],
  ['PEM of another algorithm', text(PEM.replace('K2Vw', 'K2Vx')), 'KEY_TYPE_UNSUPPORTED', /RFC 8410/],
  ['PEM with bytes behind', text(PEM.replace('dVhC', 'dVhCAAAA')), 'KEY_TYPE_UNSUPPORTED', /RFC 8410/],
  ['PEM with damaged base64', text(PEM.replace('dVhC', 'dVh')), 'KEY_FILE_INVALID', /base64/],
  ['the key of a home', text('ipkit identity key 1\npeer 12D3\n'), 'KEY_FILE_INVALID', /as a home keeps it/],
])('refused: %s', (_what, bytes, code, message) => {
  expect(() => decodeExportedKey(bytes)).toThrow(expect.objectContaining({ code, exit: 'usage', message: expect.stringMatching(message) }))
})

test('every key comes back from either format', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom('libp2p' as const, 'pem' as const), (seed, format) => {
    const { publicKey } = new PeerKey(seed)
    expect(decodeExportedKey(encodeExportedKey(format, seed, publicKey))).toEqual({ seed, publicKey: format === 'pem' ? undefined : publicKey })
  }), { numRuns: 50 })
})

test('other bytes are refused with an error of ours that repeats none of them', () => {
  const damaged = fc.tuple(fc.constantFrom(hex(LIBP2P), text(PEM)), fc.nat(), fc.integer({ min: 1, max: 255 })).map(([bytes, at, by]) => bytes.map((byte, i) => i === at % bytes.length ? byte ^ by : byte))
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), bytes => {
    try {
      expect(decodeExportedKey(bytes).seed).toHaveLength(32)
    } catch (e) {
      expect(isAppError(e) && e.code.startsWith('KEY_')).toBe(true)
      expect((e as Error).message).not.toContain('MC4CAQ')
    }
  }), { numRuns: 500 })
})

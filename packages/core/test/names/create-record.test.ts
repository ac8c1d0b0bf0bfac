import { expect, test } from '@jest/globals'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import fc from 'fast-check'
import { createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { createRecord, DEFAULT_TTL_NS, type RecordFields } from '../../src/names/create-record.ts'
import { MAX_RECORD_BYTES } from '../../src/names/ipns-record.ts'
import { validityAt } from '../../src/names/validity.ts'
import { verifyRecord } from '../../src/names/verify-record.ts'
import { bytesOf, hexOf, vectors } from './vectors.ts'

/** RFC 8032, 7.1, test 1: the key of the vectors. */
const key = new PeerKey(bytesOf('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'))
const EXAMPLE: RecordFields = { value: '/ipfs/bafkqaddwgevxmmraojswg33smq', sequence: 1n, validity: validityAt(BigInt(Date.UTC(2026, 2, 1, 12, 30)) * 1_000_000n + 1n) }

test.each<[string, Partial<RecordFields>]>([
  ['V1 and V2 fields, Ed25519', {}],
  ['V2 fields only', { v2Only: true }],
  ['sequence 0 and TTL 0, written', { sequence: 0n, ttlNs: 0n }],
  ['the highest sequence', { sequence: 2n ** 64n - 1n }],
  ['sequence 2^53', { sequence: 2n ** 53n }],
  ['extension fields', { v2Only: true, extra: { _note: 'hello', _nest: { a: [1, new TextEncoder().encode('x')] } } }],
])('makes the vector: %s', (name, part) => {
  expect(hexOf(createRecord(key, { ...EXAMPLE, ...part }).bytes)).toBe(vectors.records.valid.find(v => v.name === name)!.hex)
})

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const fields = fc.record({
  value: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).map(rest => `/ipfs/${rest.trim()}x`),
  sequence: uint64,
  validity: fc.bigInt({ min: 0n, max: 253_402_300_799_999_999_999n }).map(validityAt),
  ttlNs: uint64,
  v2Only: fc.boolean(),
})

test('makes the bytes that the ipns package makes', async () => {
  const theirs = privateKeyFromRaw(Uint8Array.from([...key.exportSeed(), ...key.publicKey]))
  await fc.assert(fc.asyncProperty(fields, async made => {
    const reference = await createIPNSRecordWithExpiration(theirs, made.value, made.sequence, made.validity.text, { ttlNs: made.ttlNs, v1Compatible: !made.v2Only })
    expect(hexOf(createRecord(key, made).bytes)).toBe(hexOf(marshalIPNSRecord(reference)))
  }))
})

test('what is made is read as it was meant', async () => {
  await fc.assert(fc.asyncProperty(fields, async made => {
    const record = createRecord(key, made)
    expect(await verifyRecord(record.name, record.bytes)).toEqual(record)
    expect(record).toMatchObject({ value: made.value, sequence: made.sequence, validity: made.validity, ttlNs: made.ttlNs })
  }))
})

test('the TTL is five minutes where none is given', () => {
  expect(createRecord(key, EXAMPLE).ttlNs).toBe(DEFAULT_TTL_NS)
  expect(DEFAULT_TTL_NS).toBe(5n * 60n * 1_000_000_000n)
})

test('V2 only signs once', () => {
  let signatures = 0
  const counting = { publicKey: key.publicKey, sign: (message: Uint8Array) => { signatures++; return key.sign(message) } }
  createRecord(counting, { ...EXAMPLE, v2Only: true })
  expect(signatures).toBe(1)
})

test.each(['', '/', 'ipfs/x', 'bafkqaddwgevxmmraojswg33smq'])('refuses the value %j', value => {
  expect(() => createRecord(key, { ...EXAMPLE, value })).toThrow(expect.objectContaining({ code: 'RECORD_VALUE_INVALID', exit: 'usage' }))
})

test('a value that makes the record too large is refused, the largest that fits is not', () => {
  const spare = (bytes: number): string => `/${'x'.repeat(bytes - 1)}`
  const overhead = createRecord(key, { ...EXAMPLE, value: spare(9000), v2Only: true }).bytes.length - 9000
  expect(createRecord(key, { ...EXAMPLE, value: spare(MAX_RECORD_BYTES - overhead), v2Only: true }).bytes).toHaveLength(MAX_RECORD_BYTES)
  expect(() => createRecord(key, { ...EXAMPLE, value: spare(MAX_RECORD_BYTES - overhead + 1), v2Only: true })).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }))
  expect(() => createRecord(key, { ...EXAMPLE, value: spare(20_000) })).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE', exit: 'usage' }))
})

test.each<[string, Partial<RecordFields>]>([
  ['65 bits of sequence', { sequence: 2n ** 64n }], ['a negative sequence', { sequence: -1n }], ['65 bits of TTL', { ttlNs: 2n ** 64n }], ['a key of the specification', { extra: { Value: 1 } }],
])('%s is a bug', (_name, part) => {
  expect(() => createRecord(key, { ...EXAMPLE, ...part })).toThrow(RangeError)
})

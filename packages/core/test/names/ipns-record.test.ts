import { expect, test } from '@jest/globals'
import { unmarshalIPNSRecord } from 'ipns'
import { ipnsValidator } from 'ipns/validator'
import fc from 'fast-check'
import { isAppError } from '../../src/errors/app-error.ts'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { createRecord } from '../../src/names/create-record.ts'
import { parseName, routingKey } from '../../src/names/ipns-name.ts'
import { decodeRecord, MAX_RECORD_BYTES } from '../../src/names/ipns-record.ts'
import { MAX_RSA_BITS, MIN_RSA_BITS } from '../../src/names/name-key.ts'
import { parseValidity, validityAt } from '../../src/names/validity.ts'
import { verifyRecord } from '../../src/names/verify-record.ts'
import { bytesOf, hexOf, spec, vectors } from './vectors.ts'

test.each(vectors.records.valid)('reads: $name', async vector => {
  const record = await verifyRecord(parseName(vector.ipnsName), bytesOf(vector.hex))
  expect(record).toMatchObject({ value: vector.value, sequence: BigInt(vector.sequence), ttlNs: BigInt(vector.ttlNs) })
  expect(record.validity).toEqual({ text: vector.validUntil, unixNs: vector.unixNs === undefined ? parseValidity(vector.validUntil)!.unixNs : BigInt(vector.unixNs) })
  expect(record.signatureV1 !== undefined).toBe(vector.v1)
  expect(Object.keys(record.extra)).toEqual(vector.extra ?? [])
  expect(hexOf(record.bytes)).toBe(vector.keptAsHex ?? vector.hex)
})

test.each(vectors.records.reject)('refuses: $name', async ({ ipnsName, hex, code }) => {
  await expect(verifyRecord(parseName(ipnsName), bytesOf(hex))).rejects.toMatchObject({ code, exit: 'refused' })
})

test.each(vectors.records.valid)('what is kept of it is read to the same, and the ipns package reads it so too: $name', async ({ ipnsName, hex, value, sequence, ttlNs }) => {
  const name = parseName(ipnsName)
  const record = decodeRecord(name, bytesOf(hex))
  expect(decodeRecord(name, record.bytes)).toEqual(record)
  expect(unmarshalIPNSRecord(record.bytes)).toMatchObject({ value, sequence: BigInt(sequence), ttl: BigInt(ttlNs) })
  await ipnsValidator(routingKey(name), record.bytes).catch((e: Error) => { expect(e.name).toBe('RecordExpiredError') })
})

const name = parseName(vectors.records.valid[0]!.ipnsName)
const both = bytesOf(vectors.records.valid[0]!.hex)
const v2Only = bytesOf(vectors.records.valid[1]!.hex)

test('each record that the spec says is refused has a vector, and no vector another code', () => {
  const table = [...spec.matchAll(/^\| `(RECORD_[A-Z0-9_]+)` \|/gm)].map(m => m[1]!)
  expect([...new Set(vectors.records.reject.map(v => v.code)), 'RECORD_TOO_LARGE'].sort()).toEqual([...table].sort())
})

test('the worked example of the spec is a vector', () => {
  const example = spec.slice(spec.indexOf('## Worked example')).replace(/\s/g, '')
  expect(example).toContain(hexOf(v2Only))
  expect(example).toContain(name.text)
})

/** An unknown field of the envelope, number 15, that brings a record to a size. */
function fillTo (sizeBytes: number): Uint8Array {
  const fill = sizeBytes - v2Only.length - 3
  return Uint8Array.from([...v2Only, 0x7a, 0x80 | (fill & 0x7f), fill >> 7, ...new Uint8Array(fill)])
}

test('the size is looked at before anything else', async () => {
  expect(fillTo(MAX_RECORD_BYTES)).toHaveLength(MAX_RECORD_BYTES)
  expect(hexOf((await verifyRecord(name, fillTo(MAX_RECORD_BYTES))).bytes)).toBe(hexOf(v2Only))
  await expect(verifyRecord(name, fillTo(MAX_RECORD_BYTES + 1))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE', message: 'the record is 10241 bytes; the limit is 10240' })
  await expect(verifyRecord(name, new Uint8Array(MAX_RECORD_BYTES + 1).fill(0xff))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
})

test('an expired record is authentic: the clock is asked elsewhere', async () => {
  const key = new PeerKey(new Uint8Array(32).fill(7))
  const old = createRecord(key, { value: '/ipfs/x', sequence: 0n, validity: validityAt(1n) })
  expect((await verifyRecord(old.name, old.bytes)).validity.unixNs).toBe(1n)
  await expect(ipnsValidator(routingKey(old.name), old.bytes)).rejects.toMatchObject({ name: 'RecordExpiredError' })
})

test('an expired record that was changed is not authentic', async () => {
  const key = new PeerKey(new Uint8Array(32).fill(7))
  const old = createRecord(key, { value: '/ipfs/x', sequence: 0n, validity: validityAt(1n), v2Only: true })
  const changed = Uint8Array.from(old.bytes)
  changed[2]! ^= 1
  await expect(verifyRecord(old.name, changed)).rejects.toMatchObject({ code: 'RECORD_SIGNATURE_INVALID' })
})

test.each([['V1 and V2', both], ['V2 only', v2Only]])('every single bit flipped is refused or changes nothing that is signed: %s', async (_name, bytes) => {
  const { data, signatureV2 } = decodeRecord(name, bytes)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    try {
      const record = await verifyRecord(name, changed)
      expect([hexOf(record.data), hexOf(record.signatureV2)]).toEqual([hexOf(data), hexOf(signatureV2)])
    } catch (e) {
      if (!isAppError(e)) throw e
      expect(e.code).toMatch(/^RECORD_/)
    }
  }
})

test.each([['V1 and V2', both], ['V2 only', v2Only]])('every beginning of a record is refused: %s', (_name, bytes) => {
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeRecord(name, bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: expect.stringMatching(/^RECORD_(TRUNCATED|UNSIGNED)$/) }))
  }
})

test('garbage gives our error and nothing else', () => {
  const field = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 20 })).map(([number, type, body]) => [number * 8 + type, body.length, ...body])
  const garbage = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(field, { maxLength: 8 }).map(fields => Uint8Array.from(fields.flat())))
  fc.assert(fc.property(garbage, bytes => {
    try { decodeRecord(name, bytes) } catch (e) { expect(e).toMatchObject({ code: expect.stringMatching(/^RECORD_/) }) }
  }), { numRuns: 2000 })
})

test('a record is a copy: whoever changes the bytes afterwards changes nothing', () => {
  const mine = Uint8Array.from(both)
  const record = decodeRecord(name, mine)
  mine.fill(0)
  expect(hexOf(record.bytes)).toBe(hexOf(both))
  expect(decodeRecord(name, record.bytes).data).toEqual(record.data)
})

test('the limits are those of the spec', () => {
  expect(spec).toContain(`| bytes of a record | ${MAX_RECORD_BYTES} |`)
  expect(spec).toContain(`| bits of an RSA key, least | ${MIN_RSA_BITS} |`)
  expect(spec).toContain(`| bits of an RSA key, most | ${MAX_RSA_BITS} |`)
})

import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import { inspectRecord, type InspectDeps } from '../../src/domain/inspect-record.ts'
import { toFileBytes } from '../../src/domain/record-file.ts'
import { vectors } from '../record-vectors.ts'
import { BLOG_NAME, HOUR, NOW, sampleRecord, SELF_NAME, VALUE } from '../sample-names.ts'

const deps: InspectDeps = { verify: verifyRecord, nowMs: NOW }
const record = sampleRecord(NOW + HOUR).bytes

test.each(vectors.records.valid)('authentic: $name', async ({ ipnsName, hex, value, sequence, v1 }) => {
  const found = await inspectRecord(deps, Buffer.from(hex, 'hex'), parseName(ipnsName))
  expect(found).toMatchObject({ fault: undefined, signatureV2: 'verified', signatureV1: v1 ? 'present' : 'absent', says: { value, sequence: BigInt(sequence) } })
})

test.each(vectors.records.reject)('not valid, with the reason: $name', async ({ ipnsName, hex, code }) => {
  const found = await inspectRecord(deps, Buffer.from(hex, 'hex'), parseName(ipnsName))
  expect(found.fault).toMatchObject({ code, exit: 'refused' })
  expect(found.signatureV2).not.toBe('verified')
})

test('fresh until its end, and expired from it on', async () => {
  const at = async (nowMs: number): Promise<unknown> => (await inspectRecord({ ...deps, nowMs }, record, SELF_NAME)).freshness
  expect(await at(NOW + HOUR - 1)).toEqual({ state: 'fresh', leftMs: 1 })
  expect(await at(NOW + HOUR)).toEqual({ state: 'expired', ageMs: 0 })
})

test('without a name nothing is verified, unless the key is inside', async () => {
  expect(await inspectRecord(deps, record)).toMatchObject({ name: undefined, fault: { code: 'NAME_NEEDED' }, signatureV2: 'unchecked', says: { value: VALUE } })
  expect(await inspectRecord(deps, toFileBytes(SELF_NAME, record))).toMatchObject({ name: SELF_NAME, fault: undefined, signatureV2: 'verified' })
})

test('of another name its signature is invalid, and what it says is shown all the same', async () => {
  expect(await inspectRecord(deps, record, BLOG_NAME)).toMatchObject({ fault: { code: 'RECORD_SIGNATURE_INVALID' }, signatureV2: 'invalid', says: { value: VALUE } })
  expect(await inspectRecord(deps, toFileBytes(SELF_NAME, record), BLOG_NAME)).toMatchObject({ fault: { code: 'RECORD_KEY_MISMATCH' }, signatureV2: 'unchecked' })
})

test.each<[what: string, bytes: Uint8Array, code: string]>([
  ['nothing', new Uint8Array(0), 'RECORD_UNSIGNED'],
  ['cut off', record.subarray(0, 50), 'RECORD_TRUNCATED'],
  ['a byte too large', new Uint8Array(MAX_RECORD_BYTES + 1), 'RECORD_TOO_LARGE'],
  ['a text', new TextEncoder().encode('hello world'), 'RECORD_MALFORMED'],
])('without a name, the fault is still its own: %s', async (_what, bytes, code) => {
  expect(await inspectRecord(deps, bytes)).toMatchObject({ name: undefined, fault: { code }, says: undefined, freshness: undefined })
})

test('a byte changed anywhere is seen, or changes nothing that is said', async () => {
  const before = await inspectRecord(deps, record, SELF_NAME)
  await fc.assert(fc.asyncProperty(fc.nat(record.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
    const found = await inspectRecord(deps, record.map((byte, i) => i === at ? byte ^ by : byte), SELF_NAME)
    if (found.fault === undefined) expect(found.says).toEqual(before.says)
  }), { numRuns: 400 })
})

test('other bytes throw nothing', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(undefined, SELF_NAME), async (bytes, name) => {
    expect((await inspectRecord(deps, bytes, name)).fault).toBeDefined()
  }), { numRuns: 300 })
})

import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { encodeEntry } from '@ipkit/core/names/ipns-entry'
import { nameFromMultihash } from '@ipkit/core/names/ipns-name'
import { readNameKey } from '@ipkit/core/names/name-key'
import { encodeSignedData } from '@ipkit/core/names/signed-data'
import { validityAtMs } from '@ipkit/core/names/validity'
import { faultyStore } from '../faulty-store.ts'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { A, B, C, codeOf, collect, HOUR_MS, nameHome, nameOf, never, publication, question, recordOf, START_MS } from '../name-world.ts'

const brought = (record: Uint8Array, fields: Partial<{ name: string | null, acceptUnknownExpired: boolean }> = {}): { name: string | null, record: Uint8Array, acceptUnknownExpired: boolean } =>
  ({ name: nameOf(2).text, record, acceptUnknownExpired: false, ...fields })

test('is remembered and answers', async () => {
  await using home = await nameHome()
  expect(await home.service.importRecord(brought(recordOf(2).bytes))).toEqual({ name: nameOf(2).text, accepted: true, relation: 'first', reason: null })
  expect((await home.service.resolve(question(nameOf(2).text), never)).value).toBe(A)
})

test.each<[string, ReturnType<typeof recordOf>, object]>([
  ['the same', recordOf(2, { sequence: 5n }), { accepted: true, relation: 'same' }],
  ['newer', recordOf(2, { sequence: 6n }), { accepted: true, relation: 'newer' }],
  ['newer and expired', recordOf(2, { sequence: 6n, untilMs: START_MS - 1 }), { accepted: true, relation: 'newer' }],
  ['a renewal', recordOf(2, { sequence: 5n, untilMs: START_MS + 2 * HOUR_MS }), { accepted: true, relation: 'renewal' }],
  ['outlived', recordOf(2, { sequence: 5n, untilMs: START_MS + 1 }), { accepted: true, relation: 'outlived' }],
  ['a fork', recordOf(2, { sequence: 5n, value: B }), { accepted: true, relation: 'fork' }],
  ['older', recordOf(2, { sequence: 4n, value: C }), { accepted: false, relation: 'older', reason: { code: 'RECORD_OLDER', message: 'it has the sequence 4; 5 is known of this name' } }],
])('of a known name: %s', async (_name, record, expected) => {
  await using home = await nameHome()
  await home.service.importRecord(brought(recordOf(2, { sequence: 5n }).bytes))
  expect(await home.service.importRecord(brought(record.bytes))).toMatchObject(expected)
})

test('expired and never seen: refused, and it does not count as seen', async () => {
  await using home = await nameHome()
  const record = recordOf(2, { untilMs: START_MS - 1 }).bytes
  for (let i = 0; i < 2; i++) expect(await home.service.importRecord(brought(record))).toMatchObject({ accepted: false, relation: null, reason: { code: 'RECORD_EXPIRED' } })
  expect(await collect(home.store.list(''))).toEqual([])
  expect(await home.service.importRecord(brought(record, { acceptUnknownExpired: true }))).toMatchObject({ accepted: true, relation: 'first' })
  expect(await home.service.resolve(question(nameOf(2).text), never)).toMatchObject({ expired: true, value: A })
})

test.each<[string, Uint8Array, string]>([
  ['cut', recordOf(2).bytes.subarray(0, -1), 'RECORD_TRUNCATED'],
  ['too large', new Uint8Array(10_241), 'RECORD_TOO_LARGE'],
  ['empty', new Uint8Array(), 'RECORD_UNSIGNED'],
  ['of another name', recordOf(3).bytes, 'RECORD_SIGNATURE_INVALID'],
  ['with a flipped bit', recordOf(2).bytes.with(5, recordOf(2).bytes[5]! ^ 1), 'RECORD_SIGNATURE_INVALID'],
])('a bad one is told and leaves the store as it was: %s', async (_name, bytes, code) => {
  await using home = await nameHome()
  await home.service.importRecord(brought(recordOf(4).bytes, { name: nameOf(4).text }))
  const before = await collect(home.store.list(''))
  expect(await home.service.importRecord(brought(bytes))).toMatchObject({ name: nameOf(2).text, accepted: false, reason: { code } })
  expect(await home.service.importRecord(brought(bytes, { name: null }))).toMatchObject({ name: null, accepted: false })
  expect(await collect(home.store.list(''))).toEqual(before)
})

test('a name that is none is told', async () => {
  await using home = await nameHome()
  expect(await home.service.importRecord(brought(recordOf(2).bytes, { name: 'nonsense' }))).toMatchObject({ name: null, accepted: false, reason: { code: 'NAME_INVALID' } })
})

test('whose it is, is found among the names that are known here', async () => {
  await using home = await nameHome()
  expect(await home.service.importRecord(brought(recordOf(2).bytes, { name: null }))).toMatchObject({ name: null, accepted: false, reason: { code: 'RECORD_NAME_UNKNOWN' } })
  await home.service.follow(nameOf(2).text, never)
  await home.service.publish(publication(A))
  await home.service.importRecord(brought(recordOf(3).bytes, { name: nameOf(3).text }))
  for (const n of [1, 2, 3]) expect(await home.service.importRecord(brought(recordOf(n, { sequence: 9n }).bytes, { name: null }))).toMatchObject({ name: nameOf(n).text, accepted: true })
})

test('whose it is, the key in it says', async () => {
  await using home = await nameHome()
  const { bytes, name } = rsaRecord()
  expect(await home.service.importRecord(brought(bytes, { name: null }))).toMatchObject({ name, accepted: true, relation: 'first' })
})

test('a full disk is an error, and no reason', async () => {
  await using home = await nameHome({ store: faultyStore(memoryKeyValueStore(), { at: 0, kind: 'full' }) })
  expect(await codeOf(home.service.importRecord(brought(recordOf(2).bytes)))).toBe('ENOSPC')
})

/** An RSA name, whose records bring the key. */
function rsaRecord (): { bytes: Uint8Array, name: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 }) as { publicKey: KeyObject, privateKey: KeyObject }
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const pubKey = Uint8Array.from(Buffer.concat([Buffer.from([0x08, 0x00, 0x12, 0x80 | (spki.length & 0x7f), spki.length >> 7]), spki]))
  const data = encodeSignedData({ value: A, sequence: 0n, validity: validityAtMs(START_MS + HOUR_MS), ttlNs: 1n, extra: {} })
  const signatureV2 = Uint8Array.from(sign('sha256', Buffer.concat([Buffer.from('ipns-signature:'), data]), privateKey))
  return { bytes: encodeEntry({ pubKey, signatureV2, data }), name: nameFromMultihash(readNameKey(pubKey).multihash)!.text }
}

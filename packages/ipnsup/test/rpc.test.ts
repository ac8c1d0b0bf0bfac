import { expect, test } from '@jest/globals'
import { check } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { createRecord } from '@ipkit/core/names/create-record'
import { MAX_RECORD_BYTES, type VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import { validityAtMs } from '@ipkit/core/names/validity'
import { encodeEntry } from '@ipkit/core/names/ipns-entry'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ipnsupRpc } from '../src/rpc.ts'
import { collect, HOUR_MS, keyOf, nameHome, nameOf, never, question, START_MS } from './name-world.ts'

const MOST = 10_000
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A value of bytes that `createRecord` does not make. */
async function recordOfBytes (n: number, valueBytes: Uint8Array): Promise<VerifiedRecord> {
  const data = encodeStrict({ TTL: 0n, Value: valueBytes, Sequence: 0n, Validity: bytesOf(validityAtMs(START_MS + HOUR_MS).text), ValidityType: 0 })
  return await verifyRecord(nameOf(n), encodeEntry({ signatureV2: keyOf(n).sign(concatBytes(bytesOf('ipns-signature:'), data)), data }))
}

const longPath = (n: number, begin: string): VerifiedRecord => createRecord(keyOf(n), { value: begin.padEnd(MOST, 'x'), sequence: 0n, v2Only: true, validity: validityAtMs(START_MS + HOUR_MS) })

test.each([
  ['a path', async () => longPath(2, '/ipfs/bafkqaalb/')],
  ['a CID that holds what it stands for', async () => await recordOfBytes(2, CID.createV1(0x55, identity.digest(new Uint8Array(MOST - 8))).bytes)],
])('the longest value that a record can have, as %s, does not spoil the answers of the node', async (_what, make) => {
  await using home = await nameHome()
  const { name, bytes } = await make()
  expect(bytes.length).toBeLessThanOrEqual(MAX_RECORD_BYTES)
  await home.service.importRecord({ name: name.text, record: bytes, acceptUnknownExpired: false })
  check(ipnsupRpc.resolve.result, toJson(await home.service.resolve(question(name.text), never)), 'resolve')
  for (const item of await collect(home.service.names(null))) check(ipnsupRpc.names.result, toJson(item), 'names')
})

test('nor do long paths behind one another', async () => {
  await using home = await nameHome()
  for (const record of [longPath(2, `/ipns/${nameOf(3).text}/`), longPath(3, `/ipns/${nameOf(4).text}/`), longPath(4, '/ipfs/bafkqaalb/')]) {
    await home.service.importRecord({ name: record.name.text, record: record.bytes, acceptUnknownExpired: false })
  }
  const found = await home.service.resolve(question(nameOf(2).text), never)
  expect(found.value.length).toBeGreaterThan(2 * MOST)
  check(ipnsupRpc.resolve.result, toJson(found), 'resolve')
})

test('a record of the size that core allows goes through, and not a byte more', () => {
  const taken = (sizeBytes: number): boolean => {
    try {
      check(ipnsupRpc.record.result, toJson({ record: new Uint8Array(sizeBytes), expired: false }), 'record')
      return true
    } catch {
      return false
    }
  }
  expect([taken(MAX_RECORD_BYTES), taken(MAX_RECORD_BYTES + 1)]).toEqual([true, false])
})

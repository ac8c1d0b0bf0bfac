import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { compareRecords, relateRecords } from '../../src/names/choose-record.ts'
import { createRecord } from '../../src/names/create-record.ts'
import { parseName } from '../../src/names/ipns-name.ts'
import { decodeRecord, type IpnsRecord } from '../../src/names/ipns-record.ts'
import { validityAt } from '../../src/names/validity.ts'
import { bytesOf, hexOf, vectors } from './vectors.ts'

test.each(vectors.order)('$name', ({ ipnsName, a, b, relation, better }) => {
  const [first, second] = [a, b].map(hex => decodeRecord(parseName(ipnsName), bytesOf(hex))) as [IpnsRecord, IpnsRecord]
  expect(relateRecords(first, second)).toBe(relation)
  const expected = { same: 0, newer: -1, renewal: -1, older: 1, outlived: 1, fork: better === 'b' ? -1 : 1 }[relation]
  expect(compareRecords(first, second)).toBe(expected)
  expect(compareRecords(second, first)).toBe(-expected! + 0)
})

const key = new PeerKey(new Uint8Array(32).fill(1))
const MADE = [1n, 2n, 2n ** 63n].flatMap(sequence => ['/ipfs/a', '/ipfs/b', '/ipfs/ab'].flatMap(value => [5n, 6n].flatMap(until => [true, false].map(v2Only =>
  createRecord(key, { sequence, value, validity: validityAt(until), v2Only })))))
const record = fc.constantFrom(...MADE)

test('the order is total: it agrees with itself the other way round and down a chain, and ties only over equal data', () => {
  fc.assert(fc.property(record, record, record, (a, b, c) => {
    expect(compareRecords(a, b)).toBe(-compareRecords(b, a) + 0)
    if (compareRecords(a, b) <= 0 && compareRecords(b, c) <= 0) expect(compareRecords(a, c)).toBeLessThanOrEqual(0)
    expect(compareRecords(a, b) === 0).toBe(hexOf(a.data) === hexOf(b.data))
  }), { numRuns: 2000 })
})

import { expect, test } from '@jest/globals'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import fc from 'fast-check'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { createRecord, type RecordFields } from '../../src/names/create-record.ts'
import type { VerifiedRecord } from '../../src/names/ipns-record.ts'
import { decodeMemory, encodeMemory } from '../../src/names/name-memory-codec.ts'
import { NameMemories, SEEN_AGAIN_STEP_MS } from '../../src/names/name-memories.ts'
import { remember, type NameMemory } from '../../src/names/name-memory.ts'
import { validityAtMs } from '../../src/names/validity.ts'
import { decodeStrict, encodeStrict, type CborValue } from '../../src/streams/strict-cbor.ts'
import { hexOf } from './vectors.ts'

const key = new PeerKey(new Uint8Array(32).fill(2))
const NOW = 1_000_000
const make = (fields: Partial<RecordFields> = {}): VerifiedRecord => createRecord(key, { value: '/ipfs/a', sequence: 5n, v2Only: true, validity: validityAtMs(NOW + 1000), ...fields })
const record = make()
const { name } = record
const fork = make({ value: '/ipfs/b', validity: validityAtMs(NOW + 2000) })
const memoryOf = (...records: VerifiedRecord[]): NameMemory => records.reduce<NameMemory | undefined>((memory, r, i) => remember(memory, r, { nowMs: NOW + i }).memory, undefined)!

test.each<[string, NameMemory]>([
  ['one record', memoryOf(record)],
  ['a fork', memoryOf(record, fork)],
  ['more branches than are kept', memoryOf(...Array.from({ length: 6 }, (_, i) => make({ value: `/ipfs/${i}` })))],
  ['the highest sequence, with V1 fields', memoryOf(make({ sequence: 2n ** 64n - 1n, v2Only: false }))],
])('a memory round-trips: %s', (_name, memory) => {
  expect(decodeMemory(name, encodeMemory(memory))).toEqual(memory)
  expect(hexOf(encodeMemory(decodeMemory(name, encodeMemory(memory))))).toBe(hexOf(encodeMemory(memory)))
})

type Mutable = { version: CborValue, name: CborValue, more: CborValue, branches: Array<{ hash: CborValue, record: CborValue, firstSeenMs: CborValue, lastSeenMs: CborValue }> } & Record<string, CborValue>
const forked = memoryOf(record, fork)

test.each<[string, (m: Mutable) => void, RegExp]>([
  ['another version', m => { m.version = 2 }, /version/],
  ['an unknown key', m => { m['extra'] = 1 }, /unknown key/],
  ['another name', m => { m.name = Uint8Array.from([0x12, 0x20, ...new Uint8Array(32)]) }, /another name/],
  ['no branch', m => { m.branches = [] }, /branches/],
  ['five branches', m => { m.branches = Array.from({ length: 5 }, () => m.branches[0]!) }, /branches/],
  ['a record that does not fit its hash', m => { m.branches[0]!.hash = new Uint8Array(32) }, /hash/],
  ['a cut record', m => { m.branches[0]!.record = fork.bytes.subarray(0, -1) }, /ends inside/],
  ['a record with something added', m => { m.branches[0]!.record = Uint8Array.from([...fork.bytes, 0x7a, 0x00]) }, /form/],
  ['seen last before first', m => { m.branches[0]!.lastSeenMs = 1 }, /last seen before/],
  ['branches out of order', m => { m.branches.reverse() }, /out of order/],
  ['two branches of one value', m => { m.branches[1] = m.branches[0]! }, /same value/],
  ['branches of different sequences', m => { const other = make({ sequence: 4n, value: '/ipfs/c' }); m.branches[1] = { ...m.branches[1]!, record: other.bytes, hash: other.dataHash } }, /different sequences/],
])('is damaged: %s', (_name, damage, reason) => {
  const stored = decodeStrict(encodeMemory(forked)) as unknown as Mutable
  damage(stored)
  expect(() => decodeMemory(name, encodeStrict(stored))).toThrow(expect.objectContaining({ code: 'NAME_MEMORY_DAMAGED', message: expect.stringMatching(reason) }))
})

test('one changed byte is our error or a memory that is written the same way', () => {
  const stored = encodeMemory(forked)
  fc.assert(fc.property(fc.nat(stored.length - 1), fc.nat(255), (place, byte) => {
    const changed = Uint8Array.from(stored)
    changed[place] = byte
    try {
      expect(hexOf(encodeMemory(decodeMemory(name, changed)))).toBe(hexOf(changed))
    } catch (e) {
      expect(e).toMatchObject({ code: 'NAME_MEMORY_DAMAGED' })
    }
  }), { numRuns: 1000 })
})

test('what was remembered is there for the next one who opens the store', async () => {
  const store = memoryKeyValueStore()
  await new NameMemories(store).remember(record, { nowMs: NOW })
  await new NameMemories(store).remember(fork, { nowMs: NOW + 1 })
  expect(await new NameMemories(store).get(name)).toEqual(forked)
})

test('records that come at the same time are all counted', async () => {
  const memories = new NameMemories(memoryKeyValueStore())
  const results = await Promise.all([record, fork, make({ sequence: 4n }), make({ sequence: 6n }), record].map(async r => (await memories.remember(r, { nowMs: NOW })).relation))
  expect(results).toEqual(['first', 'fork', 'older', 'newer', 'older'])
})

test('a forgotten name is unknown', async () => {
  const memories = new NameMemories(memoryKeyValueStore())
  await memories.remember(make({ sequence: 6n }), { nowMs: NOW })
  await memories.forget(name)
  expect(await memories.get(name)).toBeUndefined()
  expect((await memories.remember(record, { nowMs: NOW })).relation).toBe('first')
})

test('a damaged memory is not taken for none, and forgetting is the way out', async () => {
  const store = memoryKeyValueStore()
  await store.put(name.text, Uint8Array.of(1, 2, 3))
  const memories = new NameMemories(store)
  await expect(memories.remember(record, { nowMs: NOW })).rejects.toMatchObject({ code: 'NAME_MEMORY_DAMAGED' })
  await memories.forget(name)
  expect((await memories.remember(record, { nowMs: NOW })).relation).toBe('first')
})

test('a record that could not be written was not remembered', async () => {
  const store = memoryKeyValueStore()
  const full = new NameMemories({ get: store.get, delete: store.delete, put: async () => { throw new Error('disk full') } })
  await expect(full.remember(record, { nowMs: NOW })).rejects.toThrow('disk full')
  expect(await full.get(name)).toBeUndefined()
})

test('a refused record leaves no trace', async () => {
  const store = memoryKeyValueStore()
  await expect(new NameMemories(store).remember(record, { nowMs: NOW + 5000 })).rejects.toMatchObject({ code: 'RECORD_EXPIRED' })
  expect(store.size).toBe(0)
})

test('a sight that changes nothing is written once an hour', async () => {
  const store = memoryKeyValueStore()
  let writes = 0
  const memories = new NameMemories({ ...store, put: async (k, v) => { writes++; await store.put(k, v) } })
  for (const laterMs of [0, 1, SEEN_AGAIN_STEP_MS - 1, SEEN_AGAIN_STEP_MS, SEEN_AGAIN_STEP_MS + 5]) await memories.remember(record, { nowMs: NOW + laterMs, acceptUnknownExpired: true })
  await memories.remember(make({ sequence: 4n }), { nowMs: NOW })
  expect(writes).toBe(2)
  expect((await memories.get(name))?.branches[0].lastSeenMs).toBe(NOW + SEEN_AGAIN_STEP_MS)
})

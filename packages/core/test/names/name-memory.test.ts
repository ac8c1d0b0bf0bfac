import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { compareRecords } from '../../src/names/choose-record.ts'
import { createRecord, type RecordFields } from '../../src/names/create-record.ts'
import type { VerifiedRecord } from '../../src/names/ipns-record.ts'
import { chosenRecord, isForked, isNews, MAX_BRANCHES, nextSequence, remember, type NameMemory } from '../../src/names/name-memory.ts'
import { validityAtMs } from '../../src/names/validity.ts'
import { hexOf, spec } from './vectors.ts'

const key = new PeerKey(new Uint8Array(32).fill(2))
const NOW = 1_000_000
const make = (fields: Partial<Omit<RecordFields, 'validity'>> & { readonly untilMs?: number } = {}, by = key): VerifiedRecord =>
  createRecord(by, { value: '/ipfs/a', sequence: 5n, v2Only: true, ...fields, validity: validityAtMs(fields.untilMs ?? NOW + 1000) })
const known = (...records: VerifiedRecord[]): NameMemory => records.reduce<NameMemory | undefined>((memory, record, i) => remember(memory, record, { nowMs: NOW + i, acceptUnknownExpired: true }).memory, undefined)!
const at = { nowMs: NOW + 500 }
const expired = { nowMs: NOW + 5000 }

test('a first record', () => {
  const record = make()
  expect(remember(undefined, record, at)).toEqual({
    relation: 'first',
    memory: { name: record.name, sequence: 5n, branches: [{ record, firstSeenMs: NOW + 500, lastSeenMs: NOW + 500 }], moreBranches: false },
  })
})

test('first, newer, renewal and fork are news, the others none', () => {
  const relations = ['first', 'same', 'newer', 'older', 'renewal', 'outlived', 'fork'] as const
  expect(relations.filter(isNews)).toEqual(['first', 'newer', 'renewal', 'fork'])
})

test('a first record that has expired is refused unless it is asked for', () => {
  expect(() => remember(undefined, make(), expired)).toThrow(expect.objectContaining({ code: 'RECORD_EXPIRED', exit: 'refused' }))
  expect(remember(undefined, make(), { ...expired, acceptUnknownExpired: true }).relation).toBe('first')
})

test('a first record that ends at this very moment has expired', () => {
  expect(() => remember(undefined, make(), { nowMs: NOW + 1000 })).toThrow(expect.objectContaining({ code: 'RECORD_EXPIRED' }))
  expect(remember(undefined, make(), { nowMs: NOW + 999 }).relation).toBe('first')
})

test.each([['fresh', at], ['expired', expired]])('a higher sequence replaces all branches: %s', (_state, when) => {
  const memory = known(make({ untilMs: NOW + 1_000_000 }), make({ value: '/ipfs/b' }))
  const newer = make({ sequence: 6n, value: '/ipfs/b' })
  expect(remember(memory, newer, when)).toEqual({ relation: 'newer', memory: { name: newer.name, sequence: 6n, branches: [{ record: newer, firstSeenMs: when.nowMs, lastSeenMs: when.nowMs }], moreBranches: false } })
})

test.each([['fresh', at], ['expired', expired]])('a lower sequence changes nothing, however long it is valid: %s', (_state, when) => {
  const memory = known(make())
  const result = remember(memory, make({ sequence: 4n, untilMs: NOW + 1e9 }), when)
  expect(result.relation).toBe('older')
  expect(result.memory).toBe(memory)
})

test('a lower sequence is not answered with when the higher one has expired', () => {
  const memory = known(make())
  const { memory: after } = remember(memory, make({ sequence: 4n, untilMs: NOW + 1e9 }), expired)
  expect(chosenRecord(after).sequence).toBe(5n)
})

test('a renewal replaces the record of its value and nothing else', () => {
  const memory = known(make(), make({ value: '/ipfs/b' }))
  const renewed = make({ untilMs: NOW + 2000 })
  const after = remember(memory, renewed, at)
  expect(after.relation).toBe('renewal')
  expect(after.memory.branches.map(b => [b.record.value, b.record.validity.text])).toEqual([['/ipfs/a', renewed.validity.text], ['/ipfs/b', make().validity.text]])
  expect(after.memory.branches[0]).toEqual({ record: renewed, firstSeenMs: at.nowMs, lastSeenMs: at.nowMs })
})

test('a record that a renewal has outlived changes nothing', () => {
  const memory = known(make({ untilMs: NOW + 2000 }))
  const result = remember(memory, make(), at)
  expect(result.relation).toBe('outlived')
  expect(result.memory).toBe(memory)
})

test('the same record in another envelope was seen again', () => {
  const memory = known(make())
  const { relation, memory: after } = remember(memory, make({ v2Only: false }), at)
  expect(relation).toBe('same')
  expect(after.branches).toEqual([{ ...memory.branches[0], lastSeenMs: at.nowMs }])
})

test('a clock that was set back does not unsee a record', () => {
  const memory = known(make())
  expect(remember(memory, make(), { nowMs: 5 }).memory).toBe(memory)
})

test('another value at the same sequence is a fork; both are kept and the better one answers', () => {
  const memory = known(make())
  const { relation, memory: forked } = remember(memory, make({ value: '/ipfs/b', untilMs: NOW + 2000 }), at)
  expect(relation).toBe('fork')
  expect(isForked(memory)).toBe(false)
  expect(isForked(forked)).toBe(true)
  expect(forked.branches.map(b => b.record.value)).toEqual(['/ipfs/b', '/ipfs/a'])
  expect(chosenRecord(forked).value).toBe('/ipfs/b')
})

test('publishing heals a fork', () => {
  const forked = known(make(), make({ value: '/ipfs/b' }))
  expect(nextSequence(forked)).toBe(6n)
  const { relation, memory } = remember(forked, make({ sequence: nextSequence(forked), value: '/ipfs/c' }), at)
  expect(relation).toBe('newer')
  expect(isForked(memory)).toBe(false)
})

test('endless forks keep the best four branches and one bit', () => {
  const many = Array.from({ length: 20 }, (_, i) => make({ value: `/ipfs/${i}`, untilMs: NOW + 1000 + i }))
  const memory = known(...many)
  expect(memory.branches.map(b => b.record.value)).toEqual(['/ipfs/19', '/ipfs/18', '/ipfs/17', '/ipfs/16'])
  expect(memory.moreBranches).toBe(true)
  const again = remember(memory, many[3]!, at)
  expect(again).toEqual({ relation: 'fork', memory })
  expect(again.memory).toBe(memory)
})

test('that branches were left out is remembered when the fifth is the worst', () => {
  const memory = known(...Array.from({ length: 4 }, (_, i) => make({ value: `/ipfs/${i}` })))
  expect(memory.moreBranches).toBe(false)
  expect(remember(memory, make({ value: '/ipfs/z', untilMs: NOW + 1 }), at).memory).toEqual({ ...memory, moreBranches: true })
})

test('the sequence of a name begins with 0 and ends at 2^64 - 1', () => {
  expect(nextSequence(undefined)).toBe(0n)
  expect(nextSequence(known(make({ sequence: 2n ** 64n - 2n })))).toBe(2n ** 64n - 1n)
  expect(() => nextSequence(known(make({ sequence: 2n ** 64n - 1n })))).toThrow(expect.objectContaining({ code: 'SEQUENCE_EXHAUSTED', exit: 'refused' }))
})

test('a record of another name is a bug', () => {
  expect(() => remember(known(make()), make({}, new PeerKey(new Uint8Array(32).fill(3))), at)).toThrow(RangeError)
})

const POOL = [5n, 6n].flatMap(sequence => ['/ipfs/a', '/ipfs/b', '/ipfs/c', '/ipfs/d', '/ipfs/e', '/ipfs/f'].flatMap(value => [1000, 2000].flatMap(untilMs => [true, false].map(v2Only => make({ sequence, value, untilMs: NOW + untilMs, v2Only })))))

test('records in any order, any of them again, end in the same answer, and it never goes back', () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...POOL), { minLength: 1, maxLength: 40 }), records => {
    let memory: NameMemory | undefined
    for (const record of records) {
      const before = memory
      memory = remember(memory, record, { nowMs: NOW }).memory
      if (before !== undefined) expect(compareRecords(chosenRecord(before), chosenRecord(memory))).toBeLessThanOrEqual(0)
      expect(memory.branches.length).toBeLessThanOrEqual(MAX_BRANCHES)
    }
    const reversed = records.toReversed().reduce<NameMemory | undefined>((m, record) => remember(m, record, { nowMs: NOW }).memory, undefined)!
    const told = (m: NameMemory): unknown => [m.sequence, m.moreBranches, m.branches.map(b => hexOf(b.record.data))]
    expect(hexOf(chosenRecord(memory!).data)).toBe(hexOf([...records].sort(compareRecords).at(-1)!.data))
    expect(told(reversed)).toEqual(told(memory!))
  }), { numRuns: 500 })
})

test('the limit is that of the spec', () => {
  expect(spec).toContain(`| branches kept of a fork | ${MAX_BRANCHES} |`)
})

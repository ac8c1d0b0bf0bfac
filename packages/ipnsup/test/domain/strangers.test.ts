import { expect, test } from '@jest/globals'
import { nameFromPublicKey } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { MAX_RECORDS_PER_SENDER, MAX_RECORDS_PER_WINDOW, MAX_STRANGERS, MAX_STRANGERS_PER_SENDER, RATE_WINDOW_MS } from '../../src/domain/limits.ts'
import { RecordRate } from '../../src/domain/record-rate.ts'
import { Strangers } from '../../src/domain/strangers.ts'
import { faultyStore } from '../faulty-store.ts'
import { B, recordOf, START_MS } from '../name-world.ts'

const signed = recordOf(9)

/** A record of the name number `n`, of as many as one likes: nobody looks at its signature here. */
function stranger (n: number): VerifiedRecord {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(0, n + 1)
  return { ...signed, name: nameFromPublicKey(key) }
}

test('the better record of a name is kept', async () => {
  const strangers = new Strangers(memoryKeyValueStore())
  const [one, two] = [recordOf(1), recordOf(1, { sequence: 1n, value: B })]
  expect([await strangers.offer(one, 'x', 1), await strangers.offer(two, 'y', 2), await strangers.offer(one, 'x', 3), await strangers.offer(two, 'x', 4)]).toEqual([true, true, false, false])
  expect((await strangers.get(one.name))?.bytes).toEqual(two.bytes)
  await strangers.drop(one.name)
  expect(await strangers.get(one.name)).toBeUndefined()
  expect(await strangers.offer(one, 'x', 5)).toBe(true) // no memory of sequences
})

test('a sender who has its share loses its oldest one, and nobody else does; also after a restart', async () => {
  const store = memoryKeyValueStore()
  const records = Array.from({ length: MAX_STRANGERS_PER_SENDER + 2 }, (_, i) => stranger(i))
  const quiet = recordOf(1)
  const before = new Strangers(store)
  await before.offer(quiet, 'quiet', 0)
  for (const [i, record] of records.slice(0, -1).entries()) await before.offer(record, 'loud', i + 1)
  const strangers = new Strangers(store)
  await strangers.offer(records.at(-1)!, 'loud', 999)
  expect([store.size, await strangers.get(records[0]!.name), await strangers.get(records[1]!.name)]).toEqual([MAX_STRANGERS_PER_SENDER + 1, undefined, undefined])
  expect([await strangers.get(records[2]!.name), await strangers.get(quiet.name)]).not.toContain(undefined)
})

test('all together have a bound too', async () => {
  const store = memoryKeyValueStore()
  const strangers = new Strangers(store)
  const first = stranger(0)
  for (let i = 0; i <= MAX_STRANGERS; i++) await strangers.offer(stranger(i), `${i % 30}`, i)
  expect([store.size, await strangers.get(first.name)]).toEqual([MAX_STRANGERS, undefined])
})

test('a record that cannot be written is not counted, and what is damaged goes', async () => {
  const store = memoryKeyValueStore()
  await store.put(recordOf(2).name.text, Uint8Array.of(9))
  const strangers = new Strangers(faultyStore(store, { at: 2, kind: 'full' }))
  expect(await strangers.offer(recordOf(1), 'x', 1)).toBe(true)
  expect(store.size).toBe(1)
  await expect(strangers.offer(recordOf(3), 'x', 1)).rejects.toThrow('ENOSPC')
  expect([store.size, await strangers.get(recordOf(3).name)]).toEqual([1, undefined])
})

test('records in a minute are counted, of each sender and in all', () => {
  const rate = new RecordRate()
  for (let i = 0; i < MAX_RECORDS_PER_SENDER; i++) rate.count('x', 5)
  expect(() => { rate.count('x', 5) }).toThrow(expect.objectContaining({ code: 'TOO_MANY_RECORDS' }))
  for (let i = 0; i < MAX_RECORDS_PER_WINDOW - MAX_RECORDS_PER_SENDER; i++) rate.count(`${i}`, 6)
  expect(() => { rate.count('new', 7) }).toThrow(/there came 600/)
  rate.count('x', 5 + RATE_WINDOW_MS)
})

test('a clock that was set back does not shut anybody out', () => {
  const rate = new RecordRate()
  for (let i = 0; i < MAX_RECORDS_PER_SENDER; i++) rate.count('x', START_MS)
  rate.count('x', START_MS - 1)
})

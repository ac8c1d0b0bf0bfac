import { describe, expect, test } from '@jest/globals'
import { namePeerId } from '@ipkit/core/names/ipns-name'
import { chosenRecord } from '@ipkit/core/names/name-memory'
import { NameMemories } from '@ipkit/core/names/name-memories'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { prefixedStore } from '@ipkit/core/storage/prefixed-store'
import { faultyStore } from '../faulty-store.ts'
import { MemoryExchange } from '../memory-exchange.ts'
import { A, B, C, codeOf, collect, HOUR_MS, nameHome, nameOf, never, publication, question, recordOf, settle, START_MS } from '../name-world.ts'

const MAX = 2n ** 64n - 1n

test('the first record has the sequence 0, and is local', async () => {
  await using home = await nameHome()
  expect(await home.service.publish(publication(A))).toEqual({
    name: nameOf(1).text, value: A, sequence: '0', validUntil: '2026-03-03T00:00:00.000000000Z', ttlNs: '300000000000', state: 'local', places: [], healedFork: false,
  })
})

test('another value takes the next sequence, the same one is renewed under its own', async () => {
  await using home = await nameHome()
  const sequences = []
  for (const value of [A, A, B, B, A]) {
    sequences.push((await home.service.publish(publication(value))).sequence)
    home.clock.advance(1000)
  }
  expect(sequences).toEqual(['0', '0', '1', '1', '2'])
  expect((await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).validUntil).toBe('2026-03-03T00:00:04.000000000Z')
})

test('a shorter life or another TTL of the same value cannot renew: it takes the next sequence', async () => {
  await using home = await nameHome()
  await home.service.publish(publication(A))
  expect((await home.service.publish(publication(A, { lifetimeMs: HOUR_MS }))).sequence).toBe('1')
  expect((await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).validUntil).toBe('2026-03-01T01:00:00.000000000Z')
})

test('a wished sequence must be above the remembered one', async () => {
  await using home = await nameHome()
  expect((await home.service.publish(publication(A, { sequence: '5' }))).sequence).toBe('5')
  for (const sequence of ['0', '5']) {
    await expect(home.service.publish(publication(B, { sequence }))).rejects.toMatchObject({ code: 'SEQUENCE_USED', message: expect.stringContaining('at sequence 5') })
  }
  expect((await home.service.publish(publication(A, { sequence: '7' }))).sequence).toBe('7')
})

test('behind the highest sequence nothing follows, and more than 64 bits are refused', async () => {
  await using home = await nameHome()
  await home.service.publish(publication(A, { sequence: MAX.toString() }))
  expect(await codeOf(home.service.publish(publication(B)))).toBe('SEQUENCE_EXHAUSTED')
  expect(await codeOf(home.service.publish(publication(B, { sequence: (MAX + 1n).toString() })))).toBe('BAD_VALUE')
  // renewing is no new sequence
  home.clock.advance(1000)
  expect((await home.service.publish(publication(A))).sequence).toBe(MAX.toString())
})

test.each([
  ['', 'RECORD_VALUE_INVALID'],
  ['/', 'RECORD_VALUE_INVALID'],
  ['/ipfs/', 'RECORD_VALUE_INVALID'],
  ['/ipfs/nonsense', 'RECORD_VALUE_INVALID'],
  ['/foo/bafkqaaa', 'RECORD_VALUE_INVALID'],
  ['/ipfs//bafkqaaa', 'RECORD_VALUE_INVALID'],
  ['/ipns/', 'NAME_INVALID'],
  ['/ipns/nonsense', 'NAME_INVALID'],
])('is no value: %j', async (value, code) => {
  await using home = await nameHome()
  expect(await codeOf(home.service.publish(publication(value)))).toBe(code)
  expect(await collect(home.store.list(''))).toEqual([])
})

test.each([`${A}/a/b`, `/ipns/${nameOf(2).text}`, '/ipns/docs.example.org/a'])('is a value: %s', async value => {
  await using home = await nameHome()
  expect((await home.service.publish(publication(value))).value).toBe(value)
})

test.each([['bafkqaaa', '/ipfs/bafkqaaa'], [`/ipns/${namePeerId(nameOf(2))}/a`, `/ipns/${nameOf(2).text}/a`]])('whoever asks the node, %s is signed as %s', async (value, path) => {
  await using home = await nameHome()
  expect((await home.service.publish(publication(value))).value).toBe(path)
})

test('a key that is not there is said', async () => {
  await using home = await nameHome()
  expect(await codeOf(home.service.publish(publication(A, { key: 'blog' })))).toBe('KEY_UNKNOWN')
})

test('what another home published under the same key is followed on', async () => {
  await using home = await nameHome()
  await home.service.importRecord({ name: null, record: recordOf(1, { sequence: 9n, value: B }).bytes, acceptUnknownExpired: false })
  expect((await home.service.publish(publication(A))).sequence).toBe('0') // nothing known yet: the name is not in the record
  await home.service.importRecord({ name: nameOf(1).text, record: recordOf(1, { sequence: 9n, value: B }).bytes, acceptUnknownExpired: false })
  expect((await home.service.publish(publication(A))).sequence).toBe('10')
})

test('a fork is healed above both branches, also with the value that holds', async () => {
  await using home = await nameHome()
  await home.service.publish(publication(A))
  await home.service.importRecord({ name: nameOf(1).text, record: recordOf(1, { value: B, untilMs: START_MS + 48 * HOUR_MS + 1 }).bytes, acceptUnknownExpired: false })
  expect(await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).toMatchObject({ value: B, fork: true, values: [B, A], sequence: '0' })
  home.clock.advance(HOUR_MS) // from here on it could be renewed as it is
  expect(await home.service.publish(publication(B))).toMatchObject({ sequence: '1', healedFork: true })
  expect(await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).toMatchObject({ value: B, fork: false, sequence: '1' })
})

test('a forgotten own name keeps its highest sequence', async () => {
  await using home = await nameHome()
  for (const value of [A, B]) await home.service.publish(publication(value))
  await home.service.forget(nameOf(1).text)
  expect((await home.service.publish(publication(A))).sequence).toBe('2')
})

test('publications at the same time have a sequence each', async () => {
  await using home = await nameHome()
  const published = await Promise.all(Array.from({ length: 10 }, async (_, i) => await home.service.publish(publication(i % 2 === 0 ? A : B))))
  expect(published.map(p => p.sequence)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
})

test('fields of our own in the signed data survive a renewal', async () => {
  await using home = await nameHome()
  const record = recordOf(1, { extra: { _note: 'x' } })
  await home.service.importRecord({ name: nameOf(1).text, record: record.bytes, acceptUnknownExpired: false })
  await home.service.publish(publication(A))
  const memory = await new NameMemories(prefixedStore(home.store, 'memory/')).get(nameOf(1))
  expect(chosenRecord(memory!)).toMatchObject({ sequence: 0n, extra: { _note: 'x' } })
  expect(chosenRecord(memory!).validity.unixNs).toBeGreaterThan(record.validity.unixNs)
})

describe('faults', () => {
  /** Publishes A, then B; then, after a restart, C. @returns everything that anybody else can have seen */
  async function run (fault?: { at: number, kind: 'kill' | 'full' }): Promise<{ seen: Map<string, Set<string>>, writes: number, failed: string[] }> {
    const disk = memoryKeyValueStore()
    const exchange = new MemoryExchange('home')
    const seen = new Map<string, Set<string>>()
    const failed: string[] = []
    const note = (sequence: string, value: string): void => { seen.set(sequence, (seen.get(sequence) ?? new Set()).add(value)) }
    exchange.add({ label: 'friend', ask: async () => undefined, put: async () => {} })
    const store = faultyStore(disk, fault)
    const first = await nameHome({ store, exchange })
    for (const value of [A, B]) {
      await first.service.publish(publication(value)).then(p => { note(p.sequence, p.value) }, () => { failed.push(value) })
      await settle()
    }
    await first.stop()
    const second = await nameHome({ store: disk, exchange })
    await settle()
    const { service } = second
    await service.resolve(question(nameOf(1).text, { offline: true }), never).then(r => { note(r.sequence!, r.value) }, () => {})
    const healed = await service.publish(publication(C))
    note(healed.sequence, healed.value)
    await second.stop()
    for (const { record } of exchange.handed) {
      const { value, sequence } = (await import('@ipkit/core/names/ipns-record')).decodeRecord(nameOf(1), record)
      note(sequence.toString(), value)
    }
    expect(await service.desk.lookup(nameOf(1))).toEqual(exchange.handed.at(-1)!.record)
    return { seen, writes: store.writes.length, failed }
  }

  test.each(['kill', 'full'] as const)('%s at each write of publish: no sequence is seen with two values', async kind => {
    const { writes, seen } = await run()
    expect([...seen]).toEqual([['0', new Set([A])], ['1', new Set([B])], ['2', new Set([C])]])
    expect(writes).toBeGreaterThanOrEqual(6)
    for (let at = 0; at < writes; at++) {
      const { seen: after } = await run({ at, kind })
      for (const [sequence, values] of after) expect({ at, sequence, values: [...values] }).toMatchObject({ values: [expect.anything()] })
    }
  })

  test('on a full disk nothing is published and the old record stays', async () => {
    const disk = memoryKeyValueStore()
    const first = await nameHome({ store: disk })
    await first.service.publish(publication(A))
    await first.stop()
    for (const at of [0, 1]) {
      await using home = await nameHome({ store: faultyStore(disk, { at, kind: 'full' }) })
      await expect(home.service.publish(publication(B))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await home.service.resolve(question(nameOf(1).text), never)).toMatchObject({ value: A, sequence: '0' })
    }
  })
})

import { describe, expect, test } from '@jest/globals'
import { MAX_RECORDS_PER_SENDER } from '../../src/domain/limits.ts'
import { A, B, C, codeOf, collect, HOUR_MS, nameHome, nameOf, never, publication, question, recordOf, START_MS, type NameHome } from '../name-world.ts'

const keysIn = async (home: NameHome): Promise<string[]> => (await collect(home.store.list(''))).map(({ key }) => key)

test('hands out what is remembered while it is fresh', async () => {
  await using home = await nameHome()
  await home.service.publish(publication(A))
  expect(await home.service.desk.lookup(nameOf(1))).toEqual((await home.service.record(nameOf(1).text)).record)
  expect(await home.service.desk.lookup(nameOf(2))).toBeUndefined()
})

describe('a record of a name that nobody here asked for', () => {
  test('is handed out, and makes no memory', async () => {
    await using home = await nameHome()
    const record = recordOf(2, { sequence: 7n })
    expect([await home.service.desk.offer(record.name, record.bytes, 'peer'), await home.service.desk.offer(record.name, record.bytes, 'other')]).toEqual(['kept', 'known'])
    expect(await home.service.desk.lookup(record.name)).toEqual(record.bytes)
    expect(await keysIn(home)).toEqual([`stranger/${record.name.text}`])
    home.clock.advance(2 * HOUR_MS)
    expect(await home.service.desk.lookup(record.name)).toBeUndefined()
  })

  test('is taken over when somebody asks for the name', async () => {
    await using home = await nameHome()
    const record = recordOf(2)
    await home.service.desk.offer(record.name, record.bytes, 'peer')
    expect(await home.service.resolve(question(record.name.text, { offline: true }), never)).toMatchObject({ value: A, source: 'local' })
    expect(await keysIn(home)).toEqual([`memory/${record.name.text}`])
  })

  test('is refused when it has expired, and when it is not authentic', async () => {
    await using home = await nameHome()
    const { desk } = home.service
    const record = recordOf(2)
    const offers: Array<[Uint8Array, number]> = [[recordOf(2, { untilMs: START_MS }).bytes, 2], [record.bytes, 3], [record.bytes.subarray(1), 2], [new Uint8Array(10_241), 2], [new Uint8Array(), 2]]
    const codes = []
    for (const [bytes, n] of offers) codes.push(await codeOf(desk.offer(nameOf(n), bytes, 'peer')))
    expect(codes).toEqual(['RECORD_EXPIRED', 'RECORD_SIGNATURE_INVALID', 'RECORD_MALFORMED', 'RECORD_TOO_LARGE', 'RECORD_UNSIGNED'])
    expect(await keysIn(home)).toEqual([])
  })

  test('an expired one does not come in by the back door either', async () => {
    await using home = await nameHome()
    const record = recordOf(2)
    await home.service.desk.offer(record.name, record.bytes, 'peer')
    home.clock.advance(2 * HOUR_MS)
    expect(await codeOf(home.service.resolve(question(record.name.text), never))).toBe('NAME_NOT_FOUND')
    expect(await keysIn(home)).toEqual([])
  })
})

describe('a record of a name that is known here', () => {
  test.each<[string, ReturnType<typeof recordOf>, string, string]>([
    ['newer', recordOf(2, { sequence: 6n, value: B }), 'kept', B],
    ['renewed', recordOf(2, { sequence: 5n, untilMs: START_MS + 9 * HOUR_MS }), 'kept', A],
    ['the same', recordOf(2, { sequence: 5n }), 'known', A],
    ['older', recordOf(2, { sequence: 4n, value: B }), 'known', A],
    ['a fork that does not hold', recordOf(2, { sequence: 5n, value: C, untilMs: START_MS + 1 }), 'known', A],
    ['a fork that holds', recordOf(2, { sequence: 5n, value: C, untilMs: START_MS + 9 * HOUR_MS }), 'kept', C],
  ])('%s', async (_name, record, expected, value) => {
    await using home = await nameHome()
    await home.service.importRecord({ name: nameOf(2).text, record: recordOf(2, { sequence: 5n }).bytes, acceptUnknownExpired: false })
    expect(await home.service.desk.offer(record.name, record.bytes, 'peer')).toBe(expected)
    expect((await home.service.resolve(question(nameOf(2).text, { offline: true }), never)).value).toBe(value)
  })

  test('own and followed names too, also before anything of them is known', async () => {
    await using home = await nameHome()
    await home.service.follow(nameOf(2).text, never)
    expect(await home.service.desk.offer(nameOf(2), recordOf(2).bytes, 'peer')).toBe('kept')
    expect(await keysIn(home)).toContain(`memory/${nameOf(2).text}`)
  })
})

test('one sender too many records is refused, before they are looked at; others are not', async () => {
  await using home = await nameHome()
  const { desk } = home.service
  const bad = new Uint8Array(20)
  for (let i = 0; i < MAX_RECORDS_PER_SENDER; i++) await codeOf(desk.offer(nameOf(2), bad, 'loud'))
  expect(await codeOf(desk.offer(nameOf(2), recordOf(2).bytes, 'loud'))).toBe('TOO_MANY_RECORDS')
  expect(await desk.offer(nameOf(2), recordOf(2).bytes, 'quiet')).toBe('kept')
})

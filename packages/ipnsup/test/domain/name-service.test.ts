import { describe, expect, test } from '@jest/globals'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { MAX_WAITING_CHANGES } from '../../src/domain/limits.ts'
import { NameWatches } from '../../src/domain/name-watches.ts'
import { Serving, type ListeningServer } from '../../src/domain/serving.ts'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import type { NameMemory } from '@ipkit/core/names/name-memory'
import { connect, disconnect } from '../memory-exchange.ts'
import { A, B, C, codeOf, collect, nameHome, nameOf, never, publication, question, recordOf, settle, START_MS } from '../name-world.ts'

describe('two homes with one key', () => {
  test('publish at once without each other, meet, and see the fork on both; the next publication heals it and nothing is lost', async () => {
    const clock = new ManualClock(START_MS)
    await using a = await nameHome({ label: 'a', clock })
    await using b = await nameHome({ label: 'b', clock })
    await a.service.publish(publication(A))
    clock.advance(1)
    await b.service.publish(publication(B))
    connect(a.exchange, b.exchange)
    await settle()
    for (const home of [a, b]) {
      expect(await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).toMatchObject({ value: B, sequence: '0', fork: true, values: [B, A] })
      expect((await collect(home.service.names(null))).map(n => [n.values, n.key])).toEqual([[[B, A], 'self']])
    }
    expect(await a.service.publish(publication(A))).toMatchObject({ sequence: '1', healedFork: true, state: 'published' })
    await settle()
    for (const home of [a, b]) expect(await home.service.resolve(question(nameOf(1).text, { offline: true }), never)).toMatchObject({ value: A, sequence: '1', fork: false })
  })

  test('one that brings the key along asks whoever is in reach before its first record, and makes no fork', async () => {
    const clock = new ManualClock(START_MS)
    await using a = await nameHome({ label: 'a', clock })
    await using b = await nameHome({ label: 'b', clock, self: 2, idle: true })
    for (const value of [A, B]) await a.service.publish(publication(value))
    connect(a.exchange, b.exchange)
    await settle()
    await b.service.keys.import('blog', new Uint8Array(32).fill(1))
    expect(await b.service.publish(publication(C, { key: 'blog' }))).toMatchObject({ name: nameOf(1).text, sequence: '2', healedFork: false })
    const { asked } = b.exchange
    await b.service.publish(publication(A, { key: 'blog' }))
    expect(b.exchange.asked).toBe(asked) // what is known is not asked for again
  })

  test('one that was off learns of it when it is back, and goes on above', async () => {
    const clock = new ManualClock(START_MS)
    await using a = await nameHome({ label: 'a', clock })
    await using b = await nameHome({ label: 'b', clock })
    for (const value of [A, B, C]) await a.service.publish(publication(value))
    connect(a.exchange, b.exchange)
    await settle()
    disconnect(a.exchange, b.exchange)
    await b.service.importRecord({ name: nameOf(1).text, record: (await a.service.record(nameOf(1).text)).record, acceptUnknownExpired: false })
    expect((await b.service.publish(publication(A))).sequence).toBe('3')
  })
})

test('two people share names through a third who never asked for them', async () => {
  const clock = new ManualClock(START_MS)
  await using a = await nameHome({ label: 'a', clock, self: 1 })
  await using middle = await nameHome({ label: 'm', clock, self: 2 })
  await using b = await nameHome({ label: 'b', clock, self: 3 })
  await a.service.publish(publication(A))
  connect(a.exchange, middle.exchange)
  await settle()
  disconnect(a.exchange, middle.exchange)
  connect(middle.exchange, b.exchange)
  expect(await b.service.resolve(question(nameOf(1).text), never)).toMatchObject({ value: A, source: 'm' })
  expect(await collect(middle.service.names(null))).toEqual([])
})

describe('watching', () => {
  test('tells what holds, then each change, and is a reason to look', async () => {
    await using home = await nameHome()
    await home.service.importRecord({ name: nameOf(2).text, record: recordOf(2).bytes, acceptUnknownExpired: false })
    const leave = new AbortController()
    const changes = home.service.watch(nameOf(2).text, leave.signal)
    expect((await changes.next()).value).toMatchObject({ value: A, sequence: '0', source: 'local', fork: false, expired: false, at: START_MS })
    await settle()
    expect([...home.exchange.listened]).toEqual([nameOf(2).text])
    await home.service.desk.offer(nameOf(2), recordOf(2, { sequence: 1n, value: B }).bytes, 'peer')
    await home.service.desk.offer(nameOf(2), recordOf(2).bytes, 'peer')
    await home.service.desk.offer(nameOf(2), recordOf(2, { sequence: 1n, value: C }).bytes, 'other')
    expect([(await changes.next()).value, (await changes.next()).value]).toMatchObject([{ value: B, source: 'peer', fork: false }, { sequence: '1', source: 'other', fork: true }])
    leave.abort()
    expect((await changes.next()).done).toBe(true)
    await settle()
    expect([...home.exchange.listened]).toEqual([])
  })

  test('of a name that nothing is known of begins with its first record, also from a stranger', async () => {
    await using home = await nameHome()
    const changes = home.service.watch(nameOf(2).text, never)
    const first = changes.next()
    await settle()
    await home.service.desk.offer(nameOf(2), recordOf(2).bytes, 'peer')
    expect((await first).value).toMatchObject({ value: A, source: 'peer' })
    await changes.return(undefined)
    await settle()
    expect(home.exchange.listened.size).toBe(0)
  })

  test('a reader who sleeps keeps the latest changes', async () => {
    const watches = new NameWatches()
    const stop = new AbortController()
    const changes = watches.watch(nameOf(2), stop.signal)
    for (let atMs = 0; atMs < MAX_WAITING_CHANGES + 5; atMs++) watches.tell({ memory: { name: nameOf(2) } as NameMemory, source: 'x', atMs })
    expect((await changes.next()).value).toMatchObject({ atMs: 5 })
    stop.abort()
    expect([(await changes.next()).done, watches.names()]).toEqual([true, []])
  })
})

describe('what is known', () => {
  test('own names first, then followed ones, then the others', async () => {
    await using home = await nameHome()
    for (const n of [2, 3]) await home.service.importRecord({ name: nameOf(n).text, record: recordOf(n).bytes, acceptUnknownExpired: false })
    await home.service.follow(nameOf(3).text, never)
    await home.service.publish(publication(A))
    const names = await collect(home.service.names(null))
    expect(names.map(n => [n.name, n.key, n.followed, n.state])).toEqual([[nameOf(1).text, 'self', false, 'local'], [nameOf(3).text, null, true, null], [nameOf(2).text, null, false, null]])
    expect(names[2]).toEqual({
      name: nameOf(2).text, value: A, sequence: '0', validUntil: '2026-03-01T01:00:00.000000000Z', ttlNs: '300000000000', key: null, followed: false, expired: false, state: null, places: [],
      values: [A], moreBranches: false, firstSeenAt: START_MS, lastSeenAt: START_MS, nextRepublishAt: null,
    })
  })

  test('a damaged memory is reported and left out', async () => {
    await using home = await nameHome()
    await home.service.importRecord({ name: nameOf(3).text, record: recordOf(3).bytes, acceptUnknownExpired: false })
    await home.store.put(`memory/${nameOf(2).text}`, Uint8Array.of(1))
    expect((await collect(home.service.names(null))).map(n => n.name)).toEqual([nameOf(3).text])
    expect(home.reports).toEqual([expect.stringContaining(nameOf(2).text)])
  })

  test('what is not known is said', async () => {
    await using home = await nameHome()
    expect([await codeOf(collect(home.service.names(nameOf(2).text))), await codeOf(home.service.record(nameOf(2).text))]).toEqual(['NAME_UNKNOWN', 'NAME_UNKNOWN'])
  })

  test('followed before anything is known of it: awaited, and unfollowed it is gone', async () => {
    await using home = await nameHome()
    await home.service.follow(nameOf(2).text, never)
    const awaited = { name: nameOf(2).text, followed: true, value: null, sequence: null, firstSeenAt: null, values: [], nextRepublishAt: null }
    for (const name of [nameOf(2).text, null]) expect(await collect(home.service.names(name))).toEqual([expect.objectContaining(awaited)])
    await home.service.unfollow(nameOf(2).text)
    expect(await collect(home.service.names(null))).toEqual([])
  })

  test('who asks for a key of their own before they publish is told how', async () => {
    await using home = await nameHome()
    const hints = async (asking: Promise<unknown>): Promise<unknown> => await asking.catch((e: unknown) => (e as { hints?: unknown }).hints)
    const own = [expect.stringContaining("'ipnsup publish <value>'")]
    expect(await hints(home.service.record(nameOf(1).text))).toEqual(own)
    expect(await hints(collect(home.service.names(nameOf(1).text)))).toEqual(own)
    expect(await hints(home.service.resolve(question(nameOf(1).text), never))).toEqual([...own, expect.stringContaining('--from')])
    expect(await hints(home.service.record(nameOf(2).text))).toEqual([expect.stringContaining('ipnsup resolve')])
  })

  test('an export is what an import takes', async () => {
    await using a = await nameHome()
    await using b = await nameHome({ self: 2 })
    const { name } = await a.service.publish(publication(A))
    const { record, expired } = await a.service.record(name)
    expect(expired).toBe(false)
    expect(await b.service.importRecord({ name, record, acceptUnknownExpired: false })).toMatchObject({ accepted: true })
  })
})

describe('serving', () => {
  const open = (opened: string[]) => async (listen: string): Promise<ListeningServer> => {
    const listening = listen.replace(/:0$/, `:${7777 + opened.length}`) // another one each time
    opened.push(listening)
    return { listening, urls: () => [`http://${listening}`], async [Symbol.asyncDispose] () { opened.push(`closed ${listening}`) } }
  }

  test('goes on after a restart at the same place, until it is told to stop', async () => {
    const store = memoryKeyValueStore()
    const opened: string[] = []
    const first = new Serving(store, open(opened))
    await first.resume()
    expect(first.isOn).toBe(false)
    expect(await first.serve(null)).toEqual(['http://127.0.0.1:7777'])
    expect(await first.serve(null)).toEqual(['http://127.0.0.1:7777'])
    await first.close()
    const second = new Serving(store, open(opened))
    await second.resume()
    expect([second.isOn, await second.serve('127.0.0.1:8888')]).toEqual([true, ['http://127.0.0.1:8888']])
    expect([await second.unserve(), second.isOn, await second.unserve()]).toEqual([true, false, false])
    expect(opened).toEqual(['127.0.0.1:7777', 'closed 127.0.0.1:7777', '127.0.0.1:7777', '127.0.0.1:8888', 'closed 127.0.0.1:7777', 'closed 127.0.0.1:8888'])
    const third = new Serving(store, open(opened))
    await third.resume()
    expect(third.isOn).toBe(false)
  })

  test('a damaged note of where is told at the start, and the next wish to serve replaces it', async () => {
    const store = memoryKeyValueStore()
    await store.put('serving', Uint8Array.of(0xff))
    const serving = new Serving(store, open([]))
    await expect(serving.resume()).rejects.toMatchObject({ code: 'SERVING_DAMAGED' })
    expect(await serving.serve(null)).toEqual(['http://127.0.0.1:7777'])
    await new Serving(store, open([])).resume()
  })
})

import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { decodeRecord } from '@ipkit/core/names/ipns-record'
import { AGAIN_MS, FIRST_PAUSE_MS, MIN_LOOK_UP_EVERY_MS, PUBLISH_WAIT_MS, PUT_MS } from '../../src/domain/limits.ts'
import type { End } from '../memory-exchange.ts'
import { A, B, codeOf, collect, HOUR_MS, nameHome, nameOf, never, publication, question, recordOf, settle, START_MS, type NameHome } from '../name-world.ts'

const name = nameOf(1)
const friend = (options: Partial<End> = {}): End => ({ label: 'friend', ask: async () => undefined, put: async () => {}, ...options })
const unreachable = async (): Promise<void> => { throw new AppError('PEER_UNREACHABLE', 'no', { exit: 'unreachable' }) }
const handedEnds = (home: NameHome): string[] => home.exchange.handed.map(h => decodeRecord(name, h.record).validity.text)
/** Time passes in steps, so that whoever wakes can sleep again. */
async function pass (home: NameHome, ms: number, stepMs = ms): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) { home.clock.advance(stepMs); await settle() }
}
const status = async (home: NameHome, of = name): Promise<Awaited<ReturnType<typeof collect<ReturnType<NameHome['service']['names']> extends AsyncIterable<infer T> ? T : never>>>[number]> => (await collect(home.service.names(of.text)))[0]!

test('what was published alone is handed over when somebody comes into reach', async () => {
  await using home = await nameHome()
  expect((await home.service.publish(publication(A))).state).toBe('local')
  home.exchange.add(friend())
  await settle()
  expect(await status(home)).toMatchObject({ state: 'published', places: [{ place: 'friend', state: 'done', error: null, lastTryAt: START_MS }] })
  expect(home.exchange.handed.length).toBe(1)
})

test('also after a restart', async () => {
  const before = await nameHome()
  await before.service.publish(publication(A))
  await before.stop()
  await using home = await nameHome({ store: before.store })
  home.exchange.add(friend())
  await settle()
  expect((await status(home)).state).toBe('published')
})

test('a publication with places in reach says which have it', async () => {
  await using home = await nameHome()
  home.exchange.add(friend())
  home.exchange.add(friend({ label: 'gone', put: unreachable }))
  expect(await home.service.publish(publication(A))).toMatchObject({
    state: 'published', places: [{ place: 'friend', state: 'done' }, { place: 'gone', state: 'waiting', error: { code: 'PEER_UNREACHABLE' } }].sort((a, b) => a.place < b.place ? -1 : 1),
  })
})

test('a place that does not answer keeps nobody waiting for long, and has failed in the end', async () => {
  await using home = await nameHome()
  let stopped = false
  home.exchange.add(friend({ put: async (_name, _record, signal) => { await new Promise(() => { signal.addEventListener('abort', () => { stopped = true }) }) } }))
  const published = home.service.publish(publication(A))
  await settle()
  home.clock.advance(PUBLISH_WAIT_MS)
  expect(await published).toMatchObject({ state: 'local', places: [{ place: 'friend', state: 'waiting', error: null }] })
  await pass(home, PUT_MS - PUBLISH_WAIT_MS)
  expect(await status(home)).toMatchObject({ places: [{ place: 'friend', state: 'waiting', error: { code: 'TIMED_OUT' } }] })
  expect(stopped).toBe(true)
})

test('a place that fails is tried again after growing pauses, and at once when it comes back', async () => {
  await using home = await nameHome()
  home.exchange.add(friend({ put: unreachable }))
  await home.service.publish(publication(A))
  const tries = async (ms: number): Promise<number> => { await pass(home, ms, 1000); return home.exchange.handed.length }
  expect([await tries(FIRST_PAUSE_MS - 1000), await tries(2000), await tries(8000), await tries(2000)]).toEqual([1, 2, 2, 3])
  home.exchange.remove('friend')
  home.exchange.add(friend({ label: 'other' }))
  await settle()
  home.exchange.add(friend())
  await settle()
  expect((await status(home)).places.map(p => [p.place, p.state])).toEqual([['friend', 'done'], ['other', 'done']])
})

test('a place gets the record again after hours, and not before', async () => {
  await using home = await nameHome()
  home.exchange.add(friend())
  await home.service.publish(publication(A))
  await pass(home, AGAIN_MS - 60_000, 600_000 - 1000)
  const before = home.exchange.handed.length
  await pass(home, 120_000, 60_000)
  expect([before, home.exchange.handed.length]).toEqual([1, 2])
})

test('an own record is renewed at half of its life, under its sequence, and goes to all places again', async () => {
  await using home = await nameHome()
  home.exchange.add(friend())
  await home.service.publish(publication(A, { lifetimeMs: 2 * HOUR_MS }))
  expect((await status(home)).nextRepublishAt).toBe(START_MS + HOUR_MS)
  await pass(home, HOUR_MS, 60_000)
  await pass(home, 1000)
  expect(handedEnds(home)).toEqual(['2026-03-01T02:00:00.000000000Z', '2026-03-01T03:00:00.000000000Z'])
  expect(await status(home)).toMatchObject({ sequence: '0', state: 'published', expired: false })
})

test('one that ran out while the node was off is renewed when it is back', async () => {
  const before = await nameHome()
  await before.service.publish(publication(A))
  await before.stop()
  before.clock.advance(100 * HOUR_MS)
  await using home = await nameHome({ store: before.store, clock: before.clock })
  await settle()
  expect(await status(home)).toMatchObject({ expired: false, sequence: '0', validUntil: '2026-03-07T04:00:00.000000000Z' })
})

test('nothing is signed by itself while the clock is doubted', async () => {
  const before = await nameHome()
  await before.service.publish(publication(A))
  await before.stop()
  await using home = await nameHome({ store: before.store, clock: before.clock, idle: true })
  home.clockState = 'jumped-forward'
  home.clock.advance(1000 * HOUR_MS)
  const stop = new AbortController()
  const running = home.service.run()
  await settle()
  expect((await status(home)).expired).toBe(true)
  home.clockState = 'ok'
  await pass(home, 60_000 * 70, 60_000)
  expect((await status(home)).expired).toBe(false)
  stop.abort()
  await home.stop()
  await running
})

test('an expired record goes nowhere', async () => {
  await using home = await nameHome()
  await home.service.follow(nameOf(2).text, never)
  await home.service.importRecord({ name: nameOf(2).text, record: recordOf(2).bytes, acceptUnknownExpired: false })
  home.clock.advance(2 * HOUR_MS)
  home.exchange.add(friend())
  await settle()
  expect(home.exchange.handed).toEqual([])
  expect(await home.service.desk.lookup(nameOf(2))).toBeUndefined()
})

test('a followed name is looked up, and its newer record handed on', async () => {
  await using home = await nameHome()
  let record = recordOf(2)
  home.exchange.add(friend({ ask: async () => record.bytes }))
  home.exchange.add(friend({ label: 'other' }))
  expect(await home.service.follow(nameOf(2).text, never)).toEqual({ name: nameOf(2).text, followed: true, known: false })
  await settle()
  expect(await status(home, nameOf(2))).toMatchObject({ value: A, followed: true, state: null, key: null })
  record = recordOf(2, { sequence: 1n, value: B })
  await pass(home, MIN_LOOK_UP_EVERY_MS - 1000, 1000 * 13)
  expect((await status(home, nameOf(2))).value).toBe(A)
  await pass(home, 3000, 1000)
  expect((await status(home, nameOf(2))).value).toBe(B)
  expect(home.exchange.handed.filter(h => h.to === 'other').map(h => decodeRecord(nameOf(2), h.record).value)).toEqual([A, B])
})

test('what is not followed any more is neither asked for nor handed on', async () => {
  await using home = await nameHome()
  await home.service.follow(nameOf(2).text, never)
  await settle()
  expect([...home.exchange.listened]).toEqual([nameOf(2).text])
  await home.service.unfollow(nameOf(2).text)
  await settle()
  home.exchange.add(friend())
  await pass(home, HOUR_MS, 60_000)
  expect([home.exchange.asked, home.exchange.handed.length, home.exchange.listened.size]).toEqual([0, 0, 0])
})

test('nothing is busy while nothing is due', async () => {
  await using home = await nameHome()
  await home.service.publish(publication(A))
  let looks = 0
  home.exchange.places = () => { looks++; return [] }
  await pass(home, HOUR_MS, 10_000)
  expect(looks).toBeLessThan(10)
})

test('names that are kept hold the node, and say how many', async () => {
  await using home = await nameHome()
  await settle()
  expect([...home.leases]).toEqual([])
  await home.service.publish(publication(A))
  await home.service.follow(nameOf(2).text, never)
  await settle()
  expect([...home.leases]).toEqual([['names', 'ipnsup keeps 2 names alive']])
  await home.service.unfollow(nameOf(2).text)
  await settle()
  expect([...home.leases]).toEqual([['names', 'ipnsup keeps 1 name alive']])
})

test('a name whose key is away is handed on until it expires, and then holds the node no more', async () => {
  await using home = await nameHome()
  home.keys.delete('self')
  await home.service.follow(name.text, never)
  await home.service.importRecord({ name: name.text, record: recordOf(1).bytes, acceptUnknownExpired: false })
  await home.service.unfollow(name.text)
  await settle()
  expect([...home.leases]).toEqual([])
})

test('a removed key leaves its name followed', async () => {
  await using home = await nameHome()
  await home.service.keys.create('blog')
  const published = await home.service.publish(publication(A, { key: 'blog' }))
  expect(await home.service.removeKey('blog')).toMatchObject({ key: 'blog', name: published.name })
  expect((await collect(home.service.names(published.name)))[0]).toMatchObject({ key: null, followed: true, value: A })
  expect(await codeOf(home.service.publish(publication(B, { key: 'blog' })))).toBe('KEY_UNKNOWN')
})

test('a name that cannot be kept is reported, and the others are', async () => {
  await using home = await nameHome()
  await home.service.follow(nameOf(2).text, never)
  await home.store.put(`memory/${nameOf(2).text}`, Uint8Array.of(1))
  await home.service.publish(publication(A))
  home.exchange.add(friend())
  await settle()
  expect((await status(home)).state).toBe('published')
  expect(home.reports.join()).toContain(`keeping ${nameOf(2).text}`)
  expect(await codeOf(home.service.resolve(question(nameOf(2).text), never))).toBe('NAME_MEMORY_DAMAGED')
})

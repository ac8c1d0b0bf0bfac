import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import type { End } from '../memory-exchange.ts'
import { A, B, codeOf, collect, HOUR_MS, nameHome, nameOf, never, publication, recordOf } from '../name-world.ts'

const end = (label: string, options: Partial<End> = {}): End => ({ label, ask: async () => undefined, put: async () => {}, ...options })

test('each kept name is asked for at each place, and handed over there', async () => {
  await using home = await nameHome({ idle: true })
  await home.service.publish(publication(A))
  await home.service.follow(nameOf(2).text, never)
  await home.service.importRecord({ name: nameOf(2).text, record: recordOf(2).bytes, acceptUnknownExpired: false })
  home.exchange.add(end('a', { ask: async name => name.text === nameOf(2).text ? recordOf(2, { sequence: 1n, value: B }).bytes : undefined }))
  home.exchange.add(end('b', { put: async () => { throw new AppError('PEER_REFUSED', 'no') } }))
  const items = await collect(home.service.sync([], never))
  expect(items.map(i => [i.place, i.name, i.handedOver, i.fetched, i.error?.code])).toEqual([
    ['a', nameOf(1).text, true, 'nothing', undefined], ['a', nameOf(2).text, true, 'newer', undefined],
    ['b', nameOf(1).text, false, 'nothing', 'PEER_REFUSED'], ['b', nameOf(2).text, false, 'nothing', 'PEER_REFUSED'],
  ])
  expect((await collect(home.service.names(nameOf(1).text)))[0]).toMatchObject({ state: 'published' })
})

test('a place that cannot be reached is told once', async () => {
  await using home = await nameHome({ idle: true })
  await home.service.publish(publication(A))
  await home.service.follow(nameOf(2).text, never)
  home.exchange.add(end('a', { ask: async () => { throw new AppError('PEER_UNREACHABLE', 'no', { exit: 'unreachable' }) } }))
  expect(await collect(home.service.sync([['a']], never))).toEqual([{ place: 'a', name: null, handedOver: false, fetched: null, error: { code: 'PEER_UNREACHABLE', message: 'no' } }])
  expect(home.exchange.handed).toEqual([])
})

test('a bad answer does not keep the record from going there', async () => {
  await using home = await nameHome({ idle: true })
  await home.service.publish(publication(A))
  home.exchange.add(end('a', { ask: async () => recordOf(2).bytes }))
  expect(await collect(home.service.sync([], never))).toMatchObject([{ handedOver: true, fetched: null, error: { code: 'RECORD_SIGNATURE_INVALID' } }])
})

test('an expired record is handed to nobody, and nothing to sync is said', async () => {
  await using home = await nameHome({ idle: true })
  home.exchange.add(end('a'))
  expect(await collect(home.service.sync([], never))).toEqual([{ place: 'a', name: null, handedOver: false, fetched: null, error: null }])
  await home.service.follow(nameOf(2).text, never)
  await home.service.importRecord({ name: nameOf(2).text, record: recordOf(2).bytes, acceptUnknownExpired: false })
  home.clock.advance(2 * HOUR_MS)
  expect(await collect(home.service.sync([], never))).toMatchObject([{ handedOver: false, fetched: 'nothing', error: null }])
  expect(home.exchange.handed).toEqual([])
})

test('what is no place is said before anything is done', async () => {
  await using home = await nameHome({ idle: true })
  expect(await codeOf(collect(home.service.sync([['nobody']], never)))).toBe('ADDRESS_INVALID')
})

import { afterEach, describe, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { callIpnsup, ipnsupRpc, listIpnsup, type NameItem, type PublishResult, type ResolveResult, type RpcMethod } from '../src/rpc.ts'
import { A, B, codeOf, collect, publication, question } from './name-world.ts'
import { serviceHome, type ServiceHome } from './service-home.ts'

const homes: ServiceHome[] = []
afterEach(async () => { for (const h of homes.splice(0)) await h[Symbol.asyncDispose]() })

async function home (config?: Parameters<typeof serviceHome>[0]): Promise<ServiceHome> {
  const made = await serviceHome(config)
  homes.push(made)
  return made
}

const call = async <P, R> (h: ServiceHome, m: RpcMethod<P, R>, params: P): Promise<R> => await callIpnsup(h.door, m, params)
const publish = async (h: ServiceHome, value = A): Promise<PublishResult> => await call(h, ipnsupRpc.publish, publication(value))
const resolve = async (h: ServiceHome, target: string, fields: Parameters<typeof question>[1] = {}): Promise<ResolveResult> => {
  const { from, ...rest } = question(target, fields)
  return await call(h, ipnsupRpc.resolve, { ...rest, from: from.map(place => [...place]) })
}
const nameIn = async (h: ServiceHome, name: string): Promise<NameItem> => (await collect(listIpnsup(h.door, ipnsupRpc.names, { name })))[0]!
const addresses = (h: ServiceHome): string[] => h.net.node.addresses()
/** Two nodes that nobody told of each other meet. */
const meet = async (a: ServiceHome, b: ServiceHome): Promise<void> => { await codeOf(resolve(a, (await collect(listIpnsup(b.door, ipnsupRpc.keys, {})))[0]!.name, { from: [addresses(b)] })) }

async function until (what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await what()) return
    await systemClock.sleep(20)
  }
  throw new Error('it did not come about')
}

describe('over real sockets', () => {
  test('a name that was published alone goes over by itself when two nodes meet, and is resolved without its publisher', async () => {
    const [a, b] = [await home(), await home()]
    const published = await publish(a)
    expect([published.state, published.sequence]).toEqual(['local', '0'])
    await call(b, ipnsupRpc.follow, { name: published.name })
    await meet(b, a)
    await until(async () => (await nameIn(a, published.name)).state === 'published')
    await a[Symbol.asyncDispose]()
    homes.splice(homes.indexOf(a), 1)
    expect(await resolve(b, published.name)).toMatchObject({ value: A, expired: false, source: 'local' })
  })

  test('a node is asked by its address, and says what it does not know', async () => {
    const [a, b] = [await home(), await home()]
    const { name } = await publish(a)
    expect(await resolve(b, name, { from: [addresses(a)] })).toMatchObject({ value: A, source: a.net.node.peerId })
    expect(await codeOf(resolve(b, (await collect(listIpnsup(b.door, ipnsupRpc.keys, {})))[0]!.name, { from: [addresses(a)] }))).toBe('NAME_NOT_FOUND')
    expect(await codeOf(resolve(b, 'nonsense'))).toBe('NAME_INVALID')
  })

  test('a followed name changes with its publisher, and who watches sees it', async () => {
    const [a, b] = [await home(), await home()]
    const { name } = await publish(a)
    await meet(b, a)
    const leave = new AbortController()
    const changes = listIpnsup(b.door, ipnsupRpc.watch, { name }, { signal: leave.signal })
    expect((await changes.next()).value).toMatchObject({ value: A, sequence: '0' })
    await publish(a, B)
    expect((await changes.next()).value).toMatchObject({ value: B, sequence: '1' })
    leave.abort()
    await changes.return(undefined)
  })

  test('an HTTP server gives and takes, and is there again after a restart', async () => {
    const [a, b] = [await home(), await home()]
    const { name } = await publish(a)
    const { urls } = await call(a, ipnsupRpc.serve, { http: null })
    expect(urls).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)])
    await a.restart()
    expect(await resolve(b, name, { from: [urls] })).toMatchObject({ value: A, source: urls[0] })
    const own = await publish(b, B)
    expect(await collect(listIpnsup(b.door, ipnsupRpc.sync, { places: [urls] }))).toMatchObject([{ place: urls[0], name: own.name, handedOver: true, fetched: 'nothing' }])
    expect(await resolve(a, own.name, { offline: true })).toMatchObject({ value: B })
    expect(await call(a, ipnsupRpc.unserve, {})).toEqual({ served: true })
    expect(await call(a, ipnsupRpc.unserve, {})).toEqual({ served: false })
  })
})

test('what was published is there after a restart, and holds the node', async () => {
  const a = await home()
  const { name } = await publish(a)
  await a.restart()
  expect(await nameIn(a, name)).toMatchObject({ value: A, key: 'self', state: 'local' })
  await until(async () => a.leases.get('names') === 'ipnsup keeps 1 name alive')
  expect((await publish(a, B)).sequence).toBe('1')
})

test('keys are made, exported, imported and removed', async () => {
  const [a, b] = [await home(), await home()]
  const made = await call(a, ipnsupRpc.keyNew, { key: 'blog' })
  const exported = await call(a, ipnsupRpc.keyExport, { key: 'blog' })
  expect([exported.name, exported.seed.length]).toEqual([made.name, 32])
  expect(await call(b, ipnsupRpc.keyImport, { key: 'journal', seed: Buffer.from(exported.seed).toString('base64url') as never })).toMatchObject({ name: made.name, key: 'journal' })
  expect((await collect(listIpnsup(b.door, ipnsupRpc.keys, {}))).map(k => k.key)).toEqual(['self', 'journal'])
  expect((await call(b, ipnsupRpc.keyRemove, { key: 'journal' })).name).toBe(made.name)
  expect(await codeOf(call(b, ipnsupRpc.publish, publication(A, { key: 'journal' })))).toBe('KEY_UNKNOWN')
})

test('a record goes from hand to hand', async () => {
  const [a, b] = [await home(), await home()]
  const { name } = await publish(a)
  const { record } = await call(a, ipnsupRpc.record, { name })
  expect(await call(b, ipnsupRpc.importRecord, { name, record, acceptUnknownExpired: false })).toMatchObject({ accepted: true, relation: 'first' })
  expect(await call(b, ipnsupRpc.forget, { name })).toEqual({ name, forgotten: true })
  expect(await codeOf(call(b, ipnsupRpc.record, { name }))).toBe('NAME_UNKNOWN')
  expect(await codeOf(collect(listIpnsup(b.door, ipnsupRpc.names, { name })))).toBe('NAME_UNKNOWN')
})

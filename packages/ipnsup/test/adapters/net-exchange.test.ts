import { describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { nameTopic, routingKey } from '@ipkit/core/names/ipns-name'
import { FETCH_PROTOCOL } from '@ipkit/core/net/fetch-wire'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import type { HttpAnswer, HttpClient, HttpRequest } from '../../src/adapters/http-client.ts'
import { NetExchange } from '../../src/adapters/net-exchange.ts'
import { CONFIRM_PAUSE_MS, MAX_CONFIRM_ASKS, MAX_DHT_VALUES, MAX_PEERS_ASKED, REACH_PAUSE_MS } from '../../src/domain/wire-limits.ts'
import { IPNSUP_PROTOCOL } from '../../src/wire.ts'
import { hex } from '../hex.ts'
import { memoryDesk, type MemoryDesk } from '../memory-desk.ts'
import { latin1, MemoryNetwork, type MemoryNode } from '../memory-network.ts'
import { ALICE, BOB, changed, HOUR_MS, NAME, NOW_MS, record } from '../records.ts'

const TOPIC = nameTopic(NAME)
const never = new AbortController().signal
const PEER_ID = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'

interface Somebody { readonly node: MemoryNode, readonly desk: MemoryDesk, readonly exchange: NetExchange, readonly reported: string[] }

interface World { readonly clock: ManualClock, readonly network: MemoryNetwork, somebody(peerId: string, options?: Options): Promise<Somebody> }
interface Options { readonly stores?: string[], readonly routers?: string[], readonly http?: HttpClient, readonly known?: ReturnType<typeof record> }

function makeWorld (): World {
  const clock = new ManualClock(NOW_MS)
  const network = new MemoryNetwork(clock)
  return {
    clock,
    network,
    async somebody (peerId, { stores, routers = [], http = noHttp, known } = {}) {
      const reported: string[] = []
      const node = network.node(peerId, stores)
      const desk = memoryDesk(clock, ...known === undefined ? [] : [known])
      const exchange = new NetExchange({ scope: node.scope, http, routers, signal: never, report: (what, e) => { reported.push(`${what}: ${(e as { code?: string }).code}`) } })
      await exchange.serve(desk)
      return { node, desk, exchange, reported }
    },
  }
}

const noHttp: HttpClient = { send: async () => { throw new Error('no HTTP here') } }
const labels = (ends: ReadonlyArray<{ readonly label: string }>): string[] => ends.map(({ label }) => label)
async function codeOf (work: Promise<unknown>): Promise<string> {
  try { await work } catch (e) { return (e as { code?: string }).code ?? (e as Error).message }
  return 'done'
}
/** Lets time pass until the work is done. */
async function overTime (clock: ManualClock, stepMs: number, work: Promise<unknown>): Promise<string> {
  let code: string | undefined
  void codeOf(work).then(found => { code = found })
  for (let turn = 0; code === undefined && turn < 100; turn++) {
    await new Promise(resolve => { setImmediate(resolve) })
    clock.advance(stepMs)
  }
  return code ?? 'still waiting'
}

describe('connected peers', () => {
  test('are asked and handed to by our own protocol', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice', { known: record() }), await w.somebody('bob')]
    w.network.connect(alice.node, bob.node)
    expect([labels(bob.exchange.sources()), labels(bob.exchange.places(NAME))]).toEqual([['alice'], ['alice']])
    expect(hex((await bob.exchange.sources()[0]!.ask(NAME, never))!)).toBe(hex(record().bytes))
    expect(await bob.exchange.sources()[0]!.ask(record({ key: BOB }).name, never)).toBeUndefined()
    await bob.exchange.places(NAME)[0]!.put(NAME, record({ sequence: 2n }).bytes, never)
    expect([alice.desk.records.get(NAME.text)!.sequence, alice.desk.offers[0]!.from]).toEqual([2n, 'bob'])
    expect(w.network.said).toEqual(Array.from({ length: 3 }, () => `${IPNSUP_PROTOCOL} bob alice`))
  })

  test('that speak fetch alone are asked with the raw routing key, and are no place', async () => {
    const w = makeWorld()
    const [kubo, bob] = [w.network.node('kubo'), await w.somebody('bob')]
    const asked: Uint8Array[] = []
    kubo.scope.fetch.answer('/ipns/', async key => { asked.push(key); return record().bytes })
    w.network.connect(kubo, bob.node)
    expect([labels(bob.exchange.sources()), labels(bob.exchange.places(NAME))]).toEqual([['kubo'], []])
    expect(hex((await bob.exchange.sources()[0]!.ask(NAME, never))!)).toBe(hex(record().bytes))
    expect(asked.map(hex)).toEqual(['2f69706e732f002408011220d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'])
  })

  test.each([[0, 'none'], [10_241, 'RECORD_TOO_LARGE']])('an answer of %i bytes over fetch is %s', async (sizeBytes, outcome) => {
    const w = makeWorld()
    const [kubo, bob] = [w.network.node('kubo'), await w.somebody('bob')]
    kubo.scope.fetch.answer('/ipns/', async () => new Uint8Array(sizeBytes))
    w.network.connect(kubo, bob.node)
    const asked = bob.exchange.sources()[0]!.ask(NAME, never)
    if (outcome === 'none') expect(await asked).toBeUndefined()
    else expect(await codeOf(asked)).toBe(outcome)
  })

  test('our own come before others, and there is a limit', async () => {
    const w = makeWorld()
    const bob = await w.somebody('bob')
    for (let i = 0; i < MAX_PEERS_ASKED; i++) {
      const kubo = w.network.node(`kubo${i}`)
      kubo.scope.fetch.answer('/ipns/', async () => undefined)
      w.network.connect(kubo, bob.node)
    }
    w.network.connect((await w.somebody('alice')).node, bob.node)
    w.network.connect(w.network.node('silent'), bob.node)
    expect([labels(bob.exchange.sources())[0], bob.exchange.sources().length, labels(bob.exchange.places(NAME))]).toEqual(['alice', MAX_PEERS_ASKED, ['alice']])
  })

  test('of one address do not crowd out those of others, however many they are and whatever they speak', async () => {
    const w = makeWorld()
    const bob = await w.somebody('bob')
    for (let i = 0; i < MAX_PEERS_ASKED; i++) {
      const crowd = await w.somebody(`crowd${i}`)
      w.network.addresses.set(crowd.node.peerId, '192.168.1.66')
      w.network.connect(crowd.node, bob.node)
    }
    const [alice, kubo] = [await w.somebody('alice'), w.network.node('kubo')]
    kubo.scope.fetch.answer('/ipns/', async () => undefined)
    for (const node of [alice.node, kubo]) {
      w.network.addresses.set(node.peerId, `of ${node.peerId}`)
      w.network.connect(node, bob.node)
    }
    expect([bob.exchange.sources().length, labels(bob.exchange.sources()).slice(0, 4)]).toEqual([MAX_PEERS_ASKED, ['crowd0', 'alice', 'kubo', 'crowd1']])
    expect(labels(bob.exchange.places(NAME)).slice(0, 3)).toEqual(['crowd0', 'alice', 'crowd1'])
  })

  test('are answered over fetch: the record, and nothing under other keys', async () => {
    const w = makeWorld()
    const [alice, kubo] = [await w.somebody('alice', { known: record() }), w.network.node('kubo')]
    w.network.connect(alice.node, kubo)
    const ask = async (key: Uint8Array): Promise<Uint8Array | undefined> => await kubo.scope.fetch.ask(['alice'], key)
    expect(hex((await ask(routingKey(NAME)))!)).toBe(hex(record().bytes))
    expect(await ask(routingKey(record({ key: BOB }).name))).toBeUndefined()
    expect(await ask(new TextEncoder().encode(`/ipns/${NAME.text}`))).toBeUndefined()
    expect([...alice.node.handlers.keys()]).toEqual([FETCH_PROTOCOL, IPNSUP_PROTOCOL])
  })

  test('an expired record is handed to nobody, whoever asks for it', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob', { stores: ['lan-dht'], routers: ['http://router.test'] })]
    w.network.connect(alice.node, bob.node)
    alice.exchange.listen(NAME)
    const places = [...bob.exchange.places(NAME), bob.exchange.named([`/ip4/127.0.0.1/tcp/1/p2p/${PEER_ID}`]), bob.exchange.named(['http://x.test'])]
    expect(labels(places)).toEqual(['alice', 'pubsub', 'lan-dht', 'http://router.test', PEER_ID, 'http://x.test'])
    const { bytes } = record({ untilMs: NOW_MS })
    for (const place of places) expect(await codeOf(place.put(NAME, bytes, never))).toBe('RECORD_EXPIRED')
    expect([w.network.said, w.network.values.size]).toEqual([[], 0])
  })
})

describe('a peer that is named', () => {
  test('is dialled, and asked by fetch when it does not speak ours', async () => {
    const w = makeWorld()
    const [kubo, bob] = [w.network.node(PEER_ID), await w.somebody('bob')]
    kubo.scope.fetch.answer('/ipns/', async () => record().bytes)
    const named = bob.exchange.named([`/ip4/127.0.0.1/tcp/4001/p2p/${PEER_ID}`])
    expect([named.label, hex((await named.ask(NAME, never))!)]).toEqual([PEER_ID, hex(record().bytes)])
    expect(await codeOf(named.put(NAME, record().bytes, never))).toBe('PEER_NO_PROTOCOL')
  })

  test('by an address without a peer id goes by that address', async () => {
    const { exchange } = await makeWorld().somebody('bob')
    expect([exchange.named(['/ip4/127.0.0.1/tcp/4001']).label, exchange.named([PEER_ID]).label, exchange.named(['HTTPS://Router.test/']).label]).toEqual(['/ip4/127.0.0.1/tcp/4001', PEER_ID, 'https://router.test'])
  })

  test.each([
    [['bob']], [[]], [['/ip4/127.0.0.1']], [['ftp://x.test']], [['http://']], [['http://user@x.test']], [['http://:pass@x.test']], [['http://x.test?a']], [['http://x.test', 'http://y.test']],
    [[`/ip4/127.0.0.1/tcp/1/p2p/${PEER_ID}`, `/ip4/127.0.0.1/tcp/1/p2p/${BOB.peerId}`]], [[PEER_ID, BOB.peerId]],
  ])('%j is no place', async place => {
    const { exchange } = await makeWorld().somebody('bob')
    expect(() => exchange.named(place)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID', exit: 'usage' }))
  })
})

describe('topics', () => {
  test('what is published goes to the desks of those who listen, and counts when one of them has it', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob')]
    w.network.connect(alice.node, bob.node)
    expect(labels(alice.exchange.places(NAME))).toEqual(['bob'])
    bob.exchange.listen(NAME)
    bob.exchange.listen(NAME)
    const topic = alice.exchange.places(NAME).find(({ label }) => label === 'pubsub')!
    expect(await overTime(w.clock, CONFIRM_PAUSE_MS, topic.put(NAME, record().bytes, never))).toBe('done')
    expect([bob.desk.records.get(NAME.text)?.sequence, bob.desk.offers]).toEqual([1n, [{ from: 'alice', sizeBytes: record().bytes.length }]])
    expect(w.network.said).toEqual([`publish alice ${TOPIC}`, `${IPNSUP_PROTOCOL} alice bob`])
    bob.exchange.unlisten(NAME)
    expect([labels(alice.exchange.places(NAME)), [...bob.node.topics.keys()]]).toEqual([['bob'], []])
    expect(await codeOf(topic.put(NAME, record().bytes, never))).toBe('NOBODY_LISTENS')
  })

  test('that never stops does not fill the log', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob')]
    w.network.connect(alice.node, bob.node)
    bob.exchange.listen(NAME)
    bob.desk.fault = new AppError('TOO_MANY_RECORDS', 'too many')
    for (let i = 0; i < 5; i++) await alice.node.scope.pubsub.publish(TOPIC, Uint8Array.of(i))
    await new Promise(resolve => { setImmediate(resolve) })
    expect([bob.desk.offers.length, bob.reported]).toEqual([5, []])
  })

  test('a listener that has a better one confirms too; one that has an older one does not', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob', { known: record({ sequence: 5n }) })]
    w.network.connect(alice.node, bob.node)
    bob.exchange.listen(NAME)
    bob.node.deaf = true
    const put = async (sequence: bigint): Promise<string> => await overTime(w.clock, CONFIRM_PAUSE_MS, alice.exchange.places(NAME)[1]!.put(NAME, record({ sequence }).bytes, never))
    expect([await put(4n), await put(5n), await put(6n)]).toEqual(['done', 'done', 'NOT_CONFIRMED'])
  })

  test('a listener that answers nothing, or falsely, is no confirmation, and is not asked for ever', async () => {
    const w = makeWorld()
    const [alice, kubo] = [await w.somebody('alice'), w.network.node('kubo')]
    w.network.connect(alice.node, kubo)
    kubo.scope.pubsub.subscribe(TOPIC, () => {})
    const put = async (): Promise<string> => await overTime(w.clock, CONFIRM_PAUSE_MS, alice.exchange.places(NAME)[0]!.put(NAME, record().bytes, never))
    expect(await put()).toBe('NOT_CONFIRMED')
    kubo.scope.fetch.answer('/ipns/', async () => record({ key: BOB }).bytes.subarray(1))
    w.network.said.length = 0
    expect([await put(), w.network.said.length]).toEqual(['NOT_CONFIRMED', 1 + MAX_CONFIRM_ASKS])
  })

  test('what is no record of the name, or too large, changes nothing', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob')]
    w.network.connect(alice.node, bob.node)
    bob.exchange.listen(NAME)
    for (const data of [new Uint8Array(10_241), record({ key: BOB }).bytes, Uint8Array.of(1)]) await alice.node.scope.pubsub.publish(TOPIC, data)
    while (bob.reported.length < 2) await new Promise(resolve => { setImmediate(resolve) })
    expect([bob.desk.records.size, bob.desk.offers.length]).toEqual([0, 2])
    expect([...bob.reported].sort()).toEqual(['a record from a topic: RECORD_MALFORMED', 'a record from a topic: RECORD_SIGNATURE_INVALID'])
  })
})

describe('a DHT', () => {
  const key = `lan-dht ${latin1(routingKey(NAME))}`

  test('is a place and a source where it is on', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice', { stores: ['lan-dht'] }), await w.somebody('bob', { stores: ['lan-dht'] })]
    expect(labels(bob.exchange.sources())).toEqual(['lan-dht'])
    expect(await bob.exchange.sources()[0]!.ask(NAME, never)).toBeUndefined()
    await alice.exchange.places(NAME)[0]!.put(NAME, record().bytes, never)
    expect([hex((await bob.exchange.sources()[0]!.ask(NAME, never))!), [...w.network.values.keys()]]).toEqual([hex(record().bytes), [key]])
  })

  test('gives the best authentic record of what anybody put there', async () => {
    const w = makeWorld()
    const { exchange } = await w.somebody('bob', { stores: ['lan-dht'] })
    const values = [Uint8Array.of(1), record({ sequence: 3n }).bytes, new Uint8Array(10_241), record({ sequence: 4n }).bytes, record({ sequence: 9n, key: BOB }).bytes, changed(record({ sequence: 9n }).bytes), record({ sequence: 2n }).bytes]
    w.network.values.set(key, values)
    expect(hex((await exchange.sources()[0]!.ask(NAME, never))!)).toBe(hex(record({ sequence: 4n }).bytes))
    w.network.values.set(key, [...Array.from({ length: 2 * MAX_DHT_VALUES }, () => Uint8Array.of(7)), record().bytes])
    expect(hex((await exchange.sources()[0]!.ask(NAME, never))!)).toBe(hex(record().bytes))
    w.network.values.set(key, [...Array.from({ length: MAX_DHT_VALUES }, (_, i) => Uint8Array.of(7, i)), record().bytes])
    expect(await exchange.sources()[0]!.ask(NAME, never)).toBeUndefined()
  })

  test('when the time is over, the best until then is the answer; with none it is the end', async () => {
    const w = makeWorld()
    const { exchange, node } = await w.somebody('bob', { stores: ['lan-dht'] })
    for (const values of [[record().bytes], []]) {
      const stop = new AbortController()
      node.scope.valueStore.get = async function * () { yield * values; stop.abort(new Error('time is over')); stop.signal.throwIfAborted() }
      const asked = exchange.sources()[0]!.ask(NAME, stop.signal)
      if (values.length === 1) expect(hex((await asked)!)).toBe(hex(record().bytes))
      else expect(await codeOf(asked)).toBe('time is over')
    }
  })
})

describe('routers', () => {
  const answerWith = (...answers: Array<Partial<HttpAnswer>>): HttpClient & { readonly sent: HttpRequest[] } => {
    const sent: HttpRequest[] = []
    return { sent, send: async request => { sent.push(request); return { status: 200, contentType: '', body: new Uint8Array(0), ...answers[sent.length - 1] } } }
  }
  const TYPE = 'application/vnd.ipfs.ipns-record'
  const found = { contentType: TYPE, body: record().bytes }

  test('of the config are sources and places; one that is no URL is reported', async () => {
    const bob = await makeWorld().somebody('bob', { routers: ['https://a.test/', 'nonsense', 'http://192.168.1.7:8080/base/routing/v1'] })
    const expected = ['https://a.test', 'http://192.168.1.7:8080/base']
    expect([labels(bob.exchange.sources()), labels(bob.exchange.places(NAME)), bob.reported]).toEqual([expected, expected, ['a router of the config: ADDRESS_INVALID']])
  })

  test.each<[string, Array<Partial<HttpAnswer>>, string, number]>([
    ['by delegated routing', [found], 'record', 1],
    ['by the gateway where there is no delegated routing', [{ status: 400 }, found], 'record', 2],
    ['by the gateway where the router has none', [{ status: 404 }, found], 'record', 2],
    ['none', [{ status: 404 }, { status: 404 }], 'none', 2],
    ['none, said with 200', [{ contentType: 'text/plain' }, { status: 500 }], 'none', 2],
    ['none, though the gateway fails', [{ status: 404 }, { status: 504 }], 'none', 2],
    ['a failure', [{ status: 501 }, { status: 500 }], 'ROUTER_FAILED', 2],
    ['too often', [{ status: 429 }, { status: 429 }], 'TOO_MANY_RECORDS', 2],
    ['a page for people', [{ contentType: 'text/html' }, { contentType: 'text/html' }], 'ROUTER_UNKNOWN', 2],
    ['nothing of the kind', [{ status: 501 }, { status: 406 }], 'ROUTER_UNKNOWN', 2],
  ])('answer: %s', async (_title, answers, outcome, requests) => {
    const http = answerWith(...answers)
    const { exchange } = await makeWorld().somebody('bob', { http })
    const asked = exchange.named(['http://router.test/x']).ask(NAME, never)
    if (outcome === 'record') expect(hex((await asked)!)).toBe(hex(record().bytes))
    else if (outcome === 'none') expect(await asked).toBeUndefined()
    else expect(await codeOf(asked)).toBe(outcome)
    expect(http.sent.map(({ method, url, headers, maxBytes }) => [method, url.href, headers, maxBytes])).toEqual([
      ['GET', `http://router.test/x/routing/v1/ipns/${NAME.text}`, { accept: TYPE }, 10_240],
      ['GET', `http://router.test/x/ipns/${NAME.text}?format=ipns-record`, { accept: TYPE }, 10_240],
    ].slice(0, requests))
  })

  test.each([[200, 'done'], [204, 'done'], [302, 'ROUTER_FAILED'], [400, 'RECORD_REFUSED'], [413, 'RECORD_REFUSED'], [401, 'ROUTER_READ_ONLY'], [404, 'ROUTER_READ_ONLY'], [405, 'ROUTER_READ_ONLY'], [501, 'ROUTER_READ_ONLY'], [429, 'TOO_MANY_RECORDS'], [500, 'ROUTER_FAILED']])('take: status %i is %s', async (status, outcome) => {
    const http = answerWith({ status })
    const { exchange } = await makeWorld().somebody('bob', { http })
    expect(await codeOf(exchange.named(['http://router.test']).put(NAME, record().bytes, never))).toBe(outcome)
    expect(http.sent.map(({ method, url, headers, body }) => [method, url.href, headers, hex(body!)])).toEqual([['PUT', `http://router.test/routing/v1/ipns/${NAME.text}`, { 'content-type': TYPE }, hex(record().bytes)]])
  })
})

describe('who comes into reach', () => {
  test('is told at once, then at most once a second, and not after the end', async () => {
    const w = makeWorld()
    const [alice, bob, carol] = [await w.somebody('alice'), await w.somebody('bob'), await w.somebody('carol')]
    let told = 0
    const stop = bob.exchange.onReach(() => { told++ })
    w.network.connect(alice.node, bob.node)
    expect(told).toBe(1)
    w.network.connect(carol.node, bob.node)
    alice.exchange.listen(NAME)
    alice.node.scope.pubsub.subscribe('another topic', () => {})
    expect(told).toBe(1)
    w.clock.advance(REACH_PAUSE_MS)
    await new Promise(resolve => { setImmediate(resolve) })
    expect(told).toBe(2)
    w.clock.advance(REACH_PAUSE_MS)
    await new Promise(resolve => { setImmediate(resolve) })
    expect(told).toBe(2)
    alice.node.scope.pubsub.subscribe('a third topic', () => {})
    expect(told).toBe(2)
    stop()
    w.network.connect(carol.node, bob.node)
    w.clock.advance(HOUR_MS)
    await new Promise(resolve => { setImmediate(resolve) })
    expect(told).toBe(2)
  })

  test('is not told of listeners to names that are not kept here: a stranger has many', async () => {
    const w = makeWorld()
    const [alice, bob] = [await w.somebody('alice'), await w.somebody('bob')]
    w.network.connect(alice.node, bob.node)
    let told = 0
    bob.exchange.onReach(() => { told++ })
    bob.exchange.listen(record({ key: BOB }).name)
    alice.exchange.listen(NAME)
    expect(told).toBe(0)
    alice.exchange.listen(record({ key: BOB }).name)
    expect(told).toBe(1)
  })
})

test('two homes with one key meet: each hands its record over, and both desks hold the same one', async () => {
  const w = makeWorld()
  const [one, other] = [record({ value: '/ipfs/bafkqaddwgevxmmraojswg33smq' }), record({ value: '/ipfs/bafkqaaa' })]
  const [laptop, phone] = [await w.somebody('laptop', { known: one }), await w.somebody('phone', { known: other })]
  w.network.connect(laptop.node, phone.node)
  await laptop.exchange.places(NAME)[0]!.put(NAME, one.bytes, never)
  await phone.exchange.places(NAME)[0]!.put(NAME, other.bytes, never)
  expect(hex(laptop.desk.records.get(NAME.text)!.bytes)).toBe(hex(phone.desk.records.get(NAME.text)!.bytes))
  expect(ALICE.peerId).toBe(PEER_ID)
})

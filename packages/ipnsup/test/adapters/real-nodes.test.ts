/** The exchange over real libp2p nodes on 127.0.0.1: no router, no discovery, nobody else. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ServiceNet } from '@ipkit/core/daemon/service'
import { netScope } from '@ipkit/core/daemon/net-scope'
import { nameTopic, routingKey } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { systemClock } from '@ipkit/core/time/clock'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import { httpClient } from '../../src/adapters/http-client.ts'
import { NetExchange } from '../../src/adapters/net-exchange.ts'
import { openRecordServer } from '../../src/adapters/record-server.ts'
import { hex } from '../hex.ts'
import { memoryDesk, type MemoryDesk } from '../memory-desk.ts'
import { BOB, HOUR_MS, NAME, record } from '../records.ts'

const patient = (): AbortSignal => AbortSignal.timeout(60_000)
const fresh = (sequence = 1n): VerifiedRecord => record({ sequence, untilMs: Date.now() + 24 * HOUR_MS })

interface Home { readonly node: TestNode['node'], readonly desk: MemoryDesk, readonly exchange: NetExchange, leave(): Promise<void> }

let homes: Home[]
let stop: AbortController
beforeEach(() => { homes = []; stop = new AbortController() })
afterEach(async () => {
  stop.abort(new Error('the test is over'))
  await Promise.all(homes.map(async home => { await home.leave() }))
})

async function openHome (config: Parameters<typeof testNode>[0] = {}, ...known: VerifiedRecord[]): Promise<Home> {
  const opened = await testNode(config)
  const { node } = opened
  const parts = netScope(node, [])
  const net = { peerId: node.peerId, addresses: () => node.addresses(), handle: node.handle.bind(node), open: async (...[peer, protocol, options = {}]: Parameters<ServiceNet['open']>) => await node.open(peer, protocol, options.signal) }
  const desk = memoryDesk(systemClock, ...known)
  const exchange = new NetExchange({ scope: { net, ...parts, valueStore: node.values, clock: systemClock }, http: httpClient({}), routers: [], signal: stop.signal, report: () => {} })
  await exchange.serve(desk)
  let left: Promise<void> | undefined
  const home: Home = { node, desk, exchange, leave: async () => { await (left ??= Promise.resolve(opened[Symbol.asyncDispose]())) } }
  homes.push(home)
  return home
}

/** Connects them, and waits until each knows what the other speaks. */
async function meet (a: Home, b: Home): Promise<void> {
  await a.node.connect(b.node.addresses())
  await until(() => [[a, b], [b, a]].every(([at, other]) => at!.exchange.sources().some(({ label }) => label === other!.node.peerId)))
}
async function until (done: () => boolean): Promise<void> {
  while (!done()) await new Promise(resolve => { setTimeout(resolve, 10) })
}
const sourceOf = (home: Home, label: string): ReturnType<NetExchange['sources']>[number] => home.exchange.sources().find(source => source.label === label)!
const placeOf = (home: Home, label: string): ReturnType<NetExchange['places']>[number] => home.exchange.places(NAME).find(place => place.label === label)!

describe('three homes, the middle one connected to both', () => {
  test('a record goes from the first to the middle, and is there for the last when the first has gone', async () => {
    const [first, middle, last] = [await openHome(), await openHome(), await openHome()]
    await meet(first, middle)
    const { bytes } = fresh()
    await placeOf(first, middle.node.peerId).put(NAME, bytes, patient())
    expect(middle.desk.offers).toEqual([{ from: first.node.peerId, sizeBytes: bytes.length }])
    await first.leave()
    await meet(last, middle)
    expect(last.exchange.sources().map(({ label }) => label)).toEqual([middle.node.peerId])
    expect(hex((await sourceOf(last, middle.node.peerId).ask(NAME, patient()))!)).toBe(hex(bytes))
    expect(await sourceOf(last, middle.node.peerId).ask(record({ key: BOB }).name, patient())).toBeUndefined()
    await middle.leave()
    await until(() => last.exchange.sources().length === 0)
  })

  test('a listener hears of what is published, and the publisher that it did', async () => {
    const [first, middle] = [await openHome(), await openHome()]
    await meet(first, middle)
    first.exchange.listen(NAME) // as for every name that is published
    let reached = 0
    const stopWatching = first.exchange.onReach(() => { reached++ })
    expect(placeOf(first, 'pubsub')).toBeUndefined()
    middle.exchange.listen(NAME)
    await until(() => placeOf(first, 'pubsub') !== undefined)
    await placeOf(first, 'pubsub').put(NAME, fresh(2n).bytes, patient())
    expect([middle.desk.records.get(NAME.text)?.sequence, reached]).toEqual([2n, 1])
    stopWatching()
    for (const home of [first, middle]) home.exchange.unlisten(NAME)
    await until(() => placeOf(first, 'pubsub') === undefined && middle.node.pubsub.listeners(nameTopic(NAME)).length === 0)
  })

  test('a home that is dialled is asked by addresses, also one that answers fetch alone', async () => {
    const [asker, plain] = [await openHome(), await testNode()]
    try {
      const { bytes } = fresh()
      const asked: string[] = []
      plain.node.fetchDesk.answer('/ipns/', async key => { asked.push(hex(key)); return bytes })
      const named = asker.exchange.named(plain.node.addresses())
      expect([named.label, hex((await named.ask(NAME, patient()))!), asked]).toEqual([plain.node.peerId, hex(bytes), [hex(routingKey(NAME))]])
      await expect(named.put(NAME, bytes, patient())).rejects.toMatchObject({ code: 'PEER_NO_PROTOCOL' })
    } finally {
      await plain[Symbol.asyncDispose]()
    }
    const gone = asker.exchange.named([`/ip4/127.0.0.1/tcp/1/p2p/${BOB.peerId}`])
    await expect(gone.ask(NAME, patient())).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  test('the LAN DHT holds a record where it is on', async () => {
    const [first, middle, last] = [await openHome({ lanDht: true }), await openHome({ lanDht: true }), await openHome({ lanDht: true })]
    await meet(first, middle)
    await meet(last, middle)
    const { bytes } = fresh(3n)
    /** The peers' tables fill in their own time. */
    const handOver = async (): Promise<boolean> => await placeOf(first, 'lan-dht').put(NAME, bytes, patient()).then(() => true, () => false)
    while (!await handOver()) await new Promise(resolve => { setTimeout(resolve, 50) })
    await first.leave()
    expect(hex((await sourceOf(last, 'lan-dht').ask(NAME, patient()))!)).toBe(hex(bytes))
  })

  test('over HTTP, where two homes have no other way', async () => {
    const [server, client] = [await openHome({}, fresh(4n)), await openHome()]
    const http = await openRecordServer({ desk: server.desk, clock: systemClock, report: () => {} }, '127.0.0.1:0')
    try {
      const router = client.exchange.named(http.urls())
      expect(hex((await router.ask(NAME, patient()))!)).toBe(hex(server.desk.records.get(NAME.text)!.bytes))
      await router.put(NAME, fresh(5n).bytes, patient())
      expect(server.desk.records.get(NAME.text)!.sequence).toBe(5n)
    } finally {
      await http[Symbol.asyncDispose]()
    }
  })
})

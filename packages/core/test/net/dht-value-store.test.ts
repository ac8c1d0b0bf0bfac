import { describe, expect, test } from '@jest/globals'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { createRecord } from '../../src/names/create-record.ts'
import { nameFromPublicKey, routingKey } from '../../src/names/ipns-name.ts'
import { validityAtMs } from '../../src/names/validity.ts'
import { systemClock } from '../../src/time/clock.ts'

const signer = new PeerKey(new Uint8Array(32).fill(7))
const name = nameFromPublicKey(signer.publicKey)
const KEY = routingKey(name)
const HOUR_MS = 3_600_000
const record = (sequence: bigint, { validForMs = HOUR_MS, v2Only = false } = {}): Uint8Array =>
  createRecord(signer, { value: '/ipfs/bafkqaddwgevxmmraojswg33smq', sequence, validity: validityAtMs(systemClock.now() + validForMs), v2Only }).bytes

/** Connects each to each, and waits until all tables have it. */
async function lan (...nodes: TestNode[]): Promise<void> {
  for (const [i, { node }] of nodes.entries()) for (const other of nodes.slice(0, i)) await node.connect(other.node.addresses())
  const tableOf = ({ node }: TestNode): number => (node.libp2p.services.lanDht as unknown as { routingTable: { size: number } }).routingTable.size
  while (nodes.some(node => tableOf(node) < nodes.length - 1)) await new Promise(resolve => { setTimeout(resolve, 10) })
}
async function valuesAt (at: TestNode, key = KEY): Promise<Uint8Array[]> {
  const values: Uint8Array[] = []
  for await (const value of at.node.values.get('lan-dht', key, { signal: AbortSignal.timeout(10_000) })) values.push(value)
  return values
}
const put = async (at: TestNode, value: Uint8Array, key = KEY): Promise<void> => { await at.node.values.put('lan-dht', key, value, { signal: AbortSignal.timeout(10_000) }) }

test('what one of three puts the others get', async () => {
  await using a = await testNode({ lanDht: true })
  await using b = await testNode({ lanDht: true })
  await using c = await testNode({ lanDht: true })
  await lan(a, b, c)
  expect(a.node.values.stores).toEqual(['lan-dht'])
  const first = record(0n)
  await put(b, first)
  expect((await valuesAt(c))[0]).toEqual(first)
  expect(await valuesAt(c, routingKey(nameFromPublicKey(new PeerKey(new Uint8Array(32).fill(8)).publicKey)))).toEqual([])
})

test('a newer record replaces an older one, an older one does not get back in, and who holds it is put right by the next look-up', async () => {
  await using a = await testNode({ lanDht: true })
  await using b = await testNode({ lanDht: true })
  await lan(a, b)
  const [older, newer] = [record(1n), record(2n)]
  await put(b, older)
  await put(b, newer)
  expect(await valuesAt(b)).toEqual([newer])
  await using c = await testNode({ lanDht: true })
  await lan(a, b, c)
  await expect(put(c, older)).rejects.toMatchObject({ code: 'VALUE_NOT_STORED', exit: 'unreachable' })
  expect(new Set((await valuesAt(b)).map(value => Buffer.from(value).toString('hex')))).toEqual(new Set([older, newer].map(value => Buffer.from(value).toString('hex')))) // c has its own
  expect(await valuesAt(b)).toEqual([newer, newer])
})

describe('what nobody takes is not stored', () => {
  test.each<[string, () => { value: Uint8Array, key?: Uint8Array }]>([
    ['an expired record', () => ({ value: record(3n, { validForMs: -1000 }) })],
    ['a record with a bit of its signature flipped', () => { const value = record(3n, { v2Only: true }); value[10]! ^= 1; return { value } }],
    ['a record of another name', () => ({ value: record(3n), key: routingKey(nameFromPublicKey(new PeerKey(new Uint8Array(32).fill(9)).publicKey)) })],
    ['a key that is no name', () => ({ value: record(3n), key: new Uint8Array(Buffer.from('/ipns/nonsense')) })],
    ['a key of another kind', () => ({ value: record(3n), key: new Uint8Array(Buffer.from('/other/x')) })],
  ])('%s', async (_name, make) => {
    await using a = await testNode({ lanDht: true })
    await using b = await testNode({ lanDht: true })
    await lan(a, b)
    const { value, key = KEY } = make()
    await expect(put(b, value, key)).rejects.toMatchObject({ code: 'VALUE_NOT_STORED', exit: 'unreachable' })
    expect(await valuesAt(a, key)).toEqual([])
  })
})

test('without peers a put fails and a look-up ends, at once', async () => {
  await using a = await testNode({ lanDht: true })
  await expect(a.node.values.put('lan-dht', KEY, record(0n))).rejects.toMatchObject({ code: 'VALUE_NOT_STORED', message: 'the lan-dht does not have the value: it has no peers' })
  for await (const _ of a.node.values.get('lan-dht', KEY)) throw new Error('a value from nowhere')
})

test('a caller that stops waiting gets its own reason', async () => {
  await using a = await testNode({ lanDht: true })
  await using b = await testNode({ lanDht: true })
  await lan(a, b)
  const reason = new Error('enough')
  await expect(a.node.values.put('lan-dht', KEY, record(0n), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await expect((async () => { for await (const _ of a.node.values.get('lan-dht', KEY, { signal: AbortSignal.abort(reason) })) { /* none */ } })()).rejects.toBe(reason)
})

test('with no DHT on there is no store, and to use one is a bug', async () => {
  await using a = await testNode()
  expect(a.node.values.stores).toEqual([])
  await expect(a.node.values.put('lan-dht', KEY, record(0n))).rejects.toThrow(RangeError)
})

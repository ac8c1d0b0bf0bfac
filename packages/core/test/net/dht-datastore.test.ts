import { expect, test } from '@jest/globals'
import { Key } from 'interface-datastore'
import { DhtDatastore } from '../../src/net/dht-datastore.ts'

const stores = (maxEntries: number, maxBytes: number): DhtDatastore => new DhtDatastore({ isBetter: (_key, held, came) => held[0]! > came[0]! }, { maxEntries, maxBytes })
const keysOf = (store: DhtDatastore): string[] => [...store._allKeys()].map(String)
/** Protobuf of libp2p's DHT record, by hand: key = 1, value = 2, timeReceived = 5. */
const entry = (key: string, value: number): Uint8Array => Uint8Array.of(0x0a, key.length, ...Buffer.from(key), 0x12, 1, value, 0x2a, 1, 0x30)
const RECORD = new Key('/dht/record/f5uxa3ttf5qq')

test('the oldest goes when there are too many, or too many bytes', () => {
  const few = stores(2, 1000)
  for (const name of ['/a', '/b', '/a', '/c']) few.put(new Key(name), Uint8Array.of(1))
  expect(keysOf(few)).toEqual(['/a', '/c'])
  const small = stores(100, 30)
  for (const name of ['/a', '/b', '/c']) small.put(new Key(name), new Uint8Array(10))
  expect(keysOf(small)).toEqual(['/b', '/c'])
  small.put(new Key('/d'), new Uint8Array(100)) // too large by itself
  expect(keysOf(small)).toEqual([])
  small.put(new Key('/e'), new Uint8Array(28))
  expect(keysOf(small)).toEqual(['/e'])
  small.delete(new Key('/e'))
  small.put(new Key('/f'), new Uint8Array(28))
  expect([...small._all()].map(({ key, value }) => [key.toString(), value.length])).toEqual([['/f', 28]])
})

test('a better record of a name stays; of other kinds the last one does', () => {
  const store = stores(10, 1000)
  store.put(RECORD, entry('/ipns/a', 5))
  expect(() => store.put(RECORD, entry('/ipns/a', 4))).toThrow(expect.objectContaining({ code: 'RECORD_OLDER' }))
  expect(store.get(RECORD)).toEqual(entry('/ipns/a', 5))
  store.put(RECORD, entry('/ipns/a', 5))
  store.put(RECORD, entry('/ipns/a', 6))
  expect(store.get(RECORD)).toEqual(entry('/ipns/a', 6))
  const pk = new Key('/dht/record/f5ygwl3b')
  store.put(pk, entry('/pk/a', 5))
  store.put(pk, entry('/pk/a', 4))
  expect(store.get(pk)).toEqual(entry('/pk/a', 4))
  const provider = new Key('/dht/provider/x/y')
  store.put(provider, Uint8Array.of(9))
  store.put(provider, Uint8Array.of(1))
  expect(store.get(provider)).toEqual(Uint8Array.of(1))
})

test('what is not there is not found, by the name that libp2p goes by', () => {
  const store = stores(10, 1000)
  expect(store.has(RECORD)).toBe(false)
  expect(() => store.get(RECORD)).toThrow(expect.objectContaining({ name: 'NotFoundError' }))
})

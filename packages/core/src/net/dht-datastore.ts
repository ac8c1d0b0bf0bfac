import { BaseDatastore } from 'datastore-core'
import { Key, type Pair } from 'interface-datastore'
import { AppError } from '../errors/app-error.ts'
import type { DhtRules } from './dht-ipns-rules.ts'
import { MAX_DHT_BYTES, MAX_DHT_ENTRIES } from './limits.ts'
import { bytesOf, protobufFields } from './protobuf-fields.ts'

/** kad-dht puts records here as it gets them; it has no limit of its own, and would replace a better one. */
const RECORD_KEY = /^[^]*\/record\/[a-z2-7]+$/
const IPNS = Buffer.from('/ipns/')
/** Of libp2p's DHT record, protobuf. */
const RECORD = { key: 1, value: 2 } as const

export interface DhtDatastoreLimits { readonly maxEntries: number, readonly maxBytes: number }

/** What a DHT keeps, in memory and bounded: the oldest goes first. */
export class DhtDatastore extends BaseDatastore {
  readonly #entries = new Map<string, Uint8Array>()
  readonly #rules: Pick<DhtRules, 'isBetter'>
  readonly #limits: DhtDatastoreLimits
  #sizeBytes = 0

  constructor (rules: Pick<DhtRules, 'isBetter'>, limits: DhtDatastoreLimits = { maxEntries: MAX_DHT_ENTRIES, maxBytes: MAX_DHT_BYTES }) {
    super()
    this.#rules = rules
    this.#limits = limits
  }

  /** @throws AppError RECORD_OLDER: a better record is kept, and stays */
  override put (key: Key, value: Uint8Array): Key {
    const name = key.toString()
    const held = this.#entries.get(name)
    if (held !== undefined && RECORD_KEY.test(name)) this.#refuseWorse(held, value)
    this.delete(key)
    this.#entries.set(name, value)
    this.#sizeBytes += name.length + value.length
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.maxEntries && this.#sizeBytes <= this.#limits.maxBytes) break
      this.#drop(oldest)
    }
    return key
  }

  override get (key: Key): Uint8Array {
    const value = this.#entries.get(key.toString())
    if (value === undefined) throw Object.assign(new Error('not found'), { name: 'NotFoundError' }) // the name is what libp2p goes by
    return value
  }

  override has (key: Key): boolean { return this.#entries.has(key.toString()) }

  override delete (key: Key): void { this.#drop(key.toString()) }

  override * _all (): Generator<Pair> { for (const [key, value] of this.#entries) yield { key: new Key(key), value } }

  override * _allKeys (): Generator<Key> { for (const key of this.#entries.keys()) yield new Key(key) }

  #drop (name: string): void {
    const value = this.#entries.get(name)
    if (value !== undefined) this.#sizeBytes -= name.length + value.length
    this.#entries.delete(name)
  }

  #refuseWorse (held: Uint8Array, came: Uint8Array): void {
    const [a, b] = [readRecord(held), readRecord(came)]
    if (Buffer.compare(a.key.subarray(0, IPNS.length), IPNS) !== 0) return
    if (this.#rules.isBetter(a.key, a.value, b.value)) throw new AppError('RECORD_OLDER', 'a better record is kept', { exit: 'refused' })
  }
}

function readRecord (bytes: Uint8Array): { readonly key: Uint8Array, readonly value: Uint8Array } {
  let [key, value] = [new Uint8Array(0), new Uint8Array(0)] as [Uint8Array, Uint8Array]
  for (const field of protobufFields(bytes, invalid)) {
    if (field.number === RECORD.key) key = bytesOf(field, invalid)
    else if (field.number === RECORD.value) value = bytesOf(field, invalid)
  }
  return { key, value }
}

const invalid = (problem: string): AppError => new AppError('DHT_RECORD_INVALID', `not a record of the DHT: ${problem}`, { exit: 'refused' })

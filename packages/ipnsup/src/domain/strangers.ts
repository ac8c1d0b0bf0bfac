/**
 * Records that peers pushed of names which nobody here has asked for: kept to be handed out while fresh, within bounds, without any memory of sequences.
 * Spec: docs/protocols/ipnsup-rules.md, "Strangers"; on disk docs/formats/ipnsup-store.md, "stranger/".
 */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import { compareRecords } from '@ipkit/core/names/choose-record'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { decodeRecord, MAX_RECORD_BYTES, type VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { bytes, check, integer, literal, object, string } from '@ipkit/core/schema/schema'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { MAX_STRANGERS, MAX_STRANGERS_PER_SENDER } from './limits.ts'

const VERSION = 1
const MAX_SENDER_CHARACTERS = 256
const STORED = object({ version: literal(VERSION), from: string({ max: MAX_SENDER_CHARACTERS }), atMs: integer(), record: bytes({ max: MAX_RECORD_BYTES }) })

interface Kept { readonly record: VerifiedRecord, readonly from: string, readonly atMs: number }

export class Strangers {
  readonly #store: KeyValueStore
  readonly #changes = new SerialQueue()
  /** By name, oldest first: who sent it. Read at first use. */
  #senders: Map<string, string> | undefined

  constructor (store: KeyValueStore) { this.#store = store }

  /** It may have expired since. */
  async get (name: IpnsName): Promise<VerifiedRecord | undefined> {
    return (await this.#read(name))?.record
  }

  /**
   * Durable when it resolves. The oldest of this sender, then the oldest of all, makes room.
   * @returns false: what is kept of the name is as good or better
   */
  async offer (record: VerifiedRecord, from: string, nowMs: number): Promise<boolean> {
    return await this.#changes.run(async () => {
      const { name } = record
      const senders = this.#senders ??= await this.#load()
      const known = await this.#read(name)
      if (known !== undefined && compareRecords(known.record, record) >= 0) return false
      const sender = from.slice(0, MAX_SENDER_CHARACTERS)
      const others = [...senders.keys()].filter(text => text !== name.text)
      const ofSender = others.filter(text => senders.get(text) === sender)
      if (ofSender.length >= MAX_STRANGERS_PER_SENDER) await this.#remove(senders, ofSender[0]!)
      else if (others.length >= MAX_STRANGERS) await this.#remove(senders, others[0]!)
      await this.#store.put(name.text, encodeStrict({ version: VERSION, from: sender, atMs: nowMs, record: record.bytes }))
      senders.delete(name.text) // it is the newest now
      senders.set(name.text, sender)
      return true
    })
  }

  async drop (name: IpnsName): Promise<void> {
    await this.#changes.run(async () => {
      if (await this.#store.get(name.text) === undefined) return
      await this.#store.delete(name.text)
      this.#senders?.delete(name.text)
    })
  }

  async #remove (senders: Map<string, string>, text: string): Promise<void> {
    await this.#store.delete(text)
    senders.delete(text)
  }

  async #load (): Promise<Map<string, string>> {
    const found: Array<{ readonly key: string, readonly from: string, readonly atMs: number }> = []
    for await (const { key, value } of this.#store.list('')) {
      const kept = decodeKept(key, value)
      if (kept === undefined) await this.#store.delete(key)
      else found.push({ key, from: kept.from, atMs: kept.atMs })
    }
    return new Map(found.sort((a, b) => a.atMs - b.atMs).map(({ key, from }) => [key, from]))
  }

  async #read (name: IpnsName): Promise<Kept | undefined> {
    const stored = await this.#store.get(name.text)
    return stored === undefined ? undefined : decodeKept(name.text, stored)
  }
}

/** @returns undefined for what is damaged: it was nobody's, and is as good as gone */
function decodeKept (key: string, stored: Uint8Array): Kept | undefined {
  try {
    const { from, atMs, record } = check(STORED, decodeStrict(new Uint8Array(stored)), 'stranger')
    // Its signature was verified before it was kept.
    return { from, atMs, record: decodeRecord(parseName(key), record) as VerifiedRecord }
  } catch (e) {
    if (isAppError(e)) return undefined
    throw e
  }
}

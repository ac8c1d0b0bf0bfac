/** Gives the current record of a kept name to every place in reach that does not have it. Spec: docs/protocols/ipnsup-rules.md, "Handing over". */
import { encodeBase64url } from '@ipkit/core/schema/base64url'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import type { Exchange, RecordPlace } from './exchange.ts'
import { afterTry, handoverOf, nextTryMs } from './handover.ts'
import type { KeptNames } from './kept-names.ts'
import { MAX_AT_ONCE, PUT_MS } from './limits.ts'
import { shownError, type ShownError } from './shown-error.ts'

export interface HandingOverDeps {
  readonly memories: NameMemories
  readonly kept: KeptNames
  readonly exchange: Exchange
  readonly clock: Clock
}

const OVER = new Error('no longer waited for')

/** Calls may overlap: no place is given the same record twice at once. */
export class HandingOver {
  readonly #deps: HandingOverDeps
  /** By name: who was in reach at the last look. Whoever comes back is tried at once, however often it failed before. */
  readonly #inReach = new Map<string, ReadonlySet<string>>()
  readonly #underWay = new Set<string>()

  constructor (deps: HandingOverDeps) { this.#deps = deps }

  /**
   * Tries each place that is due. Never throws for a place; an expired record goes nowhere.
   * @throws what the store throws
   */
  async deliver (name: IpnsName, signal: AbortSignal): Promise<void> {
    const record = await this.#current(name)
    if (record === undefined || this.#deps.kept.find(name) === undefined) return
    const places = this.#deps.exchange.places(name)
    const before = this.#inReach.get(name.text)
    this.#inReach.set(name.text, new Set(places.map(p => p.label)))
    const nowMs = this.#deps.clock.now()
    const entries = this.#entries(name, record)
    const due = places.filter(({ label }) => {
      const entry = entries.find(e => e.place === label)
      const isBack = before?.has(label) !== true && entry?.done !== true
      return isBack || nextTryMs(entry) <= nowMs
    })
    for await (const _ of mapConcurrent(due, MAX_AT_ONCE, async place => { await this.give(record, place, signal) })) signal.throwIfAborted()
  }

  /** When `deliver` has something to do next, as far as is known now; undefined: when somebody comes into reach. */
  async dueMs (name: IpnsName): Promise<number | undefined> {
    const record = await this.#current(name)
    if (record === undefined || this.#deps.kept.find(name) === undefined) return undefined
    const entries = this.#entries(name, record)
    const times = this.#deps.exchange.places(name).map(({ label }) => nextTryMs(entries.find(e => e.place === label)))
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** One try of one place, due or not; what came of it is durable when it resolves. @returns why not; undefined: it has the record */
  async give (record: VerifiedRecord, place: RecordPlace, signal: AbortSignal): Promise<ShownError | undefined> {
    const { name, dataHash } = record
    const key = `${name.text} ${place.label} ${encodeBase64url(dataHash)}`
    if (this.#underWay.has(key)) return undefined
    this.#underWay.add(key)
    try {
      const error = await this.#put(record, place, signal)
      signal.throwIfAborted() // that we stop is nobody's failure
      const current = await this.#current(name)
      // A newer record waits for this place already: what became of the older one is of no account.
      if (current !== undefined && sameBytes(current.dataHash, dataHash) && this.#deps.kept.find(name) !== undefined) {
        await this.#deps.kept.changeHandover(name, before => afterTry(before, dataHash, place.label, this.#deps.clock.now(), error))
      }
      return error
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #put ({ name, bytes }: VerifiedRecord, place: RecordPlace, signal: AbortSignal): Promise<ShownError | undefined> {
    const stop = new AbortController()
    try {
      await withDeadline(this.#deps.clock, PUT_MS, `the answer of ${place.label}`, place.put(name, bytes, AbortSignal.any([signal, stop.signal])), signal)
      return undefined
    } catch (e) {
      return shownError(e)
    } finally {
      stop.abort(OVER)
    }
  }

  async #current (name: IpnsName): Promise<VerifiedRecord | undefined> {
    const memory = await this.#deps.memories.get(name)
    if (memory === undefined) return undefined
    const record = chosenRecord(memory)
    return judgeFreshness(record.validity, this.#deps.clock.now()).state === 'fresh' ? record : undefined
  }

  #entries (name: IpnsName, record: VerifiedRecord): ReturnType<typeof handoverOf>['places'] {
    const kept = this.#deps.kept.find(name)
    return kept === undefined ? [] : handoverOf(kept.handover, record.dataHash).places
  }
}

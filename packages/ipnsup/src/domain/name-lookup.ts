/** The best record that is known of one name, here or with whoever is in reach. Spec: docs/protocols/ipnsup-rules.md, "Resolving". */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isNews, type NameMemory } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import type { Clock } from '@ipkit/core/time/clock'
import type { Exchange, RecordSource } from './exchange.ts'
import { FIRST_LOOKUP_MS, LOOKUP_MS, MAX_CONFIRMED, MAX_UNASKED_MS } from './limits.ts'
import type { RecordIntake } from './record-intake.ts'
import { shownError, type ShownError } from './shown-error.ts'
import type { Strangers } from './strangers.ts'

export interface LookupDeps {
  readonly memories: NameMemories
  readonly intake: RecordIntake
  readonly strangers: Strangers
  readonly exchange: Exchange
  readonly clock: Clock
}

export interface LookupOptions {
  readonly offline: boolean
  readonly acceptUnknownExpired: boolean
  /** Ask these and nobody else; empty: everybody in reach. */
  readonly from: readonly RecordSource[]
  /** Ask although what is known is within its TTL. */
  readonly askAnyway?: boolean
}

export interface Failure { readonly place: string, readonly error: ShownError }
export interface Found {
  readonly memory: NameMemory
  /** Who gave the chosen record just now, else 'local'. */
  readonly source: string
  readonly failures: readonly Failure[]
}

interface Asking { readonly given: Map<string, Uint8Array>, readonly failures: Map<string, ShownError>, heard: boolean, refused: AppError | undefined }

/** What is told instead of "not found". */
const OURS = new Set(['RECORD_EXPIRED', 'NAME_MEMORY_DAMAGED', 'DISK_FULL'])
const NS_PER_MS = 1_000_000n
/** Of those who were asked in vain. */
const MAX_TOLD = 3
const OVER = new Error('no longer waited for')

export class NameLookup {
  readonly #deps: LookupDeps
  /** When whoever is in reach was asked and last answered about a name. Oldest first. */
  readonly #confirmedMs = new Map<string, number>()

  constructor (deps: LookupDeps) { this.#deps = deps }

  /** @throws AppError NAME_NOT_FOUND, RECORD_EXPIRED (only expired records, never seen), NAME_MEMORY_DAMAGED; the signal's reason */
  async find (name: IpnsName, options: LookupOptions, signal: AbortSignal): Promise<Found> {
    const known = await this.#known(name)
    const sources = options.offline ? [] : options.from.length > 0 ? options.from : this.#deps.exchange.sources()
    if (known !== undefined && (sources.length === 0 || (options.from.length === 0 && options.askAnyway !== true && this.#isWithinTtl(known)))) {
      return { memory: known, source: 'local', failures: [] }
    }
    const asking = await this.#ask(name, sources, known !== undefined, options.acceptUnknownExpired, signal)
    const failures = [...asking.failures].map(([place, error]) => ({ place, error }))
    const memory = await this.#deps.memories.get(name)
    if (memory === undefined) throw asking.refused ?? notFound(name, options, failures)
    if (asking.heard && options.from.length === 0) this.#confirm(name)
    const { dataHash } = chosenRecord(memory)
    const source = [...asking.given].find(([, hash]) => sameBytes(hash, dataHash))?.[0] ?? 'local'
    return { memory, source, failures }
  }

  /** A record that a stranger pushed is taken over the moment that somebody here asks for its name. */
  async #known (name: IpnsName): Promise<NameMemory | undefined> {
    const pushed = await this.#deps.strangers.get(name)
    if (pushed === undefined) return await this.#deps.memories.get(name)
    await this.#deps.intake.keep(pushed, { source: 'local' }).catch((e: unknown) => { if (codeOf(e) !== 'RECORD_EXPIRED') throw e })
    await this.#deps.strangers.drop(name)
    return await this.#deps.memories.get(name)
  }

  async #ask (name: IpnsName, sources: readonly RecordSource[], isKnown: boolean, acceptUnknownExpired: boolean, signal: AbortSignal): Promise<Asking> {
    const asking: Asking = { given: new Map(), failures: new Map(), heard: false, refused: undefined }
    const stop = new AbortController()
    const each = AbortSignal.any([signal, stop.signal])
    let gotOne = (): void => {}
    const first = new Promise<void>(resolve => { gotOne = resolve })
    const waiting = new Set(sources)
    const all = Promise.all(sources.map(async source => {
      try {
        await this.#askOne(name, source, acceptUnknownExpired, asking, each)
        if (asking.given.size > 0) gotOne()
      } catch (e) {
        if (!each.aborted) asking.failures.set(source.label, shownError(e))
        if (isAppError(e) && OURS.has(e.code)) asking.refused = e
      } finally {
        if (!each.aborted) waiting.delete(source)
      }
    }))
    const startMs = this.#deps.clock.now()
    const pause = async (ms: number): Promise<void> => { await this.#deps.clock.sleep(ms, each).catch(() => {}) }
    try {
      await Promise.race([all, pause(LOOKUP_MS)])
      if (!isKnown && asking.given.size === 0 && waiting.size > 0) await Promise.race([all, first, pause(FIRST_LOOKUP_MS - LOOKUP_MS)])
    } finally {
      stop.abort(OVER)
    }
    signal.throwIfAborted()
    const waitedMs = Math.max(0, this.#deps.clock.now() - startMs)
    for (const { label } of waiting) asking.failures.set(label, { code: 'TIMED_OUT', message: `${label} did not answer within ${waitedMs} ms` })
    return asking
  }

  async #askOne (name: IpnsName, source: RecordSource, acceptUnknownExpired: boolean, asking: Asking, signal: AbortSignal): Promise<void> {
    const bytes = await source.ask(name, signal)
    if (signal.aborted) return
    asking.heard = true
    if (bytes === undefined) return
    const { relation, record } = await this.#deps.intake.take(name, bytes, { source: source.label, acceptUnknownExpired })
    if (isNews(relation)) asking.given.set(source.label, record.dataHash)
  }

  /** Nobody is asked again so soon after somebody was asked. That the record came, pushed or from a file, counts for nothing: it may be an old one. */
  #isWithinTtl ({ name, branches: [{ record }] }: NameMemory): boolean {
    const nowMs = this.#deps.clock.now()
    const confirmedMs = this.#confirmedMs.get(name.text)
    if (confirmedMs === undefined || confirmedMs > nowMs || nowMs - confirmedMs >= MAX_UNASKED_MS) return false
    return BigInt(nowMs - confirmedMs) * NS_PER_MS < record.ttlNs && judgeFreshness(record.validity, nowMs).state === 'fresh'
  }

  #confirm (name: IpnsName): void {
    this.#confirmedMs.delete(name.text)
    this.#confirmedMs.set(name.text, this.#deps.clock.now())
    if (this.#confirmedMs.size > MAX_CONFIRMED) this.#confirmedMs.delete(this.#confirmedMs.keys().next().value!)
  }
}

function notFound (name: IpnsName, { offline, from }: LookupOptions, failures: readonly Failure[]): AppError {
  const where = offline ? 'here' : from.length > 0 ? 'here or with whom you asked' : failures.length > 0 ? `here, and ${failures.length} in reach gave none` : 'here or with anybody in reach'
  return new AppError('NAME_NOT_FOUND', `no record of ${name.text} is known ${where}`, {
    exit: 'notFound', hints: [...from.length > 0 ? failures.slice(0, MAX_TOLD).map(({ place, error }) => `${place} gave none: ${error.message}`) : [], offline ? 'try again without --offline' : "ask somebody who has it: --from PEER; or 'ipnsup import' its record from a file"],
  })
}

/** Everything that ipnsup does inside the node, put together from its ports; the methods are those of `rpc.ts`. */
import type { KeyValueStore, LeaseHolder, ServiceKeys } from '@ipkit/core/daemon/service'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import { nameFromPublicKey, parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isForked, type NameMemory } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import type { ResolveTxt } from '@ipkit/core/net/resolve-txt'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import type { ImportResult, KeyItem, NameItem, PublishParams, PublishResult, ResolveResult, SyncItem, WatchItem } from '../rpc.ts'
import { DnsLinks } from './dns-links.ts'
import type { Exchange, RecordDesk } from './exchange.ts'
import { HandingOver } from './handing-over.ts'
import { isPublished, NO_HANDOVER } from './handover.ts'
import { importRecord, type ImportInput } from './import-record.ts'
import { KeptNames } from './kept-names.ts'
import { PUBLISH_WAIT_MS } from './limits.ts'
import { NameKeeper, type ClockState } from './name-keeper.ts'
import { knownNames, listNames, nameItem, placeStates, publishHint, unknownName, type NameListDeps } from './name-list.ts'
import { NameLookup } from './name-lookup.ts'
import { parseTarget } from './name-target.ts'
import { NameWatches } from './name-watches.ts'
import { OwnKeys } from './own-keys.ts'
import { prefixedStore } from '@ipkit/core/storage/prefixed-store'
import { parseUint64 } from './parse-uint64.ts'
import { Publisher } from './publishing.ts'
import { FrontDesk } from './record-desk.ts'
import { RecordIntake } from './record-intake.ts'
import { resolveName, type ResolveInput } from './resolving.ts'
import { Strangers } from './strangers.ts'
import { syncPlaces } from './sync-places.ts'

export interface NameServiceDeps {
  readonly store: KeyValueStore
  readonly keys: ServiceKeys
  readonly exchange: Exchange
  readonly resolveTxt: ResolveTxt
  readonly clock: Clock
  readonly clockState: () => ClockState
  readonly leases: LeaseHolder
  readonly isServing: () => boolean
  readonly report: (what: string, error: unknown) => void
  /** Aborts when the service stops: what goes on in the background ends then. */
  readonly signal: AbortSignal
}

interface Parts extends NameServiceDeps, NameListDeps {
  readonly ownKeys: OwnKeys
  readonly strangers: Strangers
  readonly watches: NameWatches
  readonly intake: RecordIntake
  readonly publisher: Publisher
  readonly lookup: NameLookup
  readonly handing: HandingOver
  readonly dnsLinks: DnsLinks
}

export class NameService {
  /** For those who ask us and push to us. */
  readonly desk: RecordDesk
  readonly #parts: Parts
  readonly #background = new Set<Promise<void>>()

  private constructor (parts: Parts, desk: RecordDesk) {
    this.#parts = parts
    this.desk = desk
  }

  static async open (deps: NameServiceDeps): Promise<NameService> {
    const { store, exchange, clock, report } = deps
    const memoryStore = prefixedStore(store, 'memory/')
    const memories = new NameMemories(memoryStore)
    const kept = await KeptNames.open({ store: prefixedStore(store, 'kept/'), report })
    const strangers = new Strangers(prefixedStore(store, 'stranger/'))
    const ownKeys = new OwnKeys(deps.keys)
    const watches = new NameWatches()
    const changed = (memory: NameMemory, source: string): void => {
      watches.tell({ memory, source, atMs: clock.now() })
      keeper.look(memory.name)
    }
    const intake = new RecordIntake({ memories, clock, changed })
    const publisher = new Publisher({ memories, kept, intake, clock })
    const lookup = new NameLookup({ memories, intake, strangers, exchange, clock })
    const handing = new HandingOver({ memories, kept, exchange, clock })
    const keeper = new NameKeeper({ ...deps, memories, kept, watches, publisher, lookup, handing, signerOf: async name => await ownKeys.signerOf(name) })
    const dnsLinks = new DnsLinks({ store: prefixedStore(store, 'dnslink/'), resolveTxt: deps.resolveTxt, clock })
    const parts: Parts = { ...deps, memories, memoryStore, kept, keeper, ownKeys, strangers, watches, intake, publisher, lookup, handing, dnsLinks, keyNames: async () => await ownKeys.byName() }
    return new NameService(parts, new FrontDesk({ memories, kept, watches, intake, strangers, clock }))
  }

  /** Keeps names alive until the service stops. */
  async run (): Promise<void> {
    await this.#parts.keeper.run(this.#parts.signal)
    await Promise.all(this.#background)
  }

  /** Something that the keeping of names depends on has changed. */
  look (): void { this.#parts.keeper.look() }

  get keys (): OwnKeys { return this.#parts.ownKeys }

  /** What was published under the key stays remembered, and is followed from now on. */
  async removeKey (key: string): Promise<KeyItem> {
    const { ownKeys, kept, clock, keeper } = this.#parts
    const removed = await ownKeys.remove(key)
    const name = parseName(removed.name)
    if (kept.has(name)) await kept.change(name, before => ({ ...before, followedSinceMs: before.followedSinceMs ?? clock.now() }))
    keeper.look(name)
    return removed
  }

  async publish (params: PublishParams): Promise<PublishResult> {
    const { ownKeys, publisher, handing, kept, exchange, clock, signal } = this.#parts
    const input = { ...params, ttlNs: parseUint64(params.ttlNs, 'ttlNs'), sequence: params.sequence === null ? null : parseUint64(params.sequence, 'sequence') }
    const signer = await ownKeys.signer(params.key)
    await this.#askBeforeFirst(nameFromPublicKey(signer.publicKey))
    const { record, healedFork } = await publisher.publish(signer, input)
    const delivery = handing.deliver(record.name, signal)
    this.#inBackground(`handing over ${record.name.text}`, delivery)
    await withDeadline(clock, PUBLISH_WAIT_MS, 'every place', delivery, signal).catch(() => {}) // it is durable: the rest goes on by itself
    const { handover } = kept.find(record.name) ?? { handover: NO_HANDOVER }
    return {
      ...recordFields(record),
      state: isPublished(handover, record.dataHash) ? 'published' : 'local',
      places: placeStates(exchange, record.name, handover, record.dataHash),
      healedFork,
    }
  }

  /** A key that was brought along may have been published under elsewhere: whoever is in reach can save us a fork. Nobody has to know. */
  async #askBeforeFirst (name: IpnsName): Promise<void> {
    const { memories, kept, lookup, exchange, signal } = this.#parts
    if (exchange.sources().length === 0 || kept.has(name) || await memories.get(name) !== undefined) return
    try {
      await lookup.find(name, { offline: false, acceptUnknownExpired: true, from: [] }, signal)
    } catch (e) {
      if (!isAppError(e)) throw e
    }
  }

  async resolve (input: ResolveInput, signal: AbortSignal): Promise<ResolveResult> {
    try {
      return { ...await resolveName(this.#parts, input, signal), clock: this.#parts.clockState() }
    } catch (e) {
      const key = isAppError(e) && e.code === 'NAME_NOT_FOUND' ? (await this.#parts.keyNames()).get(parseTarget(input.target).text) : undefined
      if (!isAppError(e) || key === undefined) throw e
      throw new AppError(e.code, e.message, { exit: e.exit, cause: e, hints: [publishHint(key), ...e.hints] })
    }
  }

  /** @throws AppError NAME_UNKNOWN */
  async record (text: string): Promise<{ readonly record: Uint8Array, readonly expired: boolean }> {
    const name = parseName(text)
    const memory = await this.#parts.memories.get(name)
    if (memory === undefined) throw unknownName(name, (await this.#parts.keyNames()).get(name.text))
    return { record: chosenRecord(memory).bytes, expired: this.#isExpired(memory) }
  }

  async importRecord (input: ImportInput): Promise<ImportResult> {
    return await importRecord({ intake: this.#parts.intake, knownNames: () => knownNames(this.#parts) }, input)
  }

  /** @param text null: all @throws AppError NAME_UNKNOWN */
  async * names (text: string | null): AsyncGenerator<NameItem> {
    if (text === null) yield * listNames(this.#parts)
    else yield await nameItem(this.#parts, parseName(text))
  }

  sync (places: ReadonlyArray<readonly string[]>, signal: AbortSignal): AsyncGenerator<SyncItem> {
    return syncPlaces(this.#parts, places, signal)
  }

  async follow (text: string, signal: AbortSignal): Promise<{ readonly name: string, readonly followed: boolean, readonly known: boolean }> {
    const { kept, clock, keeper, lookup } = this.#parts
    const name = parseName(text)
    await kept.change(name, before => before.followedSinceMs === null ? { ...before, followedSinceMs: clock.now() } : before)
    const known = await lookup.find(name, { offline: true, acceptUnknownExpired: false, from: [] }, signal).then(() => true, (e: unknown) => {
      if (isAppError(e) && e.code === 'NAME_NOT_FOUND') return false
      throw e
    })
    keeper.look(name)
    return { name: name.text, followed: true, known }
  }

  async unfollow (text: string): Promise<{ readonly name: string, readonly followed: boolean, readonly known: boolean }> {
    const { kept, memories, keeper } = this.#parts
    const name = parseName(text)
    await kept.change(name, before => before.followedSinceMs === null ? before : { ...before, followedSinceMs: null })
    keeper.look(name)
    return { name: name.text, followed: false, known: await memories.get(name) !== undefined }
  }

  /** Also of a name of DNS. What is followed stays followed. */
  async forget (text: string): Promise<{ readonly name: string, readonly forgotten: boolean }> {
    const { memoryStore, memories, strangers, kept, dnsLinks, keeper } = this.#parts
    const target = parseTarget(text)
    if (target.kind === 'dns') return { name: target.text, forgotten: await dnsLinks.forget(target.text) }
    const { name } = target
    const known = await memoryStore.get(name.text) !== undefined
    await memories.forget(name)
    await strangers.drop(name)
    await kept.dropDamaged(name)
    await kept.changeHandover(name, before => before.hash === null ? before : NO_HANDOVER)
    keeper.look(name)
    return { name: name.text, forgotten: known }
  }

  async * watch (text: string, signal: AbortSignal): AsyncGenerator<WatchItem> {
    const { watches, memories, keeper, clock } = this.#parts
    const name = parseName(text)
    const stop = new AbortController()
    const changes = watches.watch(name, AbortSignal.any([signal, this.#parts.signal, stop.signal]))
    keeper.look(name)
    try {
      const memory = await memories.get(name)
      if (memory !== undefined) yield this.#watchItem(memory, 'local', clock.now())
      for await (const { memory: changed, source, atMs } of changes) {
        // What came between the two lines above is told once.
        if (memory === undefined || !isSameState(memory, changed)) yield this.#watchItem(changed, source, atMs)
      }
    } finally {
      stop.abort(new Error('nobody watches any more'))
      keeper.look(name)
    }
  }

  #watchItem (memory: NameMemory, source: string, at: number): WatchItem {
    return { ...recordFields(chosenRecord(memory)), expired: this.#isExpired(memory), fork: isForked(memory), source, at }
  }

  #isExpired (memory: NameMemory): boolean {
    return judgeFreshness(chosenRecord(memory).validity, this.#parts.clock.now()).state === 'expired'
  }

  #inBackground (what: string, work: Promise<void>): void {
    const done = work.catch((e: unknown) => { if (!this.#parts.signal.aborted) this.#parts.report(what, e) }).finally(() => { this.#background.delete(done) })
    this.#background.add(done)
  }
}

const isSameState = (a: NameMemory, b: NameMemory): boolean =>
  sameBytes(chosenRecord(a).dataHash, chosenRecord(b).dataHash) && a.branches.length === b.branches.length

interface RecordFields { name: string, value: string, sequence: string, validUntil: string, ttlNs: string }
function recordFields ({ name, value, sequence, validity, ttlNs }: ReturnType<typeof chosenRecord>): RecordFields {
  return { name: name.text, value, sequence: sequence.toString(), validUntil: validity.text, ttlNs: ttlNs.toString() }
}

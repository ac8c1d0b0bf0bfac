/**
 * Keeps names alive by itself: renews own records in good time, looks for newer ones of followed and watched names, and hands over what waits. Sleeps until
 * something is due or somebody comes into reach. Spec: docs/protocols/ipnsup-rules.md, "Republishing".
 */
import type { LeaseHolder, ServiceScope } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { RecordSigner } from '@ipkit/core/names/create-record'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, type NameMemory } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import type { Clock } from '@ipkit/core/time/clock'
import type { Exchange } from './exchange.ts'
import type { HandingOver } from './handing-over.ts'
import type { KeptNames } from './kept-names.ts'
import { LEASE_MS, LEASE_STEP_MS, MAX_AT_ONCE, MAX_LOOK_UP_EVERY_MS, MAX_PAUSE_MS, MIN_LOOK_UP_EVERY_MS, SWEEP_MS } from './limits.ts'
import type { NameLookup } from './name-lookup.ts'
import type { NameWatches } from './name-watches.ts'
import type { Publisher } from './publishing.ts'

export interface KeeperDeps {
  readonly memories: NameMemories
  readonly kept: KeptNames
  readonly watches: NameWatches
  readonly publisher: Publisher
  readonly lookup: NameLookup
  readonly handing: HandingOver
  readonly exchange: Exchange
  readonly clock: Clock
  /** What the node says of its clock: no record is signed by itself while it is doubted, for a wrong year would stay in it. */
  readonly clockState: () => ClockState
  readonly leases: LeaseHolder
  /** @returns undefined: the key is not here any more */
  readonly signerOf: (name: IpnsName) => Promise<RecordSigner | undefined>
  /** Records are served over HTTP, which holds the node too. */
  readonly isServing: () => boolean
  readonly report: (what: string, error: unknown) => void
}

export type ClockState = ReturnType<ServiceScope['clockState']>

interface State { readonly dueMs: number, readonly alive: boolean }

const LEASE = 'names'
const NS_PER_MS = 1_000_000n

export class NameKeeper {
  readonly #deps: KeeperDeps
  readonly #states = new Map<string, State>()
  readonly #tending = new Map<string, Promise<void>>()
  /** Something happened to the name while it was being tended. */
  readonly #again = new Set<string>()
  readonly #listened = new Map<string, IpnsName>()
  readonly #lookedMs = new Map<string, number>()
  readonly #renewTriedMs = new Map<string, number>()
  #wake = new AbortController()
  /** What is held, as far as this process knows: a lease of the one before may still be in the book. */
  #lease: { readonly reason: string | undefined, readonly heldMs: number } | undefined

  constructor (deps: KeeperDeps) { this.#deps = deps }

  /** Resolves when the signal has aborted and nothing is under way any more. */
  async run (signal: AbortSignal): Promise<void> {
    const stopReach = this.#deps.exchange.onReach(() => { this.look() })
    while (!signal.aborted) {
      this.#wake = new AbortController()
      const dueMs = this.#startDue(signal)
      this.#listen()
      await this.#holdLease().catch((e: unknown) => { this.#deps.report('the lease of names', e) })
      const pauseMs = Math.min(SWEEP_MS, Math.max(0, dueMs - this.#deps.clock.now()))
      await this.#deps.clock.sleep(pauseMs, AbortSignal.any([signal, this.#wake.signal])).catch(() => {})
    }
    stopReach()
    await Promise.all(this.#tending.values())
    for (const name of this.#listened.values()) this.#deps.exchange.unlisten(name)
  }

  /** Look at a name again, or at all of them. */
  look (name?: IpnsName): void {
    for (const text of name === undefined ? [...this.#states.keys(), ...this.#tending.keys()] : [name.text]) {
      this.#states.delete(text)
      if (this.#tending.has(text)) this.#again.add(text)
    }
    this.#wake.abort()
  }

  /** When the node signs or hands over the name's record by itself the next time; undefined: it does not. */
  async nextRepublishMs (name: IpnsName, memory: NameMemory): Promise<number | undefined> {
    const renewMs = await this.#deps.signerOf(name) === undefined ? undefined : this.#renewMs(name, memory)
    const times = [renewMs, await this.#deps.handing.dueMs(name)].filter(t => t !== undefined)
    return times.length === 0 ? undefined : Math.max(this.#deps.clock.now(), Math.min(...times))
  }

  // --- what is due ----------------------------------------------------------------------------------------------------

  #names (): IpnsName[] {
    const names = new Map(this.#deps.kept.all().map(({ name }) => [name.text, name]))
    for (const name of this.#deps.watches.names()) names.set(name.text, name)
    return [...names.values()]
  }

  /** @returns when the next one is due */
  #startDue (signal: AbortSignal): number {
    const nowMs = this.#deps.clock.now()
    const names = this.#names()
    const wanted = new Set(names.map(n => n.text))
    for (const map of [this.#states, this.#lookedMs, this.#renewTriedMs]) for (const text of map.keys()) if (!wanted.has(text)) map.delete(text)
    let nextMs = Infinity
    for (const name of names) {
      if (this.#tending.has(name.text)) continue
      const dueMs = this.#states.get(name.text)?.dueMs ?? 0
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs)
      else if (this.#tending.size < MAX_AT_ONCE) this.#tending.set(name.text, this.#tend(name, signal))
    }
    return nextMs
  }

  async #tend (name: IpnsName, signal: AbortSignal): Promise<void> {
    let state: State = { dueMs: this.#deps.clock.now() + SWEEP_MS, alive: true }
    try {
      await this.#renew(name)
      await this.#lookUp(name, signal)
      await this.#deps.handing.deliver(name, signal)
      state = await this.#stateOf(name)
    } catch (e) {
      if (!signal.aborted) this.#deps.report(`keeping ${name.text}`, e)
    }
    this.#tending.delete(name.text)
    if (!this.#again.delete(name.text)) this.#states.set(name.text, state)
    this.#wake.abort()
  }

  async #stateOf (name: IpnsName): Promise<State> {
    const memory = await this.#deps.memories.get(name)
    const nowMs = this.#deps.clock.now()
    const { own, followedSinceMs } = this.#deps.kept.find(name) ?? { own: null, followedSinceMs: null }
    const isFresh = memory !== undefined && judgeFreshness(chosenRecord(memory).validity, nowMs).state === 'fresh'
    const renewMs = memory === undefined || this.#deps.clockState() !== 'ok' ? undefined : this.#renewMs(name, memory)
    const lookMs = this.#deps.exchange.sources().length === 0 ? undefined : this.#lookMs(name, memory)
    const times = [renewMs, lookMs, await this.#deps.handing.dueMs(name)].filter(t => t !== undefined)
    // What is due and was not done (its try is under way, its key is away) is not asked for in a circle.
    return { dueMs: Math.max(nowMs + 1000, Math.min(...times, nowMs + MAX_PAUSE_MS)), alive: followedSinceMs !== null || (own !== null && isFresh) }
  }

  // --- renewing and looking up ----------------------------------------------------------------------------------------

  /** At half of the lifetime; where that did not work, again after a pause. @returns undefined for a name that is not ours */
  #renewMs (name: IpnsName, memory: NameMemory): number | undefined {
    const own = this.#deps.kept.find(name)?.own
    if (own == null) return undefined
    const endMs = Number(chosenRecord(memory).validity.unixNs / NS_PER_MS)
    const triedMs = this.#renewTriedMs.get(name.text)
    return Math.max(endMs - Math.floor(own.lifetimeMs / 2), triedMs === undefined ? 0 : triedMs + MAX_PAUSE_MS)
  }

  async #renew (name: IpnsName): Promise<void> {
    const nowMs = this.#deps.clock.now()
    const memory = await this.#deps.memories.get(name)
    if (memory === undefined || this.#deps.clockState() !== 'ok' || (this.#renewMs(name, memory) ?? Infinity) > nowMs) return
    this.#renewTriedMs.set(name.text, nowMs)
    const signer = await this.#deps.signerOf(name)
    if (signer !== undefined && await this.#deps.publisher.renew(signer) !== undefined) this.#renewTriedMs.delete(name.text)
  }

  /** @returns undefined for a name that is not looked up by itself */
  #lookMs (name: IpnsName, memory: NameMemory | undefined): number | undefined {
    const followed = this.#deps.kept.find(name)?.followedSinceMs ?? null
    if (followed === null && !this.#deps.watches.has(name)) return undefined
    const ttlMs = memory === undefined ? 0 : Number(chosenRecord(memory).ttlNs / NS_PER_MS)
    const everyMs = Math.min(MAX_LOOK_UP_EVERY_MS, Math.max(MIN_LOOK_UP_EVERY_MS, ttlMs))
    const lookedMs = this.#lookedMs.get(name.text)
    return lookedMs === undefined ? 0 : lookedMs + everyMs
  }

  async #lookUp (name: IpnsName, signal: AbortSignal): Promise<void> {
    const nowMs = this.#deps.clock.now()
    const dueMs = this.#lookMs(name, await this.#deps.memories.get(name))
    if (dueMs === undefined || dueMs > nowMs || this.#deps.exchange.sources().length === 0) return
    this.#lookedMs.set(name.text, nowMs)
    try {
      await this.#deps.lookup.find(name, { offline: false, acceptUnknownExpired: false, from: [], askAnyway: true }, signal)
    } catch (e) {
      if (!isAppError(e)) throw e // nobody has it: the next time
    }
  }

  // --- topics and lease -----------------------------------------------------------------------------------------------

  #listen (): void {
    const wanted = new Map(this.#names().map(name => [name.text, name]))
    for (const [text, name] of this.#listened) {
      if (wanted.has(text)) continue
      this.#listened.delete(text)
      this.#deps.exchange.unlisten(name)
    }
    for (const [text, name] of wanted) {
      if (this.#listened.has(text)) continue
      this.#listened.set(text, name)
      this.#deps.exchange.listen(name)
    }
  }

  async #holdLease (): Promise<void> {
    const names = this.#deps.kept.all().filter(({ name }) => this.#states.get(name.text)?.alive ?? true).length
    const reason = names > 0 ? `ipnsup keeps ${names} name${names === 1 ? '' : 's'} alive` : this.#deps.isServing() ? 'ipnsup serves records over HTTP' : undefined
    const nowMs = this.#deps.clock.now()
    const before = this.#lease
    if (before !== undefined && reason === before.reason && (reason === undefined || nowMs - before.heldMs < LEASE_STEP_MS)) return
    if (reason === undefined) await this.#deps.leases.release(LEASE)
    else await this.#deps.leases.hold(LEASE, { reason, untilMs: nowMs + LEASE_MS })
    this.#lease = { reason, heldMs: nowMs }
  }
}

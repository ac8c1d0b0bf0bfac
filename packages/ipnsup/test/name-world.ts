import type { KeyValueStore, NamedKey, ServiceKeys } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { createRecord, type RecordFields } from '@ipkit/core/names/create-record'
import { nameFromPublicKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { validityAtMs } from '@ipkit/core/names/validity'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import type { ClockState } from '../src/domain/name-keeper.ts'
import type { ResolveTxt } from '@ipkit/core/net/resolve-txt'
import { NameService } from '../src/domain/name-service.ts'
import type { PublishParams } from '../src/rpc.ts'
import { MemoryExchange } from './memory-exchange.ts'

export const START_MS = Date.UTC(2026, 2, 1)
export const HOUR_MS = 3_600_000
export const A = '/ipfs/bafkqaalb'
export const B = '/ipfs/bafkqaalc'
export const C = '/ipfs/bafkqaald'
const DEFAULT_TTL_NS = 300_000_000_000n

export const keyOf = (n: number): PeerKey => new PeerKey(new Uint8Array(32).fill(n))
export const nameOf = (n: number): IpnsName => nameFromPublicKey(keyOf(n).publicKey)

/** A record of the key `n`: value A, sequence 0, fresh for an hour. */
export function recordOf (n: number, fields: Partial<Omit<RecordFields, 'validity'>> & { readonly untilMs?: number } = {}): VerifiedRecord {
  const { untilMs = START_MS + HOUR_MS, ...rest } = fields
  return createRecord(keyOf(n), { value: A, sequence: 0n, v2Only: true, ttlNs: DEFAULT_TTL_NS, validity: validityAtMs(untilMs), ...rest })
}

export const publication = (value: string, fields: Partial<PublishParams> = {}): PublishParams =>
  ({ value, key: 'self', lifetimeMs: 48 * HOUR_MS, ttlNs: DEFAULT_TTL_NS.toString(), sequence: null, v2Only: true, ...fields })

export const question = (target: string, fields: Partial<Parameters<NameService['resolve']>[0]> = {}): Parameters<NameService['resolve']>[0] =>
  ({ target, offline: false, maxStaleMs: null, acceptUnknownExpired: false, recurse: true, from: [], ...fields })

export const never = new AbortController().signal

/** Lets everything that waits for nothing but its turn go on. */
export async function settle (): Promise<void> {
  for (let i = 0; i < 30; i++) await new Promise(resolve => { setImmediate(resolve) })
}

/** What is thrown, by its code. */
export const codeOf = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'ok', (e: unknown) => (e as { code?: string }).code ?? String(e))

export async function collect<T> (items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export interface NameHome extends AsyncDisposable {
  readonly service: NameService
  readonly exchange: MemoryExchange
  readonly store: KeyValueStore
  readonly clock: ManualClock
  readonly keys: Map<string, PeerKey>
  /** Leases by id: the reason. */
  readonly leases: Map<string, string>
  readonly reports: string[]
  clockState: ClockState
  /** TXT records by domain; undefined: no DNS. */
  txt: Map<string, string[]> | undefined
  /** A later call with the same store and keys is the home after a restart. */
  stop(): Promise<void>
}

export interface HomeOptions {
  readonly label?: string
  /** The key 'self' is `keyOf(self)`. */
  readonly self?: number
  readonly store?: KeyValueStore
  readonly clock?: ManualClock
  readonly exchange?: MemoryExchange
  /** Do not keep names alive: nothing happens by itself. */
  readonly idle?: boolean
}

export async function nameHome (options: HomeOptions = {}): Promise<NameHome> {
  const { label = 'home', self = 1, store = memoryKeyValueStore(), clock = new ManualClock(START_MS), exchange = new MemoryExchange(label), idle = false } = options
  const stop = new AbortController()
  const keys = new Map([['self', keyOf(self)]])
  const leases = new Map<string, string>()
  const reports: string[] = []
  const home = { clockState: 'ok' as ClockState, txt: new Map<string, string[]>() as Map<string, string[]> | undefined }
  const resolveTxt: ResolveTxt = async domain => {
    if (home.txt === undefined) throw new AppError('DNS_UNREACHABLE', 'no DNS', { exit: 'unreachable' })
    return home.txt.get(domain) ?? []
  }
  const service = await NameService.open({
    store, exchange, clock, resolveTxt, keys: memoryKeys(keys), signal: stop.signal, isServing: () => false,
    clockState: () => home.clockState,
    leases: { async hold (id, { reason }) { leases.set(id, reason) }, async release (id) { leases.delete(id) } },
    report: (what, e) => { reports.push(`${what}: ${(e as Error).message}`) },
  })
  exchange.desk = service.desk
  const running = idle ? Promise.resolve() : service.run()
  const end = async (): Promise<void> => { stop.abort(new Error('stopped')); await running }
  return Object.assign(home, { service, exchange, store, clock, keys, leases, reports, stop: end, [Symbol.asyncDispose]: end })
}

export function memoryKeys (keys: Map<string, PeerKey>): ServiceKeys {
  const named = (name: string): NamedKey => { const { publicKey, peerId } = mine(name); return { name, publicKey, peerId } }
  const mine = (name: string): PeerKey => {
    const key = keys.get(name)
    if (key === undefined) throw new AppError('KEY_UNKNOWN', `there is no key ${name}`)
    return key
  }
  return {
    list: async () => [...keys.keys()].map(named),
    signer: async name => keys.get(name),
    signerOf: async publicKey => [...keys.values()].find(key => Buffer.compare(key.publicKey, publicKey) === 0),
    create: async name => { keys.set(name, keyOf(100 + keys.size)); return named(name) },
    import: async (name, seed) => { keys.set(name, new PeerKey(seed)); return named(name) },
    exportSeed: async name => mine(name).exportSeed(),
    remove: async name => { const key = named(name); keys.delete(name); return key },
  }
}

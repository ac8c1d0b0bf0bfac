/** What `status` shows: each name with what is remembered of it, who has its record, and what happens next. */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, type NameMemory } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import type { Clock } from '@ipkit/core/time/clock'
import type { NameItem, PlaceState } from '../rpc.ts'
import type { Exchange } from './exchange.ts'
import { handoverOf, isPublished, type Handover } from './handover.ts'
import type { KeptNames } from './kept-names.ts'
import type { NameKeeper } from './name-keeper.ts'

export interface NameListDeps {
  readonly memories: NameMemories
  /** Where the memories lie: for the names of those that are neither ours nor followed. */
  readonly memoryStore: KeyValueStore
  readonly kept: KeptNames
  readonly keeper: NameKeeper
  readonly exchange: Exchange
  readonly clock: Clock
  /** Our keys' names, by the name that each signs for. */
  readonly keyNames: () => Promise<ReadonlyMap<string, string>>
  readonly report: (what: string, error: unknown) => void
}

/** Own ones, followed ones, then all others that are remembered. A memory that is damaged is reported and left out. */
export async function * listNames (deps: NameListDeps): AsyncGenerator<NameItem> {
  const keys = await deps.keyNames()
  for await (const name of knownNames(deps)) {
    const memory = await deps.memories.get(name).catch((e: unknown) => { deps.report(`the memory of ${name.text}`, e); return null })
    if (memory === null) continue
    if (memory !== undefined) yield await itemOf(deps, keys, name, memory)
    else if (isFollowed(deps.kept, name)) yield awaited(keys, name)
  }
}

/** @throws AppError NAME_UNKNOWN, NAME_MEMORY_DAMAGED */
export async function nameItem (deps: NameListDeps, name: IpnsName): Promise<NameItem> {
  const memory = await deps.memories.get(name)
  if (memory !== undefined) return await itemOf(deps, await deps.keyNames(), name, memory)
  if (isFollowed(deps.kept, name)) return awaited(await deps.keyNames(), name)
  throw unknownName(name, (await deps.keyNames()).get(name.text))
}

/** Kept ones first. */
export async function * knownNames ({ kept, memoryStore }: Pick<NameListDeps, 'kept' | 'memoryStore'>): AsyncGenerator<IpnsName> {
  const first = kept.all().map(({ name }) => name)
  const listed = new Set(first.map(({ text }) => text))
  yield * first
  for await (const { key } of memoryStore.list('')) if (!listed.has(key)) yield parseName(key)
}

/** @param key what ours is called that signs for it, if one does */
export function unknownName (name: IpnsName, key: string | undefined): AppError {
  return new AppError('NAME_UNKNOWN', `nothing is remembered of ${name.text}`, { exit: 'notFound', hints: [key === undefined ? `ask for it: 'ipnsup resolve ${name.text}'` : publishHint(key)] })
}

/** For a key under which nothing was published yet. */
export const publishHint = (key: string): string => `publish something under it: 'ipnsup publish <value>${key === 'self' ? '' : ` --key ${key}`}'`

const isFollowed = (kept: KeptNames, name: IpnsName): boolean => kept.find(name)?.followedSinceMs != null

/** Followed, and nobody has given a record yet. */
const awaited = (keys: ReadonlyMap<string, string>, name: IpnsName): NameItem => ({
  name: name.text, value: null, sequence: null, validUntil: null, ttlNs: null, key: keys.get(name.text) ?? null, followed: true, expired: false, state: null,
  places: [], values: [], moreBranches: false, firstSeenAt: null, lastSeenAt: null, nextRepublishAt: null,
})

/** Places that were tried, and those in reach that were not yet. */
export function placeStates (exchange: Exchange, name: IpnsName, handover: Handover, hash: Uint8Array): PlaceState[] {
  const { places } = handoverOf(handover, hash)
  const untried = exchange.places(name).filter(({ label }) => !places.some(p => p.place === label))
  return [
    ...places.map(({ place, done, error, lastTryMs }): PlaceState => ({ place, state: done ? 'done' : 'waiting', error: error === null ? null : { ...error }, lastTryAt: lastTryMs })),
    ...untried.map(({ label }): PlaceState => ({ place: label, state: 'waiting', error: null, lastTryAt: null })),
  ]
}

async function itemOf (deps: NameListDeps, keys: ReadonlyMap<string, string>, name: IpnsName, memory: NameMemory): Promise<NameItem> {
  const { value, sequence, validity, ttlNs, dataHash } = chosenRecord(memory)
  const kept = deps.kept.find(name)
  const isOwn = kept?.own != null
  return {
    name: name.text,
    value,
    sequence: sequence.toString(),
    validUntil: validity.text,
    ttlNs: ttlNs.toString(),
    key: keys.get(name.text) ?? null,
    followed: kept?.followedSinceMs != null,
    expired: judgeFreshness(validity, deps.clock.now()).state === 'expired',
    state: !isOwn ? null : isPublished(kept.handover, dataHash) ? 'published' : 'local',
    places: kept === undefined ? [] : placeStates(deps.exchange, name, kept.handover, dataHash),
    values: memory.branches.map(b => b.record.value),
    moreBranches: memory.moreBranches,
    firstSeenAt: memory.branches[0].firstSeenMs,
    lastSeenAt: memory.branches[0].lastSeenMs,
    nextRepublishAt: kept === undefined ? null : await deps.keeper.nextRepublishMs(name, memory) ?? null,
  }
}

/** One round with places at a person's word: each kept name is asked for, then handed over. Spec: docs/protocols/ipnsup-rules.md, "Handing over". */
import { isAppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import type { SyncItem } from '../rpc.ts'
import type { Exchange, RecordPlace, RecordSource } from './exchange.ts'
import type { HandingOver } from './handing-over.ts'
import type { KeptNames } from './kept-names.ts'
import { FIRST_LOOKUP_MS, MAX_AT_ONCE } from './limits.ts'
import type { RecordIntake } from './record-intake.ts'
import { shownError } from './shown-error.ts'

export interface SyncDeps {
  readonly memories: NameMemories
  readonly kept: KeptNames
  readonly intake: RecordIntake
  readonly handing: HandingOver
  readonly exchange: Exchange
  readonly clock: Clock
}

interface End { readonly label: string, readonly source: RecordSource | undefined, placeOf(name: IpnsName): RecordPlace | undefined }

/**
 * Items place by place. A place that cannot be reached at all gives one item, without a name.
 * @param named addresses of each place; none: all that are in reach
 * @throws AppError ADDRESS_INVALID before the first item; the signal's reason
 */
export async function * syncPlaces (deps: SyncDeps, named: ReadonlyArray<readonly string[]>, signal: AbortSignal): AsyncGenerator<SyncItem> {
  const names = deps.kept.all().map(({ name }) => name)
  const ends = named.length > 0 ? named.map(place => namedEnd(deps.exchange.named(place))) : endsInReach(deps.exchange, names)
  for await (const items of mapConcurrent(ends, MAX_AT_ONCE, async (end, stop) => await syncOne(deps, end, names, AbortSignal.any([signal, stop])))) yield * items
}

async function syncOne (deps: SyncDeps, end: End, names: readonly IpnsName[], signal: AbortSignal): Promise<SyncItem[]> {
  const items: SyncItem[] = []
  for (const name of names) {
    let asked: Pick<SyncItem, 'fetched' | 'error'>
    try {
      asked = { fetched: end.source === undefined ? null : await fetchFrom(deps, end.source, name, signal), error: null }
    } catch (e) {
      signal.throwIfAborted()
      if (isAppError(e) && (e.exit === 'unreachable' || e.exit === 'timedOut')) return [...items, { place: end.label, name: null, handedOver: false, fetched: null, error: { ...shownError(e) } }]
      asked = { fetched: null, error: { ...shownError(e) } }
    }
    items.push({ place: end.label, name: name.text, ...asked, ...await giveTo(deps, end.placeOf(name), name, asked.error, signal) })
  }
  return items.length > 0 ? items : [{ place: end.label, name: null, handedOver: false, fetched: null, error: null }]
}

async function fetchFrom ({ intake, clock }: SyncDeps, source: RecordSource, name: IpnsName, signal: AbortSignal): Promise<SyncItem['fetched']> {
  const stop = new AbortController()
  try {
    const bytes = await withDeadline(clock, FIRST_LOOKUP_MS, `the answer of ${source.label}`, source.ask(name, AbortSignal.any([signal, stop.signal])), signal)
    if (bytes === undefined) return 'nothing'
    const { relation } = await intake.take(name, bytes, { source: source.label })
    return relation === 'same' ? 'same' : relation === 'older' || relation === 'outlived' ? 'older' : 'newer'
  } finally {
    stop.abort(new Error('no longer waited for'))
  }
}

async function giveTo ({ memories, handing, clock }: SyncDeps, place: RecordPlace | undefined, name: IpnsName, asked: SyncItem['error'], signal: AbortSignal): Promise<Pick<SyncItem, 'handedOver' | 'error'>> {
  const memory = await memories.get(name)
  if (place === undefined || memory === undefined || judgeFreshness(chosenRecord(memory).validity, clock.now()).state === 'expired') return { handedOver: false, error: asked }
  const error = await handing.give(chosenRecord(memory), place, signal)
  return { handedOver: error === undefined, error: error === undefined ? asked : { ...error } }
}

function namedEnd (end: RecordSource & RecordPlace): End {
  return { label: end.label, source: end, placeOf: () => end }
}

/** Some can only be asked, some only be given to. */
function endsInReach (exchange: Exchange, names: readonly IpnsName[]): End[] {
  const sources = exchange.sources()
  const labels = new Set([...sources, ...names.flatMap(name => exchange.places(name))].map(({ label }) => label))
  return [...labels].map(label => ({ label, source: sources.find(s => s.label === label), placeOf: name => exchange.places(name).find(p => p.label === label) }))
}

/** Which places have the current record of a name, and when each is tried the next time. Spec: docs/protocols/ipnsup-rules.md, "Handing over". Pure. */
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import { array, boolean, bytes, integer, nullable, object, string, type Infer } from '@ipkit/core/schema/schema'
import { AGAIN_MS, FIRST_PAUSE_MS, MAX_PAUSE_MS, MAX_PLACES } from './limits.ts'
import type { ShownError } from './shown-error.ts'

const PLACE = object({
  place: string({ min: 1, max: 1024 }),
  done: boolean(),
  /** Failures in a row. */
  failures: integer(),
  lastTryMs: nullable(integer()),
  error: nullable(object({ code: string({ max: 64 }), message: string({ max: 1024 }) })),
})
export const HANDOVER = object({
  /** SHA-256 of the signed data of the record that the places are about; null: of none yet. */
  hash: nullable(bytes({ size: 32 })),
  places: array(PLACE, { max: MAX_PLACES }),
})

export type Handover = Infer<typeof HANDOVER>
export type PlaceEntry = Infer<typeof PLACE>
export const NO_HANDOVER: Handover = { hash: null, places: [] }

/** For the record with `hash`: the same object, or, when it was about another record, one whose places all wait. */
export function handoverOf (handover: Handover, hash: Uint8Array): Handover {
  if (handover.hash !== null && sameBytes(handover.hash, hash)) return handover
  return { hash, places: handover.places.map(({ place }) => waiting(place)) }
}

/** After a try to give the record with `hash` to `place`. @param error undefined: it has confirmed */
export function afterTry (handover: Handover, hash: Uint8Array, place: string, nowMs: number, error: ShownError | undefined): Handover {
  const { places } = handoverOf(handover, hash)
  const before = places.find(p => p.place === place) ?? waiting(place)
  const after: PlaceEntry = error === undefined
    ? { place, done: true, failures: 0, lastTryMs: nowMs, error: null }
    // What it once confirmed for this record it has: a failure to give it again takes nothing away.
    : { place, done: before.done, failures: before.failures + 1, lastTryMs: nowMs, error }
  const known = places.some(p => p.place === place)
  return { hash, places: known ? places.map(p => p.place === place ? after : p) : [...makeRoom(places), after] }
}

/** When the place is tried the next time while it is in reach. @param entry undefined: never heard of @returns 0: at once */
export function nextTryMs (entry: PlaceEntry | undefined): number {
  if (entry?.lastTryMs == null) return 0
  return entry.lastTryMs + (entry.failures > 0 ? Math.min(FIRST_PAUSE_MS * 2 ** (entry.failures - 1), MAX_PAUSE_MS) : AGAIN_MS)
}

/** At least one place has confirmed that record. */
export function isPublished (handover: Handover, hash: Uint8Array): boolean {
  return handoverOf(handover, hash).places.some(p => p.done)
}

/** Places that never took the record go first, then the oldest. */
function makeRoom (places: readonly PlaceEntry[]): PlaceEntry[] {
  if (places.length < MAX_PLACES) return [...places]
  const goes = places.find(p => !p.done) ?? places[0]
  return places.filter(p => p !== goes)
}

const waiting = (place: string): PlaceEntry => ({ place, done: false, failures: 0, lastTryMs: null, error: null })

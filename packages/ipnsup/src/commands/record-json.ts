/** How records and places stand in answers: points in time in UTC with milliseconds, spans as numbers, as docs/cli.md has it. */
import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { parseValidity } from '@ipkit/core/names/validity'
import type { PlaceState } from '../rpc.ts'

const NS_PER_MS = 1_000_000n
const MINUTE_MS = 60_000
const SHOWN_PLACES = 3

export const isoTime = (ms: number): string => new Date(ms).toISOString()
export const isoOrNull = (ms: number | null): string | null => ms === null ? null : isoTime(ms)

/** @param validUntil as in a record that the node has read */
export const untilMs = (validUntil: string): number => Number(parseValidity(validUntil)!.unixNs / NS_PER_MS)

/** @param ttlNs decimal */
export const ttlMs = (ttlNs: string): number => Number(BigInt(ttlNs) / NS_PER_MS)

export const recordJson = (r: { readonly value: string, readonly sequence: string, readonly validUntil: string, readonly ttlNs: string }): object => ({
  value: r.value, sequence: r.sequence, validUntil: isoTime(untilMs(r.validUntil)), ttlMs: ttlMs(r.ttlNs),
})

export const placeJson = (p: PlaceState): object => ({ place: p.place, state: p.state, lastTryAt: isoOrNull(p.lastTryAt), error: p.error })

/** 'valid until 2026-03-01 12:30 UTC, in 2 d', or since when it is not. */
export function untilText (validUntil: string, nowMs: number): string {
  const ms = untilMs(validUntil)
  return ms > nowMs ? `valid until ${formatTime(ms)}, in ${untilThenText(ms - nowMs)}` : `expired at ${formatTime(ms)}, ${formatDuration(nowMs - ms)} ago`
}

/** To the minute, but for the last ten: what was made valid for 48h a moment ago is so for 2 d, and not for 1 d 23 h. */
export const untilThenText = (ms: number): string => formatDuration(ms < 10 * MINUTE_MS ? ms : Math.round(ms / MINUTE_MS) * MINUTE_MS)

/** Where a record is, in one line: 'local so far', or at how many places and what waits. */
export function placesText (state: 'local' | 'published', places: readonly PlaceState[]): string {
  const done = places.filter(p => p.state === 'done')
  const waiting = places.filter(p => p.state === 'waiting')
  const waits = waiting.length === 0 ? '' : `waits for ${few(waiting.map(p => p.error === null ? p.place : `${p.place} (${p.error.message})`))}`
  if (state === 'local') return `local so far: ${waits === '' ? 'nobody was in reach; handed over as soon as somebody is' : waits}`
  return [`at ${few(done.map(p => p.place))}`, ...waits === '' ? [] : [waits]].join('; ')
}

/** The first ones, and how many more there are. */
function few (all: readonly string[]): string {
  const shown = all.slice(0, SHOWN_PLACES).map(stripControl).join(', ')
  return all.length > SHOWN_PLACES ? `${shown} and ${all.length - SHOWN_PLACES} more` : shown
}

/** Values of both sides of a fork, for a warning. */
export const forkText = (values: readonly string[], more = false): string => `${values.map(stripControl).join(' and ')}${more ? ' and others' : ''}`

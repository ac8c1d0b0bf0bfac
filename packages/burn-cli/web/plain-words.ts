/** Sizes, times and durations as a person says them. */
import { savedName } from '../src/domain/saved-name.ts'

export function sizeWords (bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  let value = bytes
  let unit = -1
  while (value >= 999.5) { value /= 1000; unit++ }
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0)} ${['KB', 'MB', 'GB', 'TB'][unit]!}`
}

/** 'less than a minute', '12 minutes', '3 hours', '7 days'. Rounded: the exact time always stands beside it. */
export function durationWords (ms: number): string {
  const units: ReadonlyArray<readonly [number, string]> = [[86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute']]
  for (const [size, name] of units) {
    const n = Math.round(ms / size)
    if (ms >= size) return `${n} ${name}${n === 1 ? '' : 's'}`
  }
  return 'less than a minute'
}

/** 'about 40 s', 'about 3 min': for what is left of a transfer. */
export function secondsWords (seconds: number): string {
  return seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s left` : `about ${Math.round(seconds / 60)} min left`
}

/** 'today at 14:32', '27 Nov at 14:32', '3 Jan 2027 at 14:32', in the reader's own time zone. The month is a word: 3/4 means two days. */
export function timeWords (atMs: number, nowMs: number, timeZone?: string): string {
  const format = (options: Intl.DateTimeFormatOptions, ms: number): string => new Intl.DateTimeFormat('en-GB', { ...options, ...(timeZone === undefined ? {} : { timeZone }) }).format(ms)
  const year = (ms: number): string => format({ year: 'numeric' }, ms)
  const date = (ms: number): string => format({ day: 'numeric', month: 'short', year: 'numeric' }, ms)
  const shortDate = year(atMs) === year(nowMs) ? format({ day: 'numeric', month: 'short' }, atMs) : date(atMs)
  return `${date(atMs) === date(nowMs) ? 'today' : shortDate} at ${format({ hour: '2-digit', minute: '2-digit' }, atMs)}`
}

/** As the command line names it, and without what other systems do not allow. */
export function fileNameFor (name: string | null): string {
  return savedName((name ?? '').replace(/[<>:"|?*]/g, '')) ?? 'message'
}

import { AppError } from '../errors/app-error.ts'

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
/** 10 years: longer is more likely a slip than a wish. */
const MAX_MS = 3650 * 86_400_000

/**
 * '90s', '15m', '12h', '7d', '2w' and sums of them from large to small ('1d12h') -> milliseconds.
 * @param label what the value belongs to, for the message: '--expires'
 * @throws AppError USAGE
 */
export function parseDuration (raw: string, label: string): number {
  const parts = [...raw.matchAll(/(\d{1,9})([smhdw])/gu)]
  const falling = parts.every((part, i) => i === 0 || UNIT_MS[part[2]!]! < UNIT_MS[parts[i - 1]![2]!]!)
  if (parts.length === 0 || !falling || parts.map(p => p[0]).join('') !== raw) {
    const hint = /^\d+$/u.test(raw) ? `add a unit: ${raw}s, ${raw}m, ${raw}h, ${raw}d or ${raw}w` : 'write it like 15m, 12h, 7d or 1d12h'
    throw new AppError('USAGE', `${label}: '${raw}' is not a duration`, { exit: 'usage', hints: [hint] })
  }
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * UNIT_MS[part[2]!]!, 0)
  if (ms === 0) throw new AppError('USAGE', `${label}: '${raw}' is no time at all`, { exit: 'usage', hints: ['write it like 15m, 12h, 7d or 1d12h'] })
  if (ms > MAX_MS) throw new AppError('USAGE', `${label}: '${raw}' is longer than 10 years`, { exit: 'usage', hints: ['the limit is 3650d'] })
  return ms
}

/** The two largest units, rounded down: '7 d', '1 d 12 h', '3 min 5 s', '0 s'. For people; scripts get milliseconds. */
export function formatDuration (ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: string[] = []
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]] as const) {
    const count = Math.floor(seconds / size)
    seconds -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0 s' : parts.join(' ')
}

/** The last that a Date can say. */
const LAST_MS = 8.64e15

/** A point in time for people, always UTC and the same width: '2026-03-01 12:30 UTC'. A peer may have said any time. */
export const formatTime = (epochMs: number): string =>
  epochMs > LAST_MS ? 'after the year 275760' : `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`

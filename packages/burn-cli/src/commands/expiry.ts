import { parseDuration } from '@ipkit/core/cli/duration'
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_EXPIRY_MS, MIN_EXPIRY_MS } from '../domain/limits.ts'

const LABEL = '--expires'
const HOW = 'write it like 12h, 7d or 1d12h, or as a time in UTC: 2026-12-24T18:00'

/**
 * '7d', '12h' or a point in time ('2026-12-24', '2026-12-24T18:00', with or without Z, always UTC) -> how long the message lives.
 * @throws AppError USAGE, EXPIRY_PAST, EXPIRY_TOO_LONG
 */
export function parseExpiry (text: string, nowMs: number): number {
  const lifeMs = timeOf(text) === undefined ? durationOf(text) : timeOf(text)! - nowMs
  if (lifeMs <= 0) throw new AppError('EXPIRY_PAST', `${LABEL}: '${text}' is in the past`, { exit: 'usage', hints: [HOW] })
  if (lifeMs < MIN_EXPIRY_MS) throw new AppError('EXPIRY_TOO_SHORT', `${LABEL}: '${text}' is under a second away`, { exit: 'usage' })
  if (lifeMs > MAX_EXPIRY_MS) throw new AppError('EXPIRY_TOO_LONG', `${LABEL}: '${text}' is over the limit of ${MAX_EXPIRY_MS / 86_400_000} days`, { exit: 'usage' })
  return lifeMs
}

function durationOf (text: string): number {
  if (/^-\d/.test(text)) { parseDuration(text.slice(1), LABEL); return -1 }
  // What has a dash was meant as a date: parseDuration would say what a duration looks like.
  if (text.includes('-')) throw new AppError('USAGE', `${LABEL}: '${text}' is neither a duration nor a time in UTC`, { exit: 'usage', hints: [HOW] })
  return parseDuration(text, LABEL)
}

function timeOf (text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z?)?$/.test(text)) return undefined
  const ms = Date.parse(text.length === 10 || text.endsWith('Z') ? text : `${text}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

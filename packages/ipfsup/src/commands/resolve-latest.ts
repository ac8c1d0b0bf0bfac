import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import type { SeenLatest } from '../domain/home-state.ts'
import { formatVersion, sameVersion, type Lang, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import type { GettingOptions } from './getting-options.ts'

/** The latest version of an implementation, from origins or from memory; says how old an answer from memory is, and when it is lower than it was. */
export async function resolveLatest (deps: IpfsupDeps, io: Io, lang: Lang, { transport, pre, offline }: Pick<GettingOptions, 'transport' | 'offline'> & { readonly pre: boolean }): Promise<Version> {
  io.report.progress({ step: 'asking for the latest version' })
  const { version, seen, remembered, failures } = await (await deps.latest(io, transport)).latest(lang, { pre, offline }, io.signal)
  for (const { origin, message } of failures) io.report.warn('ORIGIN_FAILED', `${origin} gave no answer: ${message}`)
  if (remembered) io.report.warn('LATEST_REMEMBERED', `${offline ? 'nobody was asked' : 'nobody answered'}; ${asOf(seen, io.clock.now())}`)
  if (!sameVersion(seen.answer, seen.version)) io.report.warn('LATEST_LOWER', loweredText(seen))
  return version
}

/** 'the last answer was go-v0.43.0, at 2026-01-15 11:00 UTC, 1 h ago' */
const asOf = ({ answer, answeredMs }: SeenLatest, nowMs: number): string =>
  `the last answer was ${formatVersion(answer)}, at ${formatTime(answeredMs)}, ${formatDuration(nowMs - answeredMs)} ago`

/** What an origin takes back, or hides. Both dates, so that a person can judge. */
export const loweredText = ({ answer, answeredMs, version, sinceMs }: SeenLatest): string =>
  `the latest is ${formatVersion(answer)} (${formatTime(answeredMs)}), but ${formatVersion(version)} has been seen here (${formatTime(sinceMs)}): it was taken back, or is kept from you`

/** The small files of ipfsup's home: docs/formats/ipfsup.md, "$IPFSUP_HOME". */
import { array, literal, object, optional } from '@ipkit/core/schema/schema'
import { MAX_HISTORY } from './default-history.ts'
import type { SeenLatest } from './home-state.ts'
import { isoTime, time, version } from './json-fields.ts'
import { readJsonText, toJsonText } from './json-text.ts'
import { formatVersion, type Lang, type Version } from './version.ts'

/** What is remembered of one question for the latest: `go`, `goPre`, `js`, `jsPre`. */
export type LatestKey = Lang | `${Lang}Pre`
export type LatestFile = { readonly [K in LatestKey]?: SeenLatest }

const seen = object({ version, sinceAt: time, answer: version, answeredAt: time })
const latestSchema = object({ format: literal(1), go: optional(seen), goPre: optional(seen), js: optional(seen), jsPre: optional(seen) })
const historySchema = object({ format: literal(1), versions: array(version, { max: MAX_HISTORY }) })
const autoSchema = object({ format: literal(1), checkedAt: time })

const damaged = (file: string): { file: string, code: string, exit: 'refused', hints: string[] } => ({ file, code: 'STATE_DAMAGED', exit: 'refused', hints: [`remove it; it is made anew: rm '${file}'`] })

/** @throws AppError STATE_DAMAGED */
export const decodeHistory = (text: string, file: string): readonly Version[] => readJsonText(text, historySchema, damaged(file)).versions
export const encodeHistory = (versions: readonly Version[]): string => toJsonText({ format: 1, versions: versions.map(formatVersion) })

/** @throws AppError STATE_DAMAGED */
export function decodeLatest (text: string, file: string): LatestFile {
  const { format: _, ...entries } = readJsonText(text, latestSchema, damaged(file))
  return Object.fromEntries(Object.entries(entries).map(([key, { version, sinceAt, answer, answeredAt }]) => [key, { version, sinceMs: sinceAt, answer, answeredMs: answeredAt }]))
}

export function encodeLatest (latest: LatestFile): string {
  const entries = Object.entries(latest).map(([key, { version, sinceMs, answer, answeredMs }]) => [key, { version: formatVersion(version), sinceAt: isoTime(sinceMs), answer: formatVersion(answer), answeredAt: isoTime(answeredMs) }])
  return toJsonText({ format: 1, ...Object.fromEntries(entries) as object })
}

/** @throws AppError STATE_DAMAGED */
export const decodeChecked = (text: string, file: string): number => readJsonText(text, autoSchema, damaged(file)).checkedAt
export const encodeChecked = (ms: number): string => toJsonText({ format: 1, checkedAt: isoTime(ms) })

/** The end of a record's validity: RFC 3339 to the nanosecond. Spec: docs/protocols/ipns-records.md, "Record" and "Reading". Pure. */

export interface Validity {
  /** As it stands in the record. */
  readonly text: string
  /** The same instant, to compare: nanoseconds since 1970, leap seconds not counted. */
  readonly unixNs: bigint
}

export type Freshness =
  | { readonly state: 'fresh', readonly leftMs: number }
  /** @property ageMs since the end of the validity */
  | { readonly state: 'expired', readonly ageMs: number }

const NS_PER_MS = 1_000_000n
const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/
/** 0000-01-01 to 9999-12-31, the years that RFC 3339 can write. */
const EARLIEST_MS = -62_167_219_200_000n
const LATEST_MS = 253_402_300_799_999n

/** @returns undefined for any other form, days that do not exist and leap seconds too */
export function parseValidity (text: string): Validity | undefined {
  const parts = FORM.exec(text)
  if (parts === null) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const offsetHours = Number(parts[9] ?? 0)
  const offsetMinutes = Number(parts[10] ?? 0)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day) // Date.UTC takes the years 0 to 99 for 1900 to 1999
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000 * (parts[8] === '-' ? -1 : 1)
  const wholeMs = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 - offsetMs
  return { text, unixNs: BigInt(wholeMs) * NS_PER_MS + BigInt((parts[7] ?? '').padEnd(9, '0')) }
}

/** In the form in which records are made: nine digits of a fraction, `Z`. @throws RangeError for an instant outside the years 0 to 9999 */
export function validityAt (unixNs: bigint): Validity {
  const ms = (unixNs - mod(unixNs, NS_PER_MS)) / NS_PER_MS
  if (ms < EARLIEST_MS || ms > LATEST_MS) throw new RangeError(`${unixNs} ns is outside the years 0 to 9999`)
  const text = `${new Date(Number(ms)).toISOString().slice(0, -1)}${mod(unixNs, NS_PER_MS).toString().padStart(6, '0')}Z`
  return { text, unixNs }
}

/** @param untilMs on our clock */
export function validityAtMs (untilMs: number): Validity {
  return validityAt(BigInt(untilMs) * NS_PER_MS)
}

/** Fresh while the end is later than the clock. @param nowMs of a clock that is not behind the home's own evidence */
export function judgeFreshness (validity: Validity, nowMs: number): Freshness {
  const leftNs = validity.unixNs - BigInt(Math.floor(nowMs)) * NS_PER_MS
  if (leftNs > 0n) return { state: 'fresh', leftMs: Number(leftNs / NS_PER_MS) }
  return { state: 'expired', ageMs: Number(-leftNs / NS_PER_MS) }
}

/** Never negative, unlike `%`. */
const mod = (n: bigint, by: bigint): bigint => ((n % by) + by) % by

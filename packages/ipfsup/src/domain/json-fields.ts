import { AppError } from '@ipkit/core/errors/app-error'
import { string, type Schema } from '@ipkit/core/schema/schema'
import { ISO_TIME } from './json-text.ts'
import { readVersionName, type Version } from './version.ts'

/** A version in the one spelling that files have: `go-v0.43.0`. */
export const version: Schema<Version> = mapped(string({ min: 1, max: 70 }), readVersionName, 'a version such as go-v0.43.0')

/** ISO 8601 in UTC with milliseconds; as milliseconds since 1970. */
export const time: Schema<number> = mapped(string({ min: 1, max: 32, pattern: ISO_TIME, what: 'a time such as 2026-03-01T12:30:00.000Z' }), text => {
  const ms = Date.parse(text)
  return Number.isNaN(ms) || new Date(ms).toISOString() !== text ? undefined : ms
}, 'a time such as 2026-03-01T12:30:00.000Z')

export const sha512 = string({ min: 128, max: 128, pattern: /^[0-9a-f]{128}$/, what: 'a SHA-512 in hex' })
export const sha256 = string({ min: 64, max: 64, pattern: /^[0-9a-f]{64}$/, what: 'a SHA-256 in hex' })
export const cid = string({ min: 1, max: 128, pattern: /^(?:Qm|b)[a-zA-Z0-9]+$/, what: 'a CID' })
export const architecture = string({ min: 3, max: 32, pattern: /^[a-z0-9]+-[a-z0-9]+$/, what: 'an architecture such as linux-amd64' })

export const isoTime = (ms: number): string => new Date(ms).toISOString()

/** @param read undefined: not one */
function mapped<T> (text: Schema<string>, read: (text: string) => T | undefined, what: string): Schema<T> {
  return {
    read (value, path) {
      const found = text.read(value, path)
      const result = read(found)
      if (result === undefined) throw new AppError('BAD_VALUE', `${path} is not ${what}`, { exit: 'usage' })
      return result
    },
  }
}

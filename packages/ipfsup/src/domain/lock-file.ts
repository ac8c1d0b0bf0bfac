/** `releases.lock.json` and `data/known.json`: the hash of each release that was ever seen. docs/formats/ipfsup.md, "The lock file". */
import { AppError } from '@ipkit/core/errors/app-error'
import { literal, nullable, object, record, string, type Schema } from '@ipkit/core/schema/schema'
import type { LockedHash } from './home-state.ts'
import { cid, isoTime, sha512, time, version as versionField } from './json-fields.ts'
import { readJsonText, toJsonText } from './json-text.ts'
import { formatVersion, type Version } from './version.ts'

const MAX_LOCKED = 10_000

const keyText = string({ min: 1, max: 128, pattern: /^[^/]+\/[a-z0-9]+\/[a-z0-9]+$/, what: '<version>/<os>/<arch>' })
const key: Schema<string> = {
  read (value, path) {
    const text = keyText.read(value, path)
    versionField.read(text.split('/', 1)[0], `${path} (${text})`)
    return text
  },
}
const entry = object({ sha512, cid: nullable(cid), seenAt: time })
const schema = object({ format: literal(1), releases: record(key, entry, { max: MAX_LOCKED }) })

export type LockFile = ReadonlyMap<string, LockedHash>

/** @param architecture `linux-amd64` */
export const lockKey = (version: Version, architecture: string): string => `${formatVersion(version)}/${architecture.replace('-', '/')}`

/** @throws AppError LOCK_FILE_DAMAGED, exit refused */
export function decodeLockFile (text: string, file: string): LockFile {
  const { releases } = readJsonText(text, schema, { file, code: 'LOCK_FILE_DAMAGED', exit: 'refused', hints: ['nothing is installed while it cannot be read; correct it, or move it away if you trust the origins to tell each hash anew'] })
  return new Map(Object.entries(releases).map(([name, { sha512, cid, seenAt }]) => [name, { sha512, cid: cid ?? undefined, seenMs: seenAt }]))
}

export function encodeLockFile (locked: LockFile): string {
  const releases = [...locked].toSorted(([a], [b]) => a < b ? -1 : 1).map(([name, { sha512, cid, seenMs }]) => [name, { sha512, cid: cid ?? null, seenAt: isoTime(seenMs) }])
  return toJsonText({ format: 1, releases: Object.fromEntries(releases) as unknown })
}

/**
 * The entry stays as it is when there is one. The archive is its SHA-512: a CID also depends on how a file is cut into blocks.
 * @returns undefined: it was there @throws AppError RELEASE_CHANGED, exit refused
 */
export function addLocked (locked: LockFile, name: string, hash: LockedHash, file: string): LockFile | undefined {
  const known = locked.get(name)
  if (known === undefined) return new Map(locked).set(name, hash)
  if (known.sha512 === hash.sha512) return undefined
  throw new AppError('RELEASE_CHANGED', `${name} has SHA-512 ${hash.sha512.slice(0, 16)}..., but was ${known.sha512.slice(0, 16)}... when it was seen here first, ${isoTime(known.seenMs)}`, {
    exit: 'refused', hints: [`if you know why it changed, remove its entry from ${file} and try again`],
  })
}

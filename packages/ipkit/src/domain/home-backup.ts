import { AppError } from '@ipkit/core/errors/app-error'
import { array, boolean, check, integer, object, optional, record, string, type Infer } from '@ipkit/core/schema/schema'

/** A backup file: one JSON document. Format: docs/formats/backup.md. */
export const BACKUP_VERSION = 1
export const MAX_BACKUP_BYTES = 16 * 1024 * 1024

/** What a backup holds. Everything else in a home is either made anew or must exist once only. */
export const BACKUP_FILES = ['identity.key', 'config.json', 'contacts.json'] as const

const fileText = string({ max: 8 * 1024 * 1024 })
const keyName = string({ min: 1, max: 64, pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/, what: 'the name of a key' })
const backupSchema = object({
  ipkitBackup: integer({ min: 1, max: 1_000_000 }),
  createdAt: string({ max: 32 }),
  peerId: string({ min: 1, max: 128 }),
  /** Whether the key in it is encrypted under a passphrase. */
  sealed: boolean(),
  files: object({ 'identity.key': fileText, 'config.json': optional(fileText), 'contacts.json': optional(fileText) }),
  /** Texts of named keys, by name; absent where there are none. */
  keys: optional(record(keyName, fileText, { max: 1024 })),
  /** For people: services whose data stayed behind. */
  leftOut: array(string({ max: 64 }), { max: 1024 }),
})
export type Backup = Infer<typeof backupSchema>

export interface BackupStore {
  /** Reads the home. @throws AppError NOTHING_TO_BACK_UP without a key */
  read(): Promise<Omit<Backup, 'ipkitBackup' | 'createdAt'>>
  /**
   * Puts the files into a home that is not there yet or is empty; whole or not at all.
   * @throws AppError HOME_NOT_EMPTY, BAD_BACKUP when a key in it is damaged, or the identity another one than it says
   */
  write(backup: Backup): Promise<void>
}

export const formatBackup = (backup: Backup): string => `${JSON.stringify(backup, undefined, 2)}\n`

/** @throws AppError BAD_BACKUP, BACKUP_TOO_NEW */
export function parseBackup (text: string): Backup {
  let value: unknown
  try { value = JSON.parse(text) } catch (e) { throw bad('it is not JSON; it may be cut off', e) }
  const version: unknown = typeof value === 'object' && value !== null && 'ipkitBackup' in value ? value.ipkitBackup : undefined
  if (typeof version !== 'number') throw bad('it says no version')
  if (version > BACKUP_VERSION) throw new AppError('BACKUP_TOO_NEW', `the backup has version ${version}, this ipkit reads up to ${BACKUP_VERSION}`, { exit: 'refused', hints: ['update ipkit'] })
  return check(backupSchema, value, 'the backup', 'BAD_BACKUP')
}

export const bad = (why: string, cause?: unknown): AppError =>
  new AppError('BAD_BACKUP', `this is not a whole ipkit backup: ${why}`, { exit: 'refused', cause, hints: ["make one with 'ipkit backup FILE'"] })

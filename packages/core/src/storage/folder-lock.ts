import { mkdir, readdir, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { AppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'
import type { Clock } from '../time/clock.ts'

export interface FolderLock { release(): Promise<void> }

export interface FolderLockOptions {
  /** Called once, when another has the lock. */
  readonly onWait?: () => void
  readonly signal: AbortSignal
  readonly clock: Clock
}

/**
 * Folders whose lock this process has or tries to take. A second attempt on one must not reach the disk: the kernel drops a process's lock
 * on a file as soon as the process closes any descriptor of that file.
 */
const taken = new Set<string>()

/**
 * The lock of a LevelDB folder, of which nothing but the lock counts: one process has it, and the kernel frees it when that process ends,
 * however it ends. The folder stays when the lock is released; its parent must exist.
 * @returns undefined when another has it, be it in this process
 * @throws AppError DISK_FULL, DISK_READ_ONLY, FILE_NOT_WRITABLE; the disk's own errors
 */
export async function takeFolderLock (folder: string): Promise<FolderLock | undefined> {
  await mkdir(folder, { mode: 0o700 }).catch((e: unknown) => { if (codeOf(e) !== 'EEXIST') throw lockError(e, folder) })
  const real = await realpath(folder)
  if (taken.has(real)) return undefined
  taken.add(real)
  try {
    const database = await openLevel(real)
    if (database === undefined) { taken.delete(real); return undefined }
    return {
      async release () {
        await database.close()
        taken.delete(real)
      },
    }
  } catch (e) {
    taken.delete(real)
    throw lockError(e, folder)
  }
}

/** Runs `work` while this process has the folder's lock; waits for it as long as another has it. @throws the signal's reason; as `takeFolderLock` */
export async function withFolderLock<T> (folder: string, { onWait, signal, clock }: FolderLockOptions, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let lock = await takeFolderLock(folder)
  if (lock === undefined) onWait?.()
  for (let waitMs = 10; lock === undefined; waitMs = Math.min(waitMs * 1.5, 250)) {
    await clock.sleep(waitMs, signal)
    lock = await takeFolderLock(folder)
  }
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function openLevel (folder: string): Promise<ClassicLevel | undefined> {
  const { ClassicLevel } = await import('classic-level') // native, and most commands that may lock do not
  for (let tries = 1; ; tries++) {
    const database = new ClassicLevel(folder)
    try {
      await database.open()
      return database
    } catch (e) {
      await database.close().catch(() => {})
      if (codeOf((e as { cause?: unknown }).cause) === 'LEVEL_LOCKED') return undefined
      if (tries > 1) throw e
      // Perhaps a power cut left it unreadable. It holds nothing, so all of it may go but the file that is locked.
      for (const name of await readdir(folder)) if (name !== 'LOCK') await rm(path.join(folder, name), { force: true }).catch(() => {})
    }
  }
}

/** LevelDB has the system's words only. */
function lockError (e: unknown, folder: string): unknown {
  const said = `${messageOf(e)} ${messageOf((e as { cause?: unknown }).cause)}`
  const of = (codes: readonly string[], words: RegExp): boolean => codes.includes(codeOf(e) ?? '') || words.test(said)
  if (of(['ENOSPC', 'EDQUOT'], /No space left on device|Disk quota exceeded/)) return new AppError('DISK_FULL', `no space left for ${folder}`, { cause: e, hints: ['free some space there and run the command again'] })
  if (of(['EROFS'], /Read-only file system/)) return new AppError('DISK_READ_ONLY', `${folder} is on a read-only disk`, { exit: 'refused', cause: e })
  if (of(['EACCES', 'EPERM'], /Permission denied/)) return new AppError('FILE_NOT_WRITABLE', `'${folder}' may not be written by this user`, { exit: 'refused', cause: e, hints: [`see who may: ls -ld '${path.dirname(folder)}'`] })
  return e
}

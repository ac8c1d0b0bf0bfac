import { constants, type Stats } from 'node:fs'
import { lstat, open, realpath } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'

/** Who we are, for the question who else may write a file. */
export interface Owner { readonly uid: number, readonly gid: number }

const ROOT = 0
const GROUP_WRITE = 0o020
const OTHER_WRITE = 0o002
const STICKY = 0o1000

/**
 * The real path of a file that nobody but root and us could have put there or can exchange: it and every folder above it belong to root
 * or to us and are not writable by others, unless a folder is root's and sticky (such as /tmp). A group may write when it is our own
 * or root's.
 * @throws AppError SERVICE_NOT_FOUND, SERVICE_NOT_TRUSTED
 */
export async function trustedPath (file: string, us: Owner): Promise<string> {
  const real = await realpath(file).catch((e: unknown) => {
    throw new AppError('SERVICE_NOT_FOUND', `cannot find ${file} (${codeOf(e) ?? 'unknown error'})`, { exit: 'notFound', cause: e })
  })
  const stats = await lstat(real)
  if (!stats.isFile()) throw notTrusted(real, 'is not a regular file')
  checkWriters(real, stats, us, false)
  for (let folder = path.dirname(real); ; folder = path.dirname(folder)) {
    checkWriters(folder, await lstat(folder), us, true)
    if (folder === path.dirname(folder)) return real
  }
}

/** Reads through one descriptor, never through a link. @throws AppError SERVICE_NOT_FOUND, SERVICE_NOT_TRUSTED */
export async function readTrusted (file: string, us: Owner, maxBytes: number): Promise<Uint8Array> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((e: unknown) => {
    throw new AppError('SERVICE_NOT_FOUND', `cannot read ${file} (${codeOf(e) ?? 'unknown error'})`, { exit: 'notFound', cause: e })
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw notTrusted(file, 'is not a regular file')
    checkWriters(file, stats, us, false)
    if (stats.size > maxBytes) throw notTrusted(file, `is ${stats.size} bytes; the limit is ${maxBytes}`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function checkWriters (file: string, stats: Stats, us: Owner, isFolder: boolean): void {
  if (stats.uid !== ROOT && stats.uid !== us.uid) throw notTrusted(file, `belongs to user ${stats.uid}`)
  if (isFolder && stats.uid === ROOT && (stats.mode & STICKY) !== 0) return
  if ((stats.mode & OTHER_WRITE) !== 0) throw notTrusted(file, 'can be written by others', [`chmod o-w ${file}`])
  if ((stats.mode & GROUP_WRITE) !== 0 && stats.gid !== ROOT && stats.gid !== us.gid) throw notTrusted(file, `can be written by group ${stats.gid}`, [`chmod g-w ${file}`])
}

function notTrusted (file: string, why: string, hints: string[] = []): AppError {
  return new AppError('SERVICE_NOT_TRUSTED', `the node does not run code from ${file}: it ${why}`, { exit: 'refused', hints })
}

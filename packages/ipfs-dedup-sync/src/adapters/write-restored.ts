import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { removeStale, tempName } from '@ipkit/core/cli/temp-files'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { LongFile } from '@ipkit/core/storage/long-file'
import { diskError, diskFs, requireSpace, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Restored } from '../domain/recipe/restored.ts'
import { writeRestoredFolder } from './write-restored-folder.ts'

export interface WriteOptions {
  /** Whether a file or folder of that name is replaced. */
  readonly overwrite: boolean
  /** Of who asked for it: that of this process may be another. */
  readonly umask?: number
  readonly fs?: StorageFs
  readonly onProgress?: (doneBytes: number) => void
}

const FILE_MODE = 0o666
const FOLDER_MODE = 0o777

/**
 * Writes what was restored, beside its place, and gives it its name when it is whole and right: nothing half is ever seen under it.
 * @param target absolute
 * @throws AppError FILE_EXISTS, DISK_FULL; what the bytes throw as they are read: RESTORED_WRONG, RECIPE_INVALID, ...
 */
export async function writeRestored (restored: Restored, target: string, { overwrite, umask = 0o022, fs = diskFs, onProgress = () => {} }: WriteOptions): Promise<void> {
  const folder = path.dirname(target)
  const temp = tempName(target)
  try {
    await requireFree(target, overwrite)
    await removeStale(folder)
    await requireSpace(fs, folder, restored.sizeBytes)
    if (restored.kind === 'file') await writeFile(restored.bytes, temp, FILE_MODE & ~umask, fs, onProgress)
    else {
      await mkdir(temp, { mode: 0o700 })
      await writeRestoredFolder(restored.entries, temp, FOLDER_MODE & ~umask, fs, onProgress)
    }
    await requireFree(target, overwrite)
    if (overwrite && restored.kind === 'folder') await replaceFolder(temp, target)
    else await fs.rename(temp, target)
  } catch (e) {
    await rm(temp, { recursive: true, force: true }).catch(() => {}) // the first error is the one that tells
    throw fileError(diskError(e, target), target, 'write')
  }
  await syncFolder(fs, folder).catch((e: unknown) => { throw diskError(e, target) })
}

async function writeFile (bytes: AsyncIterable<Uint8Array>, temp: string, mode: number, fs: StorageFs, onProgress: (doneBytes: number) => void): Promise<void> {
  const handle = await fs.open(temp, 'wx', 0o600)
  const file = new LongFile(handle)
  try {
    let at = 0
    for await (const piece of bytes) {
      await file.write(piece, at)
      at += piece.length
      onProgress(at)
    }
    await chmod(temp, mode)
    await file.finish()
  } finally {
    await file.close()
  }
}

/** Replacing a folder takes two steps; the old one is back if the second fails. */
async function replaceFolder (temp: string, target: string): Promise<void> {
  const old = `${temp}.old`
  const wasThere = await rename(target, old).then(() => true, (e: unknown) => {
    if (codeOf(e) === 'ENOENT') return false
    throw e
  })
  try {
    await rename(temp, target)
  } catch (e) {
    if (wasThere) await rename(old, target)
    throw e
  }
  if (wasThere) await rm(old, { recursive: true, force: true })
}

async function requireFree (target: string, overwrite: boolean): Promise<void> {
  if (overwrite) return
  const isThere = await lstat(target).then(() => true, (e: unknown) => {
    if (codeOf(e) === 'ENOENT') return false
    throw e
  })
  if (isThere) throw new AppError('FILE_EXISTS', `'${target}' exists already`, { exit: 'refused', hints: ['name another place, or add --overwrite'] })
}

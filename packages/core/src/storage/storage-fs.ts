import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'

/** The fs calls durable state is made of, and no others: tests put a failing disk here. `diskFs` is the real one. */
export interface StorageFs {
  /** @param flags as in node:fs: 'r', 'r+', 'wx' */
  open(file: string, flags: string, mode?: number): Promise<StorageFile>
  mkdir(dir: string, options: { readonly mode: number }): Promise<unknown>
  readdir(dir: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  /** Fails with EEXIST where rename would replace. */
  link(from: string, to: string): Promise<void>
  unlink(file: string): Promise<void>
  rmdir(dir: string): Promise<void>
  /** How much the disk holds; absent where nobody can say. */
  statfs?(dir: string): Promise<{ readonly bsize: number, readonly blocks: number, readonly bavail: number }>
}

/** Reads and writes name their position, so nothing depends on where a failed call left the file. */
export interface StorageFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesWritten: number }>
  truncate(sizeBytes: number): Promise<void>
  datasync(): Promise<void>
  sync(): Promise<void>
  stat(): Promise<{ readonly size: number }>
  close(): Promise<void>
}

export const diskFs: StorageFs = nodeFs

/** Writes all of `bytes`; a disk that takes only a part of them and then nothing is an error. */
export async function writeFully (file: StorageFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    if (bytesWritten === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' })
    done += bytesWritten
  }
}

/** @returns how many bytes were there: fewer than `bytes.length` only at the end of the file */
export async function readFully (file: StorageFile, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

/** Makes the names in `dir` durable: a file that was made, renamed or unlinked there. */
export async function syncFolder (fs: StorageFs, dir: string): Promise<void> {
  if (process.platform === 'win32') return // directories cannot be opened for fsync
  const handle = await fs.open(dir, 'r')
  try { await handle.sync() } finally { await handle.close() }
}

/** For what somebody else has chosen the size of: it must not fill the disk to find out. @throws AppError DISK_FULL */
export async function requireSpace (fs: StorageFs, dir: string, sizeBytes: number): Promise<void> {
  const { bsize, blocks, bavail } = await fs.statfs?.(dir) ?? { bsize: 0, blocks: 0, bavail: 0 }
  if (blocks === 0 || sizeBytes <= bavail * bsize) return
  throw new AppError('DISK_FULL', `no space left for ${dir}: ${sizeBytes} bytes are needed, ${bavail * bsize} are free`, { hints: ['free some space there and run the command again'] })
}

export const isErrno = (e: unknown, code: string): boolean => typeof e === 'object' && e !== null && (e as { code?: unknown }).code === code

/**
 * What to tell the user about a failed fs call.
 * @returns an AppError DISK_FULL or DISK_READ_ONLY; everything else comes back as it was
 */
export function diskError (e: unknown, file: string): unknown {
  if (isErrno(e, 'ENOSPC') || isErrno(e, 'EDQUOT')) {
    return new AppError('DISK_FULL', `no space left for ${path.dirname(file)}`, { cause: e, hints: ['free some space there and run the command again'] })
  }
  if (isErrno(e, 'EROFS')) return new AppError('DISK_READ_ONLY', `${path.dirname(file)} is on a read-only disk`, { cause: e })
  return e
}

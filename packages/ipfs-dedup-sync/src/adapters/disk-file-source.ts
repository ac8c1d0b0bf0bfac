import { constants } from 'node:fs'
import { lstat, open, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import type { FileSource } from '../domain/looking/file-source.ts'

const PIECE_BYTES = 256 * 1024

/** What says that a file is the same as before. */
interface FileState { readonly dev: bigint, readonly ino: bigint, readonly size: bigint, readonly mtimeNs: bigint, readonly ctimeNs: bigint }

/**
 * A regular file on disk as it is now. It is opened anew for each reading, so none is left open.
 * @param file absolute
 * @param follow whether it may be a link: in a folder none is followed, also not one that is put in a file's place meanwhile
 * @throws AppError FILE_NOT_FOUND, FILE_NOT_READABLE, FILE_IS_DIRECTORY, FILE_NOT_REGULAR
 */
export async function diskFileSource (file: string, { follow = true }: { readonly follow?: boolean } = {}): Promise<FileSource> {
  const state = await stateOf(file, follow)
  const sizeBytes = Number(state.size)
  const requireUnchanged = async (): Promise<void> => {
    const now = await stateOf(file, follow)
    if (!isSame(now, state)) throw changed(file)
  }
  return {
    name: path.basename(file),
    sizeBytes,
    requireUnchanged,
    again: async () => await diskFileSource(file, { follow }),
    async * read (start = 0, end = sizeBytes) {
      const handle = await opened(file, follow)
      try {
        if (!isSame(await handle.stat({ bigint: true }), state)) throw changed(file)
        for (let at = start; at < Math.min(end, sizeBytes);) {
          const { bytesRead, buffer } = await readSome(handle, file, Math.min(PIECE_BYTES, end - at, sizeBytes - at), at)
          if (bytesRead === 0) throw changed(file)
          at += bytesRead
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await handle.close()
      }
    },
  }
}

/** Memory of its own: it is handed on. */
async function readSome (handle: FileHandle, file: string, size: number, at: number): Promise<{ readonly bytesRead: number, readonly buffer: Uint8Array }> {
  try {
    return await handle.read(new Uint8Array(size), 0, size, at)
  } catch (e) {
    throw fileError(e, file, 'read')
  }
}

/** A pipe that took the file's place is not waited for. */
async function opened (file: string, follow: boolean): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW))
  } catch (e) {
    if (codeOf(e) === 'ELOOP') throw changed(file)
    throw fileError(e, file, 'read')
  }
}

async function stateOf (file: string, follow: boolean): Promise<FileState> {
  let state
  try { state = await (follow ? stat : lstat)(file, { bigint: true }) } catch (e) { throw fileError(e, file, 'read') }
  if (state.isDirectory()) throw new AppError('FILE_IS_DIRECTORY', `'${file}' is a folder, not a file`, { exit: 'usage' })
  if (!state.isFile()) throw new AppError('FILE_NOT_REGULAR', `'${file}' is no regular file`, { exit: 'usage', hints: ["give what it has by standard input: 'ipfs-dedup-sync add -'"] })
  return state
}

function isSame (a: FileState, b: FileState): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs
}

function changed (file: string): AppError {
  return new AppError('FILE_CHANGED', `'${file}' changes while it is read`, { exit: 'busy', hints: ['wait until nobody writes to it, or copy it and add the copy'] })
}

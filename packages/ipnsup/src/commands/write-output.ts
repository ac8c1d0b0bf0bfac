import type { Io } from '@ipkit/core/cli/io'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'

export interface OutputFile {
  readonly bytes: Uint8Array
  /** What it is called in a folder. */
  readonly name: string
  readonly overwrite: boolean
  readonly mode?: number
}

/**
 * Writes a file that appears only when it is whole.
 * @param path the file, or a folder to put it in
 * @returns its path @throws AppError FILE_EXISTS, FILE_NOT_WRITABLE, DISK_FULL
 */
export async function writeOutput (io: Io, path: string, output: OutputFile): Promise<string> {
  const inFolder = `${path.replace(/\/+$/, '')}/${output.name}`
  if (path.endsWith('/')) return await write(io, inFolder, output)
  try {
    return await write(io, path, output)
  } catch (e) {
    if (codeOf(e) !== 'FILE_IS_DIRECTORY') throw e
    return await write(io, inFolder, output)
  }
}

async function write (io: Io, path: string, { bytes, overwrite, mode }: OutputFile): Promise<string> {
  try {
    await using file = await io.files.createWhole(path, { overwrite, ...mode === undefined ? {} : { mode } })
    await file.write(bytes)
    await file.commit()
    return path
  } catch (e) {
    if (isAppError(e) && e.code === 'FILE_EXISTS') throw new AppError(e.code, e.message, { exit: e.exit, cause: e, hints: ['name another file, or replace this one with --force'] })
    throw e
  }
}

import type { Io } from '@ipkit/core/cli/io'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'

/**
 * A small file, or standard input for '-'.
 * @param maxBytes one byte more is read at most, so that the caller sees that there is more
 * @throws AppError FILE_NOT_FOUND, FILE_IS_DIRECTORY, FILE_NOT_READABLE
 */
export async function readInput (io: Io, file: string, maxBytes: number): Promise<Uint8Array> {
  if (file === '-') return await firstBytes(io.stdin.source, maxBytes + 1)
  try {
    await using opened = await io.files.openRead(file)
    return await firstBytes(opened.source, maxBytes + 1)
  } catch (e) {
    if (isAppError(e) && e.code === 'FILE_IS_DIRECTORY') throw new AppError(e.code, e.message, { exit: e.exit, cause: e, hints: ['name the files in it'] })
    throw e
  }
}

async function firstBytes (source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of source) {
    parts.push(part)
    sizeBytes += part.length
    if (sizeBytes >= maxBytes) break
  }
  return concatBytes(...parts).subarray(0, maxBytes)
}

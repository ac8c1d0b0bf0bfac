import { open } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { fileError } from '@ipkit/core/errors/file-error'

/**
 * A secret from a file of any kind, so also from a pipe: `/dev/fd/3`, `<(pass show it)`. Messages name the file, never its content.
 * @throws AppError FILE_*, FILE_TOO_LARGE, FILE_NOT_TEXT
 */
export async function readSecretFile (cwd: string, file: string, maxBytes: number): Promise<string> {
  const bytes = Buffer.alloc(maxBytes + 1)
  let filled = 0
  try {
    const handle = await open(path.resolve(cwd, file), 'r')
    try {
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, null)
        if (bytesRead === 0) break
        filled += bytesRead
      }
    } finally {
      await handle.close()
    }
  } catch (e) {
    throw fileError(e, file, 'read')
  }
  if (filled > maxBytes) throw new AppError('FILE_TOO_LARGE', `'${file}' is over ${maxBytes} bytes, which is the limit here`, { exit: 'usage' })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, filled))
  } catch (e) {
    throw new AppError('FILE_NOT_TEXT', `'${file}' is not text in UTF-8`, { exit: 'usage', cause: e })
  } finally {
    bytes.fill(0)
  }
}

import path from 'node:path'
import { diskFs, isErrno, syncFolder, writeFully, type StorageFs } from './storage-fs.ts'

/**
 * Makes `file` with `bytes` unless it is there: of any number of processes that try at once, one makes it, and nobody ever sees a part of it. Temp file in the
 * same directory -> fsync -> link, which fails where rename would replace -> fsync directory.
 * @param temp a name in the directory of `file` that nobody else takes
 * @returns false when there is one; it stays as it is
 */
export async function atomicCreate (file: string, bytes: Uint8Array, temp: string, fs: StorageFs = diskFs): Promise<boolean> {
  const dir = path.dirname(file)
  const whole = path.join(dir, temp)
  try {
    const handle = await fs.open(whole, 'wx', 0o600)
    try {
      await writeFully(handle, bytes, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.link(whole, file)
  } catch (e) {
    if (isErrno(e, 'EEXIST')) return false
    throw e
  } finally {
    await fs.unlink(whole).catch(() => {}) // the first error is the one that tells
  }
  await syncFolder(fs, dir)
  return true
}

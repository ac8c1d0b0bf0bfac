import path from 'node:path'
import { diskFs, syncFolder, writeFully, type StorageFs } from './storage-fs.ts'

/**
 * Replaces `file` with `bytes` so that a crash leaves either the old or the new content, never a mix.
 * Temp file in the SAME directory (rename must not cross devices) -> fsync -> rename -> fsync directory.
 */
export async function atomicWrite (file: string, bytes: Uint8Array, mode = 0o600, fs: StorageFs = diskFs): Promise<void> {
  const { randomBytes } = await import('node:crypto') // most commands read, and loading it is a tenth of a start
  const dir = path.dirname(file)
  const temp = path.join(dir, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const handle = await fs.open(temp, 'wx', mode)
    try {
      await writeFully(handle, bytes, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.rename(temp, file)
  } catch (e) {
    await fs.unlink(temp).catch(() => {}) // the first error is the one that tells
    throw e
  }
  await syncFolder(fs, dir)
}

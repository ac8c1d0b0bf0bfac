import { createHash } from 'node:crypto'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { diskError, diskFs, isErrno, readFully, syncFolder, writeFully, type StorageFile, type StorageFs } from './storage-fs.ts'

/**
 * A secret alone in its own file, written in place and never copied, so that it can be destroyed: overwritten, synced,
 * unlinked, the folder synced. Format: docs/formats/erasable-slot.md. What flash cells and snapshots keep is beyond it.
 */
const MAGIC = Uint8Array.of(0x49, 0x50, 0x4b, 0x53, 0x4c, 0x4f, 0x54, 0x01) // "IPKSLOT", version
const LENGTH_BYTES = 4
const SUM_BYTES = 8
export const MAX_SLOT_BYTES = 64 * 1024

/**
 * @param secret 1 byte to 64 KiB
 * @throws EEXIST, AppError DISK_FULL, DISK_READ_ONLY; then what was written of it has been destroyed
 */
export async function createSlot (file: string, secret: Uint8Array, fs: StorageFs = diskFs): Promise<void> {
  if (secret.length === 0 || secret.length > MAX_SLOT_BYTES) throw new RangeError(`a slot of ${secret.length} bytes; 1 to ${MAX_SLOT_BYTES} are allowed`)
  const bytes = encodeSlot(secret)
  let handle: StorageFile | undefined
  try {
    handle = await fs.open(file, 'wx', 0o600)
    await writeFully(handle, bytes, 0)
    await handle.sync()
    await syncFolder(fs, path.dirname(file))
  } catch (e) {
    if (handle !== undefined) await destroySlot(file, fs).catch(() => {})
    throw diskError(e, file)
  } finally {
    bytes.fill(0)
    await handle?.close().catch(() => {})
  }
}

/**
 * @returns the secret, or undefined when there is none: never written, destroyed, or its writing or destruction was
 * interrupted, in which case `destroySlot` finishes the job
 */
export async function readSlot (file: string, fs: StorageFs = diskFs): Promise<Uint8Array | undefined> {
  let handle: StorageFile
  try {
    handle = await fs.open(file, 'r')
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return undefined
    throw e
  }
  try {
    const room = new Uint8Array(MAGIC.length + LENGTH_BYTES + MAX_SLOT_BYTES + SUM_BYTES + 1)
    const bytes = room.subarray(0, await readFully(handle, room, 0))
    const secret = decodeSlot(bytes, file)
    room.fill(0)
    return secret
  } finally {
    await handle.close()
  }
}

/**
 * After it resolves the secret is gone from the file system. May be called again and again: a slot that is not there is
 * destroyed. When it throws, the secret may still be there: call it again later.
 */
export async function destroySlot (file: string, fs: StorageFs = diskFs): Promise<void> {
  let handle: StorageFile
  try {
    handle = await fs.open(file, 'r+')
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) throw diskError(e, file)
    return
  }
  try {
    // The whole length, not what the header says: the header may be what an interrupted write left out.
    await writeFully(handle, new Uint8Array((await handle.stat()).size), 0)
    await handle.datasync()
  } catch (e) {
    throw diskError(e, file)
  } finally {
    await handle.close().catch(() => {})
  }
  try {
    await fs.unlink(file)
    await syncFolder(fs, path.dirname(file))
  } catch (e) {
    throw diskError(e, file)
  }
}

function encodeSlot (secret: Uint8Array): Uint8Array {
  const out = new Uint8Array(MAGIC.length + LENGTH_BYTES + secret.length + SUM_BYTES)
  out.set(MAGIC)
  new DataView(out.buffer).setUint32(MAGIC.length, secret.length)
  out.set(secret, MAGIC.length + LENGTH_BYTES)
  out.set(checksum(secret), MAGIC.length + LENGTH_BYTES + secret.length)
  return out
}

function decodeSlot (bytes: Uint8Array, file: string): Uint8Array | undefined {
  const start = MAGIC.length + LENGTH_BYTES
  if (Buffer.compare(bytes.subarray(0, 7), MAGIC.subarray(0, 7)) !== 0) return undefined
  if (bytes.length > 7 && bytes[7] !== MAGIC[7]) throw new AppError('SLOT_VERSION', `${file} is a slot of version ${bytes[7]}; this program reads version 1`, { hints: ['a newer ipkit wrote it; use that one'] })
  if (bytes.length < start) return undefined
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length)
  if (length === 0 || length > MAX_SLOT_BYTES || bytes.length !== start + length + SUM_BYTES) return undefined
  const secret = bytes.slice(start, start + length)
  if (Buffer.compare(bytes.subarray(start + length), checksum(secret)) === 0) return secret
  secret.fill(0)
  return undefined
}

const checksum = (secret: Uint8Array): Uint8Array => createHash('sha256').update('ipkit/slot').update(secret).digest().subarray(0, SUM_BYTES)

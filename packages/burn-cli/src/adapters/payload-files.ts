/** A payload on disk: `content`, the bytes as they are, and `hashes`, the SHA-256 of each 1 MiB leaf, 32 bytes each. */
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { LongFile } from '@ipkit/core/storage/long-file'
import { diskError, isErrno, readFully, writeFully, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { LEAF_BYTES, MAX_PAYLOAD_BYTES } from '../domain/limits.ts'
import { HASH_BYTES } from '../domain/payload-layout.ts'
import { nodeBulkCrypto } from './node-bulk-crypto.ts'

export const CONTENT = 'content'
export const HASHES = 'hashes'

/**
 * Stores a payload leaf by leaf while it comes in: three leaves in memory, one write a leaf, synced meanwhile and at the end.
 * @throws AppError DISK_FULL, PAYLOAD_EMPTY, PAYLOAD_TOO_LARGE; the signal's reason. The caller removes the files then.
 */
export async function storePayload (fs: StorageFs, dir: string, payload: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ sizeBytes: number, hashes: Uint8Array }> {
  const file = path.join(dir, CONTENT)
  let content: LongFile | undefined
  try {
    content = new LongFile(await fs.open(file, 'wx', 0o600))
    const { sizeBytes, hashes } = await writeLeaves(content, payload, signal)
    if (sizeBytes === 0) throw new AppError('PAYLOAD_EMPTY', 'no bytes came for the message')
    await content.finish()
    await writeWhole(fs, path.join(dir, HASHES), hashes)
    return { sizeBytes, hashes }
  } catch (e) {
    throw diskError(e, file)
  } finally {
    await content?.close().catch(() => {})
  }
}

async function writeLeaves (content: LongFile, payload: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ sizeBytes: number, hashes: Uint8Array }> {
  const hashes: Uint8Array[] = []
  const free: Buffer[] = [Buffer.allocUnsafe(LEAF_BYTES), Buffer.allocUnsafe(LEAF_BYTES), Buffer.allocUnsafe(LEAF_BYTES)]
  const working: Array<Promise<Buffer>> = []
  let leaf: Buffer = free.pop()!
  let filled = 0
  let sizeBytes = 0

  /** Writing runs beside hashing and the taking in; the first failure comes out at the next leaf. */
  const store = async (buffer: Buffer, length: number, index: number): Promise<Buffer> => {
    const bytes = buffer.subarray(0, length)
    const writing = content.write(bytes, index * LEAF_BYTES)
    hashes[index] = nodeBulkCrypto.sha256(bytes) // here: another thread would be given a copy, and the sender's command is slower than this
    await writing
    return buffer
  }
  const flush = async (): Promise<void> => {
    signal.throwIfAborted()
    const work = store(leaf, filled, Math.floor(sizeBytes / LEAF_BYTES))
    work.catch(() => {})
    working.push(work)
    sizeBytes += filled
    filled = 0
    leaf = free.pop() ?? await working.shift()!
  }

  try {
    for await (const chunk of payload) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + LEAF_BYTES - filled)
        leaf.set(part, filled)
        filled += part.length
        at += part.length
        if (sizeBytes + filled > MAX_PAYLOAD_BYTES) throw new AppError('PAYLOAD_TOO_LARGE', `the message is over the limit of ${MAX_PAYLOAD_BYTES} bytes`)
        if (filled === LEAF_BYTES) await flush()
      }
    }
    if (filled > 0) await flush()
    await Promise.all(working)
  } finally {
    await Promise.allSettled(working) // nothing is written any more when the caller removes the file
  }
  signal.throwIfAborted()
  return { sizeBytes, hashes: Buffer.concat(hashes) }
}

export async function writeWhole (fs: StorageFs, file: string, bytes: Uint8Array): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o600)
  try {
    await writeFully(handle, bytes, 0)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** @returns undefined when there is no such file; fewer bytes than asked for at its end */
export async function readRange (fs: StorageFs, file: string, from: number, sizeBytes: number): Promise<Uint8Array | undefined> {
  const handle = await openToRead(fs, file)
  if (handle === undefined) return undefined
  try {
    const bytes = Buffer.allocUnsafeSlow(sizeBytes)
    return bytes.subarray(0, await readFully(handle, bytes, from))
  } finally {
    await handle.close()
  }
}

/**
 * A stretch of a file in pieces of 1 MiB, the caller's to keep, each read while the one before it is used. The file is open for as long as this
 * runs. Ends early where the file does; without a piece when there is no such file.
 */
export async function * readPieces (fs: StorageFs, file: string, fromByte: number, toByte: number): AsyncGenerator<Uint8Array> {
  const handle = await openToRead(fs, file)
  if (handle === undefined) return
  const read = async (at: number): Promise<Uint8Array> => {
    const bytes = Buffer.allocUnsafeSlow(Math.min(LEAF_BYTES, toByte - at))
    return bytes.subarray(0, await readFully(handle, bytes, at))
  }
  let next: Promise<Uint8Array> | undefined
  try {
    for (let at = fromByte; at < toByte; at += LEAF_BYTES) {
      const piece = await (next ?? read(at))
      next = piece.length === LEAF_BYTES && at + LEAF_BYTES < toByte ? read(at + LEAF_BYTES) : undefined
      next?.catch(() => {}) // seen when it is its turn
      if (piece.length > 0) yield piece
      if (next === undefined) return
    }
  } finally {
    await next?.catch(() => {}) // nothing is read any more when the file is closed
    await handle.close()
  }
}

export async function openToRead (fs: StorageFs, file: string): Promise<StorageFile | undefined> {
  try { return await fs.open(file, 'r') } catch (e) { if (isErrno(e, 'ENOENT')) return undefined; throw e }
}

export async function unlinkIfThere (fs: StorageFs, file: string): Promise<void> {
  try { await fs.unlink(file) } catch (e) { if (!isErrno(e, 'ENOENT')) throw e }
}

export const hashesRange = (from: number, count: number): [fromByte: number, sizeBytes: number] => [from * HASH_BYTES, count * HASH_BYTES]

import { createHash } from 'node:crypto'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { SerialQueue } from '../streams/serial-queue.ts'
import { diskError, diskFs, isErrno, readFully, syncFolder, writeFully, type StorageFile, type StorageFs } from './storage-fs.ts'

/**
 * A log of records that are durable when `append` resolves. Format: docs/formats/append-log.md.
 * Responsible for the bytes only: what a record means, and what follows from a log that is closed, is its owner's business.
 */
const MAGIC = Uint8Array.of(0x49, 0x50, 0x4b, 0x4c, 0x4f, 0x47, 0x00, 0x01) // "IPKLOG", zero, version
const HEAD_BYTES = 8 // length, check of the head
const SUM_BYTES = 8
const READ_BYTES = 256 * 1024
export const MAX_RECORD_BYTES = 1024 * 1024

export interface LogOptions { readonly fs?: StorageFs, readonly mode?: number }

/** One writer, in one process. Calls may overlap: they are carried out one at a time, in order. */
export interface AppendLog extends AsyncDisposable {
  /**
   * Resolves when the record is on the disk. A failure is final: this log takes nothing more, whatever was written is
   * known only after it was opened and replayed again.
   * @param record 1 byte to 1 MiB
   * @throws AppError DISK_FULL, DISK_READ_ONLY, LOG_FAILED (an earlier append failed); the disk's own errors
   */
  append(record: Uint8Array): Promise<void>
  readonly failed: boolean
  close(): Promise<void>
}

/** Makes an empty log. @throws EEXIST when there is a file, AppError DISK_FULL, DISK_READ_ONLY: then no file is left */
export async function createAppendLog (file: string, options: LogOptions = {}): Promise<AppendLog> {
  const fs = options.fs ?? diskFs
  let handle: StorageFile | undefined
  try {
    handle = await fs.open(file, 'wx', options.mode ?? 0o600)
    await writeFully(handle, MAGIC, 0)
    await handle.sync()
    await syncFolder(fs, path.dirname(file))
    return new FileLog(handle, file, MAGIC.length)
  } catch (e) {
    await handle?.close().catch(() => {})
    if (handle !== undefined) await fs.unlink(file).catch(() => {})
    throw diskError(e, file)
  }
}

/**
 * Opens a log and hands its records, oldest first, to `replay`. An incomplete last record is cut off; a log with any other
 * fault is not opened, after the records before the fault were replayed.
 * @returns undefined when there is no such file
 * @throws AppError LOG_DAMAGED, LOG_VERSION
 */
export async function openAppendLog (file: string, replay: (record: Uint8Array) => void, options: LogOptions = {}): Promise<AppendLog | undefined> {
  const fs = options.fs ?? diskFs
  let handle: StorageFile
  try {
    handle = await fs.open(file, 'r+')
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return undefined
    throw diskError(e, file)
  }
  try {
    const { endBytes, last } = await readLog(handle, file, replay)
    if ((await handle.stat()).size > endBytes) await handle.truncate(endBytes)
    // After a failed fsync the kernel may go on showing bytes that the disk does not have (and no later fsync writes them).
    // So the last record is written once more, the same bytes in the same place, before anybody relies on it.
    await writeFully(handle, last.bytes, last.at)
    await handle.sync()
    return new FileLog(handle, file, Math.max(endBytes, MAGIC.length))
  } catch (e) {
    await handle.close().catch(() => {})
    throw diskError(e, file)
  }
}

class FileLog implements AppendLog {
  readonly #handle: StorageFile
  readonly #file: string
  #endBytes: number
  readonly #queue = new SerialQueue()
  #state: 'open' | 'failed' | 'closed' = 'open'

  constructor (handle: StorageFile, file: string, endBytes: number) {
    this.#handle = handle
    this.#file = file
    this.#endBytes = endBytes
  }

  get failed (): boolean { return this.#state === 'failed' }

  async append (record: Uint8Array): Promise<void> {
    if (record.length === 0 || record.length > MAX_RECORD_BYTES) throw new RangeError(`a record of ${record.length} bytes; 1 to ${MAX_RECORD_BYTES} are allowed`)
    await this.#queue.run(async () => { await this.#appendNow(record) })
  }

  async #appendNow (record: Uint8Array): Promise<void> {
    if (this.#state !== 'open') throw new AppError('LOG_FAILED', `${this.#file} takes no more records: ${this.#state === 'failed' ? 'an earlier write failed' : 'it is closed'}`)
    const bytes = encodeRecord(record, this.#endBytes)
    try {
      await writeFully(this.#handle, bytes, this.#endBytes)
      await this.#handle.datasync()
    } catch (e) {
      this.#state = 'failed'
      await this.#handle.close().catch(() => {})
      throw diskError(e, this.#file)
    }
    this.#endBytes += bytes.length
  }

  async close (): Promise<void> {
    await this.#queue.idle()
    if (this.#state !== 'open') return
    this.#state = 'closed'
    await this.#handle.close()
  }

  async [Symbol.asyncDispose] (): Promise<void> { await this.close() }
}

interface LogEnd { readonly endBytes: number, readonly last: { readonly at: number, readonly bytes: Uint8Array } }

async function readLog (handle: StorageFile, file: string, replay: (record: Uint8Array) => void): Promise<LogEnd> {
  const sizeBytes = (await handle.stat()).size
  const reader = new PositionedReader(handle)
  const magic = await reader.take(0, Math.min(MAGIC.length, sizeBytes))
  if (!startsLike(magic, MAGIC)) {
    const known = startsLike(magic.subarray(0, 7), MAGIC)
    throw known
      ? new AppError('LOG_VERSION', `${file} is a log of version ${magic[7]}; this program reads version 1`, { hints: ['a newer ipkit wrote it; use that one'] })
      : damaged(file, 0, 'it does not begin like a log')
  }
  let last = { at: 0, bytes: MAGIC }
  if (sizeBytes < MAGIC.length) return { endBytes: sizeBytes, last } // making it was interrupted: the magic is written again
  let at = MAGIC.length
  while (at < sizeBytes) {
    if (sizeBytes - at < HEAD_BYTES) break
    const head = await reader.take(at, HEAD_BYTES)
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0)
    if (!equal(head.subarray(4), headCheck(at, length))) throw damaged(file, at, 'the length of a record is not what was written')
    if (length === 0 || length > MAX_RECORD_BYTES) throw damaged(file, at, `a record claims ${length} bytes`)
    const total = HEAD_BYTES + length + SUM_BYTES
    if (sizeBytes - at < total) break
    const bytes = await reader.take(at, total)
    const record = bytes.slice(HEAD_BYTES, HEAD_BYTES + length)
    if (!equal(bytes.subarray(HEAD_BYTES + length), checksum(at, record))) throw damaged(file, at, 'a record is not what was written')
    last = { at, bytes: bytes.slice() }
    at += total
    replay(record)
  }
  return { endBytes: at, last }
}

/** Reads ahead, so that a log of many small records takes few calls. */
class PositionedReader {
  readonly #handle: StorageFile
  #at = 0
  #window = new Uint8Array(0)
  constructor (handle: StorageFile) { this.#handle = handle }

  /** @returns a view that is valid until the next call; shorter than asked only when the file shrank meanwhile */
  async take (at: number, length: number): Promise<Uint8Array> {
    if (at < this.#at || at + length > this.#at + this.#window.length) {
      const fresh = new Uint8Array(Math.max(length, READ_BYTES))
      this.#window = fresh.subarray(0, await readFully(this.#handle, fresh, at))
      this.#at = at
    }
    return this.#window.subarray(at - this.#at, at - this.#at + length)
  }
}

function encodeRecord (record: Uint8Array, at: number): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES + record.length + SUM_BYTES)
  new DataView(out.buffer).setUint32(0, record.length)
  out.set(headCheck(at, record.length), 4)
  out.set(record, HEAD_BYTES)
  out.set(checksum(at, record), HEAD_BYTES + record.length)
  return out
}

// The place goes into both sums: a record copied to another place in the file, or an old block shown again, is a bad record.
const place = (at: number): Buffer => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(at)); return b }

/** Guards the length by itself: a damaged length would otherwise look like a last record that is merely incomplete. */
function headCheck (at: number, length: number): Uint8Array {
  const lengthBytes = Buffer.alloc(4)
  lengthBytes.writeUInt32BE(length)
  return createHash('sha256').update('head').update(place(at)).update(lengthBytes).digest().subarray(0, 4)
}

const checksum = (at: number, record: Uint8Array): Uint8Array =>
  createHash('sha256').update('body').update(place(at)).update(record).digest().subarray(0, SUM_BYTES)

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const startsLike = (start: Uint8Array, whole: Uint8Array): boolean => equal(start, whole.subarray(0, start.length))

const damaged = (file: string, at: number, why: string): AppError =>
  new AppError('LOG_DAMAGED', `${file} is damaged at byte ${at}: ${why}`, { hints: ['the disk may be failing; what the log guards counts as used'] })

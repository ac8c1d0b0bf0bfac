import { ByteCursor, type ByteSource } from './byte-cursor.ts'
import { MAX_ZIP_MEMBERS } from './looking-limits.ts'
import { CENTRAL_BYTES, centralRecordBytes, END64_BYTES, END_BYTES, findEnd, LOCATOR_BYTES, MAX_COMMENT_BYTES, readCentralRecord, readEnd64 } from './zip-record.ts'

/** What a zip's central directory says, in its order. Held for all members at once: 21 bytes each. */
export interface ZipDirectory {
  /** What offsets are counted from: more than 0 where something stands before the archive that they do not count. */
  readonly base: number
  readonly start: number
  /** Of the records; the end records begin here. */
  readonly end: number
  readonly count: number
  /** From the beginning of the file. */
  readonly localAt: Float64Array
  readonly compressedBytes: Float64Array
  /** 0 stored, 8 deflated, 255 anything else or encrypted. */
  readonly method: Uint8Array
}

export const STORED = 0
export const DEFLATED = 8
export const OPAQUE = 255

/** @returns the directory, or why there is none that can be used */
export async function readZipDirectory (source: ByteSource, sizeBytes: number): Promise<ZipDirectory | string> {
  const tailAt = Math.max(0, sizeBytes - MAX_COMMENT_BYTES - END_BYTES - END64_BYTES - LOCATOR_BYTES)
  const tail = await readAll(source, tailAt, sizeBytes)
  const found = findEnd(tail)
  if (found === undefined) return 'it has no end record'
  const wideAt = found.at - END64_BYTES - LOCATOR_BYTES
  const wide = wideAt < 0 ? undefined : readEnd64(tail.subarray(wideAt, found.at))
  const { members, directoryBytes, directoryAt } = wide ?? found.end
  const end = tailAt + (wide === undefined ? found.at : wideAt)
  const start = end - directoryBytes
  const base = start - directoryAt
  if (!(start >= 0 && base >= 0)) return 'its central directory is not where it is said to be'
  if (members > MAX_ZIP_MEMBERS) return `it has ${members} members, and the limit is ${MAX_ZIP_MEMBERS}`
  return await readRecords(source, { base, start, end })
}

async function readRecords (source: ByteSource, where: Pick<ZipDirectory, 'base' | 'start' | 'end'>): Promise<ZipDirectory | string> {
  const cursor = new ByteCursor(source)
  let room = 256
  let [localAt, compressedBytes, method] = [new Float64Array(room), new Float64Array(room), new Uint8Array(room)]
  let count = 0
  try {
    await cursor.seek(where.start)
    while (cursor.at < where.end) {
      const size = centralRecordBytes(await cursor.peek(CENTRAL_BYTES))
      if (size === undefined || cursor.at + size > where.end) return 'its central directory cannot be read'
      if (count === MAX_ZIP_MEMBERS) return `it has more members than the limit of ${MAX_ZIP_MEMBERS}`
      const record = readCentralRecord(await cursor.take(size))
      if (count === room) {
        room *= 2
        localAt = grown(localAt, new Float64Array(room))
        compressedBytes = grown(compressedBytes, new Float64Array(room))
        method = grown(method, new Uint8Array(room))
      }
      localAt[count] = where.base + record.localAt
      compressedBytes[count] = record.compressedBytes
      method[count] = record.isEncrypted || (record.method !== STORED && record.method !== DEFLATED) ? OPAQUE : record.method
      count++
    }
  } finally {
    await cursor.close()
  }
  return { ...where, count, localAt: localAt.subarray(0, count), compressedBytes: compressedBytes.subarray(0, count), method: method.subarray(0, count) }
}

function grown<T extends Float64Array | Uint8Array> (from: T, to: T): T {
  to.set(from)
  return to
}

async function readAll (source: ByteSource, start: number, end: number): Promise<Uint8Array> {
  const out = new Uint8Array(end - start)
  let at = 0
  for await (const piece of source.read(start, end)) {
    out.set(piece, at)
    at += piece.length
  }
  return out.subarray(0, at)
}

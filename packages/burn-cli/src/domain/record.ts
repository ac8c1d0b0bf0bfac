/**
 * What is inside the encryption: inner header and content, cut into counted chunks and padded. Spec: docs/protocols/burn.md,
 * "Padded text". The length need not be known beforehand, so a pipe can be sent in constant memory.
 */
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ByteQueue } from '@ipkit/core/streams/byte-queue'
import { check, nullable, object, string } from '@ipkit/core/schema/schema'
import { AppError } from '@ipkit/core/errors/app-error'
import { isWellFormed } from '@ipkit/core/schema/well-formed'
import { TAG_BYTES } from './bulk-crypto.ts'
import { utf8 } from './bytes.ts'
import { MAX_NAME_BYTES, MAX_PAYLOAD_BYTES } from './limits.ts'
import { padmeSize } from './padme.ts'
import { PAYLOAD_HEADER_BYTES } from './payload-header.ts'
import { CHUNK_BYTES, altered, type Chunk } from './stream.ts'

const COUNT_BYTES = 4
const ROOM = CHUNK_BYTES - COUNT_BYTES
const LENGTH_BYTES = 2
const MAX_INNER_HEADER_BYTES = 300
const INNER_HEADER = object({ name: nullable(string({ min: 1, max: MAX_NAME_BYTES })) })

/** @param recordBytes inner header and content together @returns size of the padded text */
export function paddedSize (recordBytes: number, pad: boolean): number {
  const counted = recordBytes + COUNT_BYTES * Math.ceil(recordBytes / ROOM)
  return pad ? padmeSize(counted) : counted
}

/** @throws AppError MESSAGE_TOO_LARGE over 2^40 bytes */
export function payloadSize (recordBytes: number, pad: boolean): number {
  const text = paddedSize(recordBytes, pad)
  const size = PAYLOAD_HEADER_BYTES + text + TAG_BYTES * Math.ceil(text / CHUNK_BYTES)
  if (size > MAX_PAYLOAD_BYTES) throw new AppError('MESSAGE_TOO_LARGE', `the message would have ${size} bytes; the limit is ${MAX_PAYLOAD_BYTES}`, { exit: 'usage' })
  return size
}

/** True for a name that a reader can save under as it is: UTF-8 of 1 to 255 bytes, no path, no control characters. */
export function isSafeName (name: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are the characters to keep out
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\u0000-\u001f\u007f-\u009f]/u.test(name) && isWellFormed(name) && utf8(name).length <= MAX_NAME_BYTES
}

/** @throws AppError NAME_INVALID */
export function encodeInnerHeader (name: string | null): Uint8Array {
  if (name !== null && !isSafeName(name)) {
    throw new AppError('NAME_INVALID', `the name must have 1 to ${MAX_NAME_BYTES} bytes, no slash and no control character`, { exit: 'usage', hints: ['give another with --name'] })
  }
  const body = encodeStrict({ name })
  const out = new Uint8Array(LENGTH_BYTES + body.length)
  new DataView(out.buffer).setUint16(0, body.length)
  out.set(body, LENGTH_BYTES)
  return out
}

/**
 * Inner header and content as counted, padded chunks. All chunks share one buffer.
 * @throws AppError NAME_INVALID, MESSAGE_TOO_LARGE; what `content` throws passes through
 */
export async function * padRecord (name: string | null, content: AsyncIterable<Uint8Array>, pad: boolean): AsyncGenerator<Chunk> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  const view = new DataView(chunk.buffer)
  let count = 0 // record bytes in `chunk`
  let fullChunks = 0
  for await (let piece of withHeader(encodeInnerHeader(name), content)) {
    while (piece.length > 0) {
      if (count === ROOM) {
        view.setUint32(0, ROOM)
        yield { bytes: chunk, last: false }
        fullChunks++
        count = 0
      }
      const part = piece.subarray(0, ROOM - count)
      chunk.set(part, COUNT_BYTES + count)
      count += part.length
      piece = piece.subarray(part.length)
    }
  }
  const recordBytes = fullChunks * ROOM + count
  payloadSize(recordBytes, pad)
  for (let left = paddedSize(recordBytes, pad) - fullChunks * CHUNK_BYTES; left > 0; left -= CHUNK_BYTES) {
    view.setUint32(0, count)
    chunk.fill(0, COUNT_BYTES + count)
    count = 0
    yield { bytes: chunk.subarray(0, left), last: left <= CHUNK_BYTES }
  }
}

async function * withHeader (header: Uint8Array, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield header
  yield * content
}

export interface OpenedRecord {
  /** Safe to save under, see `isSafeName`; null for a content that is meant to be shown. */
  readonly name: string | null
  /** Single use, and to be read: leaving early ends the source. Ends normally only when the whole content was verified. @throws AppError CONTENT_ALTERED */
  readonly content: AsyncIterable<Uint8Array>
}

/** @throws AppError CONTENT_ALTERED */
export async function unpadRecord (chunks: AsyncGenerator<Chunk>): Promise<OpenedRecord> {
  const record = countedBytes(chunks)
  const queue = new ByteQueue()
  const take = async (size: number): Promise<Uint8Array> => {
    while (queue.length < size) {
      const next = await record.next()
      if (next.done === true) throw altered('the content has no inner header')
      queue.push(next.value)
    }
    return queue.take(size)
  }
  try {
    const length = await take(LENGTH_BYTES)
    const size = length[0]! * 256 + length[1]!
    if (size > MAX_INNER_HEADER_BYTES) throw altered(`the inner header has ${size} bytes; the limit is ${MAX_INNER_HEADER_BYTES}`)
    const name = readInnerHeader(await take(size))
    return { name, content: rest(queue, record) }
  } catch (e) {
    await record.return(undefined)
    throw e
  }
}

async function * rest (queue: ByteQueue, record: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (queue.length > 0) yield queue.take(queue.length)
    yield * record
  } finally {
    await record.return(undefined)
  }
}

function readInnerHeader (bytes: Uint8Array): string | null {
  let name: string | null
  try { name = check(INNER_HEADER, decodeStrict(bytes), 'inner header').name } catch (e) { throw altered(`the inner header is malformed: ${(e as Error).message}`) }
  if (name !== null && !isSafeName(name)) throw altered('the inner header holds a name that is none')
  return name
}

async function * countedBytes (chunks: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array> {
  let ended = false // a chunk was not full: only padding may follow
  for await (const { bytes } of chunks) {
    if (bytes.length < COUNT_BYTES) throw altered('a chunk is too short for its count')
    const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    const room = bytes.length - COUNT_BYTES
    if (count > room || (ended && count > 0)) throw altered(`a chunk counts ${count} bytes where ${ended ? 0 : room} are possible`)
    ended = count < ROOM
    const end = COUNT_BYTES + count
    for (let i = end; i < bytes.length; i++) if (bytes[i] !== 0) throw altered('the padding is not zero')
    if (count > 0) yield bytes.subarray(COUNT_BYTES, end)
  }
}

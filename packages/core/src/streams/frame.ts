import { AppError } from '../errors/app-error.ts'
import { ByteQueue } from './byte-queue.ts'

/** 4-byte big-endian length, then that many bytes. Spec: docs/protocols/framing.md. */
const HEADER_BYTES = 4

export function encodeFrame (body: Uint8Array, maxBytes: number): Uint8Array {
  if (body.length > maxBytes) throw new AppError('FRAME_TOO_LARGE', `frame of ${body.length} bytes is over the limit of ${maxBytes}`)
  const out = new Uint8Array(HEADER_BYTES + body.length)
  new DataView(out.buffer).setUint32(0, body.length)
  out.set(body, HEADER_BYTES)
  return out
}

/**
 * Cuts a byte stream into frames. Holds at most one frame plus one chunk. A frame is the caller's to keep, unless it came with `next(room)`:
 * then it stands in that room if it fits. So a caller that is done with large frames need not have a new array made for each.
 * @throws AppError FRAME_TOO_LARGE before allocating, FRAME_TRUNCATED when the stream ends inside a frame.
 */
export async function * decodeFrames (source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void, Uint8Array | undefined> {
  const queue = new ByteQueue()
  let room: Uint8Array | undefined
  let size: number | undefined // of the frame being read; undefined while its header is incomplete
  for await (const chunk of source) {
    queue.push(chunk)
    for (;;) {
      if (size === undefined) {
        if (queue.length < HEADER_BYTES) break
        size = new DataView(queue.take(HEADER_BYTES).buffer).getUint32(0)
        if (size > maxBytes) throw new AppError('FRAME_TOO_LARGE', `peer announced a frame of ${size} bytes; the limit is ${maxBytes}`)
      }
      if (queue.length < size) break
      const body = queue.take(size, room)
      size = undefined
      room = yield body
    }
  }
  if (size !== undefined || queue.length > 0) throw new AppError('FRAME_TRUNCATED', 'the stream ended inside a frame')
}

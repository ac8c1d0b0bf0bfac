import { AppError } from '../errors/app-error.ts'
import { ByteQueue } from './byte-queue.ts'

/** libp2p's framing, for protocols that are not ours: an unsigned varint of at most four bytes, then that many bytes. */
const MAX_HEADER_BYTES = 4

/**
 * Cuts a byte stream into messages. Holds at most one message plus one chunk.
 * @throws AppError FRAME_TOO_LARGE before allocating, FRAME_TRUNCATED when the stream ends inside a message
 */
export async function * decodeVarintFrames (source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue()
  let headerBytes = 0
  let size = 0
  let inBody = false
  for await (const chunk of source) {
    queue.push(chunk)
    for (;;) {
      while (!inBody && queue.length > 0) {
        const byte = queue.take(1)[0]!
        size += (byte & 0x7f) * 2 ** (7 * headerBytes++)
        inBody = byte < 0x80
        if (size > maxBytes || (!inBody && headerBytes === MAX_HEADER_BYTES)) throw new AppError('FRAME_TOO_LARGE', `peer announced a message of ${size} bytes or more; the limit is ${maxBytes}`)
      }
      if (!inBody || queue.length < size) break
      const body = queue.take(size)
      headerBytes = 0
      size = 0
      inBody = false
      yield body
    }
  }
  if (headerBytes > 0) throw new AppError('FRAME_TRUNCATED', 'the stream ended inside a message')
}

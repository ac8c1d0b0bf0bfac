/** The STREAM layout of age: 64 KiB chunks, a counter and a last-chunk flag in the nonce. Spec: docs/protocols/burn.md, "Payload". */
import { AppError } from '@ipkit/core/errors/app-error'
import { ByteQueue } from '@ipkit/core/streams/byte-queue'
import { TAG_BYTES, type BulkCrypto } from './bulk-crypto.ts'

export const CHUNK_BYTES = 65_536
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

export interface Chunk {
  /** 1 to 65,536 bytes, 65,536 in all but the last. Valid until the next chunk is asked for. */
  readonly bytes: Uint8Array
  readonly last: boolean
}

/** Counts the chunks of one stream; each key seals or opens one stream only. */
export class StreamNonce {
  readonly #bytes = new Uint8Array(12)
  readonly #view = new DataView(this.#bytes.buffer)
  #counter = 0

  /** @returns the nonce of the next chunk; the same array each time */
  next (last: boolean): Uint8Array {
    // The counter has 11 bytes; a payload of 2^40 bytes needs 25 bits of it.
    this.#view.setUint32(7, this.#counter++)
    this.#bytes[11] = last ? 1 : 0
    return this.#bytes
  }
}

/** Sealed bytes per piece handed on: many chunks at once, so that nothing downstream pays for each. */
const PIECE_CHUNKS = 16

/** Seals chunk by chunk; holds at most 1 MiB. */
export async function * sealStream (bulk: BulkCrypto, key: Uint8Array, chunks: AsyncIterable<Chunk>): AsyncGenerator<Uint8Array> {
  const nonce = new StreamNonce()
  let piece = new Uint8Array(0)
  let filled = 0
  for await (const { bytes, last } of chunks) {
    if (filled === 0) piece = new Uint8Array(last ? bytes.length + TAG_BYTES : PIECE_CHUNKS * SEALED_CHUNK_BYTES)
    bulk.seal(key, nonce.next(last), bytes, piece.subarray(filled, filled + bytes.length + TAG_BYTES))
    filled += bytes.length + TAG_BYTES
    if (last || filled === piece.length) { yield piece.subarray(0, filled); filled = 0 }
  }
}

/**
 * Opens chunk by chunk; a chunk is handed out only after its tag was verified. The stream is whole when a chunk with `last` came.
 * @throws AppError CONTENT_ALTERED for a wrong key, or bytes that were changed, moved, cut off or added
 */
export async function * openStream (bulk: BulkCrypto, key: Uint8Array, source: AsyncIterable<Uint8Array>): AsyncGenerator<Chunk> {
  const nonce = new StreamNonce()
  const queue = new ByteQueue()
  const room = new Uint8Array(SEALED_CHUNK_BYTES) // one after the other stands in it: a new array for each would be filled with zeros first
  let index = 0
  const open = (sealed: Uint8Array, last: boolean): Chunk => {
    const bytes = sealed.length > TAG_BYTES ? bulk.open(key, nonce.next(last), sealed) : undefined
    if (bytes === undefined) throw altered(`chunk ${index} of the content does not verify`)
    index++
    return { bytes, last }
  }
  for await (const piece of source) {
    queue.push(piece)
    while (queue.length > SEALED_CHUNK_BYTES) yield open(queue.take(SEALED_CHUNK_BYTES, room), false)
  }
  yield open(queue.take(queue.length, room), true)
}

export const altered = (what: string): AppError => new AppError('CONTENT_ALTERED', what, {
  exit: 'refused', hints: ['the sender or somebody on the way changed it; ask for a new message'],
})

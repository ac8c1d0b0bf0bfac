/** A message's content to its payload and back, in constant memory. Spec: docs/protocols/burn.md, "Payload". */
import { ByteQueue } from '@ipkit/core/streams/byte-queue'
import type { BulkCrypto } from './bulk-crypto.ts'
import { payloadKeys, type MessageSecrets } from './keys.ts'
import { decodePayloadHeader, encodePayloadHeader, PAYLOAD_HEADER_BYTES, verifyPayloadHeader } from './payload-header.ts'
import { padRecord, unpadRecord, type OpenedRecord } from './record.ts'
import { altered, openStream, sealStream } from './stream.ts'

export interface PayloadInput {
  readonly secrets: MessageSecrets
  /** 32 random bytes, for this message only. */
  readonly salt: Uint8Array
  /** What a reader saves it as; null for a text to be shown. */
  readonly name: string | null
  readonly content: AsyncIterable<Uint8Array>
  readonly pad: boolean
}

/**
 * Yields pieces of about 1 MiB that the caller may keep.
 * @throws AppError NAME_INVALID, MESSAGE_TOO_LARGE; what `content` throws passes through
 */
export async function * encryptPayload (bulk: BulkCrypto, input: PayloadInput): AsyncGenerator<Uint8Array> {
  const { headerKey, streamKey } = payloadKeys(input.secrets, input.salt)
  yield encodePayloadHeader(headerKey, input.secrets.stretched !== undefined, input.salt)
  yield * sealStream(bulk, streamKey, padRecord(input.name, input.content, input.pad))
}

/**
 * Resolves once header and inner header are verified; the content is verified as it is read, and never handed out before.
 * @param source the whole payload
 * @throws AppError KEY_WRONG, CONTENT_ALTERED, PAYLOAD_VERSION; what `source` throws passes through
 */
export async function decryptPayload (bulk: BulkCrypto, secrets: MessageSecrets, source: AsyncIterable<Uint8Array>): Promise<OpenedRecord> {
  const iterator = source[Symbol.asyncIterator]()
  try {
    const queue = new ByteQueue()
    while (queue.length < PAYLOAD_HEADER_BYTES) {
      const next = await iterator.next()
      if (next.done === true) throw altered('the content is not a burn message')
      queue.push(next.value)
    }
    const header = decodePayloadHeader(queue.take(PAYLOAD_HEADER_BYTES))
    if (header.passphrase !== (secrets.stretched !== undefined)) throw altered('link and content differ on whether there is a passphrase')
    const { headerKey, streamKey } = payloadKeys(secrets, header.salt)
    verifyPayloadHeader(header, headerKey)
    return await unpadRecord(openStream(bulk, streamKey, resume(queue, iterator)))
  } catch (e) {
    await iterator.return?.()
    throw e
  }
}

/** What is queued, then the rest. Ends the source when the reader stops early. */
async function * resume (queue: ByteQueue, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (queue.length > 0) yield queue.take(queue.length)
    yield * { [Symbol.asyncIterator]: () => iterator }
  } finally {
    await iterator.return?.()
  }
}

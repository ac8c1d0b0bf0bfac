/**
 * How a plain message comes from the node to its command: frames, the first with name and size, then the file. An answer of raw bytes cannot
 * tell why it ends early, so a failure is an empty frame and one that says what it was.
 */
import { AppError } from '@ipkit/core/errors/app-error'
import { fromRemoteError, toRemoteError } from '@ipkit/core/errors/remote-error'
import { check, integer, object, string } from '@ipkit/core/schema/schema'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import { toJsonBytes } from './json-bytes.ts'
import { LEAF_BYTES, MAX_NAME_BYTES } from './limits.ts'
import { MAX_PLAIN_BYTES } from './plain-limits.ts'
import type { OpenedPlain } from './plain-reading.ts'

const header = object({ name: string({ min: 1, max: MAX_NAME_BYTES }), sizeBytes: integer({ min: 1, max: MAX_PLAIN_BYTES }) })
const frame = (bytes: Uint8Array): Uint8Array => encodeFrame(bytes, LEAF_BYTES)

/** @param open what it throws, and what its content throws, goes into the stream */
export async function * encodePlainStream (open: () => Promise<OpenedPlain>): AsyncGenerator<Uint8Array> {
  try {
    const { name, sizeBytes, content } = await open()
    yield frame(toJsonBytes({ name, sizeBytes }))
    for await (const bytes of content) yield frame(bytes)
  } catch (e) {
    yield frame(new Uint8Array(0))
    yield frame(toJsonBytes(toRemoteError(e)))
  }
}

/** @throws AppError what the node met with, CONTENT_ALTERED when the end is missing; so does reading `content` */
export async function decodePlainStream (source: AsyncIterable<Uint8Array>): Promise<OpenedPlain> {
  const frames = checkedFrames(source)
  const first = await frames.next()
  if (first.done === true) throw missing(0)
  const { name, sizeBytes } = check(header, parse(first.value), 'the answer')
  return {
    name,
    sizeBytes,
    content: (async function * () {
      let doneBytes = 0
      for await (const bytes of frames) {
        doneBytes += bytes.length
        yield bytes
      }
      if (doneBytes !== sizeBytes) throw missing(doneBytes)
    })(),
  }
}

async function * checkedFrames (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let failed = false
  for await (const bytes of decodeFrames(source, LEAF_BYTES)) {
    if (failed) throw fromRemoteError(parse(bytes))
    failed = bytes.length === 0
    if (!failed) yield bytes
  }
}

const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))
const missing = (doneBytes: number): AppError => new AppError('CONTENT_ALTERED', `the message ended after ${doneBytes} bytes`, { exit: 'refused' })

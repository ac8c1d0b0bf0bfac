import { createInflateRaw } from 'node:zlib'
import { AppError } from '@ipkit/core/errors/app-error'
import type { InflateStream } from '../domain/looking/ingest.ts'

const TEXT_PIECE_BYTES = 128 * 1024

/** Raw inflate of node:zlib, in node's own threads. */
export const nodeInflate: InflateStream = source => {
  const inflate = createInflateRaw({ chunkSize: TEXT_PIECE_BYTES })
  let failure: { readonly cause: unknown } | undefined

  async function feed (): Promise<void> {
    for await (const piece of source) {
      if (inflate.readableEnded || inflate.destroyed) return
      if (!inflate.write(piece)) await roomOrEnd()
      if (inflate.readableEnded || inflate.destroyed) return
    }
    inflate.end()
  }
  const roomOrEnd = async (): Promise<void> => {
    await new Promise<void>(resolve => {
      const done = (): void => {
        for (const event of ['drain', 'end', 'close'] as const) inflate.off(event, done)
        resolve()
      }
      for (const event of ['drain', 'end', 'close'] as const) inflate.on(event, done)
    })
  }

  async function * text (): AsyncGenerator<Uint8Array> {
    const fed = feed().catch((cause: unknown) => {
      failure = { cause }
      inflate.destroy()
    })
    try {
      for await (const piece of inflate) yield piece as Uint8Array
    } catch (e) {
      if (failure !== undefined) throw failure.cause
      throw new AppError('DEFLATE_INVALID', `a deflate stream is broken: ${(e as Error).message}`, { cause: e })
    } finally {
      inflate.destroy()
      await fed
    }
  }
  return { text: text(), consumedBytes: () => inflate.bytesWritten }
}

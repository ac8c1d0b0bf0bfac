import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '../errors/app-error.ts'
import { NDJSON, OCTETS } from './rpc-wire.ts'
import type { RpcHandler } from './service.ts'

/**
 * Runs one handler and writes its answer, as fast as the client reads. Ends `res` unless it throws.
 * @throws what the handler threw; the signal's reason when it was aborted
 */
export async function answer (req: IncomingMessage, res: ServerResponse, handler: RpcHandler, params: unknown, upload: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const wantsBytes = (req.headers.accept ?? '').includes(OCTETS)
  const head = (type: string): void => { if (!res.headersSent) { res.setHeader('content-type', type); res.writeHead(200); res.flushHeaders() } }

  const reply = await orAborted(signal, handler(params, {
    signal,
    upload,
    progress (event) {
      // A client that does not read gets no more progress, rather than a growing queue of it.
      if (wantsBytes || res.writableEnded || res.destroyed || res.writableNeedDrain) return
      head(NDJSON)
      res.write(line({ progress: event }))
    },
  }))

  switch (reply.kind) {
    case 'result': {
      const body = Buffer.from(line({ result: reply.value ?? null }))
      if (!res.headersSent) res.writeHead(200, { 'content-type': NDJSON, 'content-length': body.length })
      res.end(body)
      return
    }
    case 'items':
      head(NDJSON)
      for await (const item of interruptible(reply.items, signal)) await write(res, line({ item: item ?? null }), signal)
      res.end(line({ end: true }))
      return
    case 'bytes':
      if (res.headersSent) throw new AppError('WRONG_ANSWER', 'the method answers with bytes', { exit: 'usage', hints: [`ask with 'accept: ${OCTETS}'`] })
      for await (const chunk of interruptible(reply.source, signal)) {
        if (chunk.length === 0) continue
        head(OCTETS) // not before: what fails up to here can still be told in words
        await write(res, chunk, signal)
      }
      head(OCTETS)
      res.end()
  }
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

async function write (res: ServerResponse, data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  if (res.write(data)) return
  await orAborted(signal, new Promise<void>(resolve => { res.once('drain', resolve) }))
}

/** Settles with the promise, or rejects as soon as the signal aborts: a handler that ignores its signal holds nothing up. */
async function orAborted<T> (signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let stop!: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => { reject(signal.reason as Error) }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
  aborted.catch(() => {})
  try {
    return await Promise.race([promise, aborted])
  } catch (e) {
    promise.catch(() => {})
    throw e
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The same items, until the signal aborts; the source is told to stop, but not waited for. */
async function * interruptible<T> (source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let finished = false
  try {
    for (;;) {
      const next = await orAborted(signal, iterator.next())
      if (next.done === true) { finished = true; return }
      yield next.value
    }
  } finally {
    if (!finished) iterator.return?.().then(() => {}, () => {})
  }
}

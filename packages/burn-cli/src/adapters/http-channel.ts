import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'

/**
 * One HTTP exchange as a channel: the body is what the peer says, the response what we say. The status goes out with the first bytes.
 * @param maxBytes of the body, all in all
 */
export function httpChannel (request: IncomingMessage, response: ServerResponse, maxBytes: number): ByteChannel {
  const abort = (): void => { response.destroy(); request.destroy() } // a reason would come back as an uncaught error
  return {
    remotePeer: request.socket.remoteAddress ?? '',
    source: limited(request, maxBytes),
    async write (bytes, signal) {
      if (response.destroyed) throw gone()
      if (!response.write(bytes)) await drained(response, signal)
    },
    async closeWrite () { response.end() },
    abort,
    async [Symbol.asyncDispose] () { if (!response.writableEnded) abort() },
  }
}

async function * limited (request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw new AppError('BODY_TOO_LARGE', `the body has over ${maxBytes} bytes`, { exit: 'refused' })
    yield chunk
  }
}

/** Resolves when the socket takes more. A client that hangs up never drains. */
async function drained (response: ServerResponse, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      response.off('drain', onDrain)
      response.off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    const onDrain = settle(resolve)
    const onClose = settle(() => { reject(gone()) })
    const onAbort = settle(() => { reject(signal!.reason as Error) })
    response.once('drain', onDrain)
    response.once('close', onClose)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
  })
}

const gone = (): AppError => new AppError('PEER_HUNG_UP', 'the reader closed the connection', { exit: 'unreachable' })

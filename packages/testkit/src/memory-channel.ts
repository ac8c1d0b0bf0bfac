import '@ipkit/core/time/polyfill'
import '@ipkit/core/time/polyfill'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'

export interface Faults {
  /** Re-chunk every write to at most this many bytes: finds code that assumes one write is one read. */
  chunkBytes?: number
  /** Cut the link when side A has sent this many bytes and wants to send more. */
  cutAfterBytes?: number
  /** The same for side B. */
  cutAfterBytesFromB?: number
  /** The cut looks like an end without an error to both readers, as with a peer that stops gracefully. */
  cutGracefully?: boolean
  /** A write waits while this many bytes wait to be read; 1: the reader is slower than every writer. Default 1 MiB. */
  bufferBytes?: number
  /** Peer ids that the two sides see: what A calls B, what B calls A. */
  remotePeers?: readonly [string, string]
}

const BUFFER_BYTES = 1024 * 1024

class Pipe {
  readonly #bufferBytes: number
  #chunks: Uint8Array[] = []
  #queuedBytes = 0
  #done = false
  #error: Error | undefined
  readonly #waiting = new Set<() => void>()

  constructor (bufferBytes: number) { this.#bufferBytes = bufferBytes }

  get error (): Error | undefined { return this.#error }
  get done (): boolean { return this.#done }

  /** The bytes are handed over, not copied: a writer that changes them afterwards is found out. */
  async push (chunk: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (chunk.length > 0) this.#chunks.push(chunk)
    this.#queuedBytes += chunk.length
    this.#wake()
    while (this.#queuedBytes >= this.#bufferBytes && !this.#done) await this.#change(signal)
    if (this.#error !== undefined) throw this.#error
  }

  end (error?: Error): void {
    if (this.#done && error === undefined) return
    this.#done = true
    this.#error ??= error
    this.#wake()
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#chunks.shift()
      if (next !== undefined) {
        this.#queuedBytes -= next.length
        this.#wake()
        yield next
        continue
      }
      if (this.#error !== undefined) throw this.#error
      if (this.#done) return
      await this.#change()
    }
  }

  #wake (): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  async #change (signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => { reject(signal!.reason as Error) }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(resolve)
    try {
      await promise
    } finally {
      this.#waiting.delete(resolve)
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

/** Two connected channels in one process; no sockets, no timers, faults on demand. Side A comes first. */
export function memoryChannelPair (faults: Faults = {}): [ByteChannel, ByteChannel] {
  const aToB = new Pipe(faults.bufferBytes ?? BUFFER_BYTES)
  const bToA = new Pipe(faults.bufferBytes ?? BUFFER_BYTES)
  const [nameOfB, nameOfA] = faults.remotePeers ?? ['peer-b', 'peer-a']
  const cut = (): Error => {
    const error = new Error('link cut')
    aToB.end(faults.cutGracefully === true ? undefined : error)
    bToA.end(faults.cutGracefully === true ? undefined : error)
    return error
  }
  return [
    makeSide(nameOfB, aToB, bToA, faults.chunkBytes, faults.cutAfterBytes, cut),
    makeSide(nameOfA, bToA, aToB, faults.chunkBytes, faults.cutAfterBytesFromB, cut),
  ]
}

function makeSide (remotePeer: string, out: Pipe, source: Pipe, chunkBytes: number | undefined, cutAfterBytes: number | undefined, cut: () => Error): ByteChannel {
  let sentBytes = 0
  let writeClosed = false
  return {
    remotePeer,
    source,
    async write (bytes, signal) {
      signal?.throwIfAborted()
      if (out.error !== undefined) throw out.error
      if (writeClosed || out.done) throw new Error('write after the end')
      const size = chunkBytes ?? Math.max(1, bytes.length)
      for (let at = 0; at < bytes.length; at += size) {
        let piece = bytes.subarray(at, at + size)
        const room = cutAfterBytes === undefined ? Infinity : cutAfterBytes - sentBytes
        if (piece.length > room) piece = piece.subarray(0, room)
        sentBytes += piece.length
        if (piece.length > 0) {
          const pushed = out.push(piece, signal)
          if (sentBytes === cutAfterBytes) { pushed.catch(() => {}) } else { await pushed }
        }
        if (piece.length < Math.min(size, bytes.length - at)) throw cut()
      }
    },
    async closeWrite () {
      writeClosed = true
      out.end()
      if (out.error !== undefined) throw out.error
    },
    abort (reason) {
      out.end(reason)
      source.end(reason)
    },
    async [Symbol.asyncDispose] () {
      writeClosed = true
      out.end()
    },
  }
}

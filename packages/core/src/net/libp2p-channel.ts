/**
 * A libp2p 3 stream as a ByteChannel. The stream has traps, and each is answered here: its iterator misses an end that came early
 * and has no backpressure; `onDrain()` works once; an unpaused stream without a listener is aborted at 4 MiB; a `pause()` inside
 * the dispatch that `resume()` triggers is undone; a lost connection looks like a close without an error.
 */
import '../time/polyfill.ts'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { AppError } from '../errors/app-error.ts'
import type { ByteChannel } from './byte-channel.ts'
import { LINGER_MS, READ_BUFFER_BYTES, WRITE_PIECE_BYTES } from './limits.ts'

/**
 * @param stream just opened or accepted, nothing read from it, no listener on it
 * @param relayed the connection goes through a relay that limits it
 */
export function libp2pChannel (stream: Stream, remotePeer: string, relayed = false): ByteChannel {
  return new Libp2pChannel(stream, remotePeer, relayed)
}

class Libp2pChannel implements ByteChannel {
  readonly remotePeer: string
  readonly source: AsyncIterable<Uint8Array>
  readonly #stream: Stream
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #peerClosed: boolean
  #failure: Error | undefined
  #wakeReader = (): void => {}
  /** The write under way; the next one starts when it is over. */
  #lastWrite: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  readonly #hungUp: (cause?: unknown) => AppError

  constructor (stream: Stream, remotePeer: string, relayed: boolean) {
    this.#hungUp = relayed ? relayHungUp : hungUp
    this.#stream = stream
    this.remotePeer = remotePeer
    this.source = { [Symbol.asyncIterator]: () => this.#read() }
    // Closed on both sides before we closed ours: the connection went, nobody ended anything.
    this.#peerClosed = stream.remoteWriteStatus === 'closed' && (stream.status === 'open' || stream.status === 'closing')
    if (!this.#peerClosed && stream.status !== 'open' && stream.status !== 'closing') this.#failure = this.#hungUp()
    if (stream.readStatus === 'readable') stream.pause() // until somebody reads
    stream.addEventListener('message', this.#onMessage)
    stream.addEventListener('remoteCloseWrite', this.#onRemoteCloseWrite)
    stream.addEventListener('close', this.#onClose)
  }

  readonly #onMessage = (event: StreamMessageEvent): void => {
    for (const chunk of event.data instanceof Uint8Array ? [event.data] : event.data) {
      this.#queue.push(chunk)
      this.#queuedBytes += chunk.length
    }
    // In a microtask: resume() finishes its own dispatch first and would undo a pause() made inside it.
    queueMicrotask(() => {
      if (this.#queuedBytes >= READ_BUFFER_BYTES && this.#stream.readStatus === 'readable') this.#stream.pause()
    })
    this.#wakeReader()
  }

  readonly #onRemoteCloseWrite = (): void => {
    this.#peerClosed = true
    this.#wakeReader()
  }

  readonly #onClose = (event: StreamCloseEvent): void => {
    if (this.#failure === undefined && (event.error !== undefined || !this.#peerClosed)) this.#failure = this.#hungUp(event.error)
    this.#wakeReader()
  }

  async * #read (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#queue.shift()
      if (next !== undefined) {
        this.#queuedBytes -= next.length
        yield next
        continue
      }
      if (this.#failure !== undefined) throw this.#failure
      this.#resume()
      if (this.#queue.length > 0) continue
      // The state, not the 'end' event: that one may have come before anybody listened.
      if (this.#peerClosed && this.#stream.readBufferLength === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wakeReader = resolve
      await promise
    }
  }

  #resume (): void {
    if (this.#stream.readStatus !== 'paused') return
    try {
      this.#stream.resume()
    } catch { /* the connection is gone; what was buffered has been dispatched, and 'close' tells the rest */ }
  }

  async write (bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const write = this.#lastWrite.then(async () => { await this.#writeNow(bytes, signal) })
    this.#lastWrite = write.catch(() => {})
    await write
  }

  async #writeNow (bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    for (let at = 0; at < bytes.length; at += WRITE_PIECE_BYTES) {
      signal?.throwIfAborted()
      this.#checkWritable()
      let more: boolean
      try {
        more = this.#stream.send(bytes.subarray(at, at + WRITE_PIECE_BYTES))
      } catch (e) {
        throw this.#failure ?? this.#hungUp(e)
      }
      if (!more) await this.#drained(signal)
    }
  }

  #checkWritable (): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#closing !== undefined) throw new Error('write after closeWrite')
  }

  /** Again and again until the transport can take more: one 'drain' may be used up by what is queued already. */
  async #drained (signal: AbortSignal | undefined): Promise<void> {
    const stream = this.#stream
    while (this.#failure === undefined && stream.writableNeedsDrain) {
      if (isOver(stream)) throw this.#hungUp() // the peer had closed its side and then went: 'close' came without an error
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onDrain = (): void => { resolve() }
      const onAbort = (): void => { reject(signal!.reason as Error) }
      stream.addEventListener('drain', onDrain)
      stream.addEventListener('close', onDrain)
      signal?.addEventListener('abort', onAbort)
      try {
        await promise
      } finally {
        stream.removeEventListener('drain', onDrain)
        stream.removeEventListener('close', onDrain)
        signal?.removeEventListener('abort', onAbort)
      }
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async closeWrite (): Promise<void> {
    this.#closing ??= this.#lastWrite.then(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        await this.#stream.close()
      } catch (e) {
        throw this.#failure ?? this.#hungUp(e)
      }
    })
    await this.#closing
  }

  abort (reason: Error): void {
    this.#failure ??= reason
    this.#queue = []
    this.#queuedBytes = 0
    this.#stream.abort(reason)
    this.#wakeReader()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    // A reset right after the last byte could overtake it, so the peer gets a moment to close its side; what it still sends is dropped.
    const linger = setTimeout(() => { this.abort(this.#hungUp()) }, LINGER_MS)
    linger.unref()
    this.#stream.addEventListener('close', () => { clearTimeout(linger) })
    await this.closeWrite().catch(() => {})
    if (this.#failure !== undefined || isOver(this.#stream)) {
      clearTimeout(linger)
      return
    }
    this.#stream.removeEventListener('message', this.#onMessage)
    this.#stream.addEventListener('message', () => {})
    this.#queue = []
    this.#queuedBytes = 0
    this.#resume()
  }
}

const isOver = (stream: Stream): boolean => stream.status !== 'open' && stream.status !== 'closing'

function relayHungUp (cause?: unknown): AppError {
  return new AppError('RELAY_HUNG_UP', 'the connection through the relay broke off', {
    exit: 'unreachable', hints: ['relays carry little, often 128 KiB and 2 minutes: for more, ask for an address without a relay', 'try again; what is done so far can be resumed'], cause,
  })
}

function hungUp (cause?: unknown): AppError {
  return new AppError('PEER_HUNG_UP', 'the connection to the peer broke off', {
    exit: 'unreachable', hints: ['try again; what is done so far can be resumed'], cause,
  })
}

/**
 * One HTTP/1.1 connection to the node's socket, as much of RFC 9112 as this client needs: one request at a time, bodies with a length
 * or chunked, kept open between requests. node:http would do it too, but loading and warming it costs every command 10 ms.
 */
import { connect, type Socket } from 'node:net'
import { AppError } from '../errors/app-error.ts'

const MAX_HEAD_BYTES = 16 * 1024
/** Received and not yet read; then the socket is paused. */
const MAX_QUEUED_BYTES = 256 * 1024
const READ_BYTES = 64 * 1024
const CRLF = Buffer.from('\r\n')

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly accept: string
  /** More header lines, each with its end. */
  readonly headers?: string
  /** The body, or its beginning when there is an upload. */
  readonly head: Uint8Array
  readonly upload?: AsyncIterable<Uint8Array> | undefined
  /** How long nothing may come until the head of the answer is here; undefined: for ever. */
  readonly patienceMs?: number | undefined
  /** Asked after that time whether to wait on, without end; what it throws ends the connection. Absent: ETIMEDOUT. */
  readonly onSilence?: (() => Promise<void>) | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  /** To be read to its end, or the connection to be destroyed. Throws when the connection is cut before the end. */
  readonly body: AsyncIterable<Uint8Array>
}

export class HttpConnection {
  readonly #socket: Socket
  readonly #queue: Buffer[] = []
  #queuedBytes = 0
  #paused = false
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined
  #onSilence = noAnswer
  #sent = false
  #answered = false

  constructor (address: string) {
    const settle = (): void => { this.#wake?.() }
    // Past node's readable streams, whose first read costs a millisecond.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (sizeBytes: number): boolean => {
      this.#queue.push(Buffer.from(buffer.subarray(0, sizeBytes)))
      this.#queuedBytes += sizeBytes
      this.#paused = this.#queuedBytes > MAX_QUEUED_BYTES
      settle()
      return !this.#paused
    }
    this.#socket = connect({ path: address, onread: { buffer, callback } })
    this.#socket
      .on('error', e => { this.#error ??= e; settle() })
      .on('timeout', () => { this.#onSilence().catch((e: unknown) => { this.destroy(e as Error) }) })
      .on('close', () => { this.#ended = true; settle() })
  }

  /** The whole request went out and the whole answer came in: the next request may go. */
  get isFree (): boolean { return this.#sent && this.#answered && !this.#ended && this.#queuedBytes === 0 && !this.#socket.destroyed }

  /** A kept connection does not keep the process alive. */
  rest (): void { this.#socket.unref() }

  destroy (reason?: Error): void { this.#error ??= reason; this.#socket.destroy() }

  /**
   * Sends a request and reads the head of its answer, which may come before the upload is over.
   * @throws what connecting throws (ENOENT, ECONNREFUSED, EACCES), what the upload throws, ECONNRESET, ETIMEDOUT, AppError BAD_ANSWER
   */
  async request (request: HttpRequest): Promise<HttpAnswer> {
    const { upload, head, patienceMs, onSilence = noAnswer, headers = '' } = request
    this.#sent = this.#answered = false
    this.#onSilence = onSilence
    this.#socket.ref()
    const length = upload === undefined ? `content-length: ${head.length}` : 'transfer-encoding: chunked'
    const text = `${request.method} ${request.path} HTTP/1.1\r\nhost: ipkit\r\naccept: ${request.accept}\r\ncontent-type: application/x-ndjson\r\n${headers}${length}\r\n\r\n`
    if (upload === undefined) {
      this.#socket.write(Buffer.concat([Buffer.from(text), head]))
      this.#sent = true
    } else {
      this.#socket.write(text)
      this.#send(head, upload).catch((e: unknown) => { this.destroy(e as Error) })
    }
    if (patienceMs === undefined) return await this.#readAnswer()
    this.#socket.setTimeout(patienceMs)
    const answer = await this.#readAnswer()
    this.#socket.setTimeout(0)
    return answer
  }

  /**
   * Streams the upload as fast as the node takes it. Stops, and tells the source so, when the connection is over. No Promise.race with
   * one long-lived promise: that would hold every piece of the upload until the end.
   */
  async #send (head: Uint8Array, upload: AsyncIterable<Uint8Array>): Promise<void> {
    const source = upload[Symbol.asyncIterator]()
    const socket = this.#socket
    let wake: (() => void) | undefined
    let over = false
    const onDrain = (): void => { wake?.() }
    const onClose = (): void => {
      over = true
      wake?.()
      source.return?.().then(() => {}, () => {}) // not waited for: it may hang in a read of its own
    }
    socket.on('drain', onDrain).once('close', onClose)
    try {
      for (let next: IteratorResult<Uint8Array> = { value: head }; next.done !== true; next = await source.next()) {
        if (over || socket.destroyed) return
        if (next.value.length > 0 && !this.#writeChunk(next.value)) await new Promise<void>(resolve => { wake = resolve })
      }
      if (over || socket.destroyed) return
      socket.write('0\r\n\r\n')
      this.#sent = true
    } finally {
      socket.off('drain', onDrain).off('close', onClose)
    }
  }

  #writeChunk (bytes: Uint8Array): boolean {
    this.#socket.cork()
    this.#socket.write(`${bytes.length.toString(16)}\r\n`)
    this.#socket.write(bytes)
    const more = this.#socket.write(CRLF)
    this.#socket.uncork()
    return more
  }

  async #readAnswer (): Promise<HttpAnswer> {
    const [statusLine = '', ...lines] = (await this.#readUntil('\r\n\r\n')).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})(?: |$)/.exec(statusLine)?.[1])
    if (!(status >= 200)) throw badAnswer('no HTTP')
    const headers = new Map(lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }))
    const closes = headers.get('connection')?.toLowerCase() === 'close'
    const lengthText = headers.get('content-length')
    const chunked = headers.get('transfer-encoding')?.toLowerCase() === 'chunked'
    if (!chunked && !/^\d{1,15}$/.test(lengthText ?? '')) throw badAnswer('a body of unknown length')
    return { status, contentType: headers.get('content-type') ?? '', body: this.#readBody(chunked ? undefined : Number(lengthText), closes) }
  }

  async * #readBody (lengthBytes: number | undefined, closes: boolean): AsyncGenerator<Uint8Array> {
    if (lengthBytes !== undefined) yield * this.#readExactly(lengthBytes)
    else {
      for (;;) {
        const size = await this.#readUntil('\r\n')
        if (!/^[0-9a-f]{1,8}$/i.test(size)) throw badAnswer('a bad chunk')
        if (Number.parseInt(size, 16) === 0) break
        yield * this.#readExactly(Number.parseInt(size, 16))
        if (await this.#readUntil('\r\n') !== '') throw badAnswer('a bad chunk')
      }
      while (await this.#readUntil('\r\n') !== '') { /* trailers */ }
    }
    this.#answered = !closes
  }

  async * #readExactly (sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let left = sizeBytes; left > 0;) {
      const part = await this.#take(left)
      left -= part.length
      yield part
    }
  }

  /** Text up to a mark, which is taken too. Heads and chunk sizes are short, so what is searched twice does not matter. */
  async #readUntil (mark: string): Promise<string> {
    let held: Buffer = Buffer.alloc(0)
    for (;;) {
      const part = await this.#take(MAX_HEAD_BYTES)
      held = held.length === 0 ? part : Buffer.concat([held, part])
      const end = held.indexOf(mark)
      if (end !== -1) {
        const rest = held.subarray(end + mark.length)
        if (rest.length > 0) { this.#queue.unshift(rest); this.#queuedBytes += rest.length }
        return held.toString('latin1', 0, end)
      }
      if (held.length > MAX_HEAD_BYTES) throw badAnswer('a head over 16 KiB')
    }
  }

  /** From 1 to `maxBytes` bytes, as soon as there are any. @throws when the connection is over */
  async #take (maxBytes: number): Promise<Buffer> {
    while (this.#queue.length === 0) {
      if (this.#error !== undefined) throw this.#error
      if (this.#ended) throw Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' })
      await new Promise<void>(resolve => { this.#wake = resolve })
    }
    const chunk = this.#queue.shift()!
    const part = chunk.subarray(0, maxBytes)
    if (part.length < chunk.length) this.#queue.unshift(chunk.subarray(part.length))
    this.#queuedBytes -= part.length
    if (this.#paused && this.#queuedBytes <= MAX_QUEUED_BYTES) {
      this.#paused = false
      this.#socket.resume()
    }
    return part
  }
}

const noAnswer = async (): Promise<void> => { throw Object.assign(new Error('no answer came'), { code: 'ETIMEDOUT' }) }

export function badAnswer (what: string): AppError {
  return new AppError('BAD_ANSWER', `the node's answer was not understood: ${what}`, { hints: ["the node may be of another version: 'ipkit restart'"] })
}

/**
 * The other end of rpc-server.ts. It knows one socket; finding or starting a node is open-node.ts. Every command pays for what is
 * imported here.
 */
import { AppError, isAppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'
import { fromRemoteError } from '../errors/remote-error.ts'
import { check, type Schema } from '../schema/schema.ts'
import { HttpConnection, badAnswer, type HttpAnswer } from './http-connection.ts'
import { readLines } from './lines.ts'
import type { CallOptions, NodeDoor } from './node-door.ts'
import { CALL_PREFIX, DRAIN_PATH, HELLO_PATH, MAX_LINE_BYTES, MAX_PARAMS_BYTES, NDJSON, OCTETS, drainReplySchema, helloSchema, needsLines, readEvent, type CallNeeds, type DrainReply, type Hello, type RpcEvent } from './rpc-wire.ts'

/** A call that no hello went before. */
export interface AheadOptions extends CallOptions {
  readonly needs?: CallNeeds
  /** After so long without the head of an answer the node is asked for its hello, which has as long; one that gives it is waited for. undefined: it is waited for. */
  readonly patienceMs?: number
}

export interface RpcClientOptions {
  /** Called before every new connection: checks what is on disk and names the address. @throws AppError when it is not safe */
  readonly address: () => string
  /** Called by `close`. */
  readonly release?: () => void
}

/** Connections that are kept for the next call. */
const MAX_KEPT = 4
/** What connecting says when there is nobody, or somebody else's socket: for the caller to tell apart. */
const CONNECT_CODES = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES', 'EPERM', 'ETIMEDOUT'])

export class RpcClient implements NodeDoor {
  readonly #options: RpcClientOptions
  #kept: HttpConnection[] = []

  constructor (options: RpcClientOptions) { this.#options = options }

  /**
   * @throws error with code ENOENT or ECONNREFUSED when nobody listens, ETIMEDOUT when nothing comes for `patienceMs`; AppError BAD_ANSWER
   * when it is no node of ours
   */
  async hello ({ signal, patienceMs }: { readonly signal?: AbortSignal | undefined, readonly patienceMs?: number | undefined } = {}): Promise<Hello> {
    return await this.#document('GET', HELLO_PATH, undefined, helloSchema, signal, patienceMs)
  }

  /** Asks the node to finish what it does and leave. With `ifIdle` it stays when it is in use. */
  async drain (ask: { readonly ifIdle: boolean }, signal?: AbortSignal): Promise<DrainReply> { return await this.#document('POST', DRAIN_PATH, ask, drainReplySchema, signal) }

  async call (method: string, params: unknown, options: AheadOptions = {}): Promise<unknown> {
    let result: { readonly value: unknown } | undefined
    // Read to the end, not only to the result: then the connection can be kept for the next call.
    for await (const event of this.#events(method, params, options)) {
      if (event.kind === 'result') result = event
      else throw badAnswer(`${method} answered with a list`)
    }
    if (result === undefined) throw badAnswer(`${method} ended without a result`)
    return result.value
  }

  async * list (method: string, params: unknown, options: AheadOptions = {}): AsyncGenerator<unknown> {
    let ended = false
    for await (const event of this.#events(method, params, options)) {
      if (event.kind === 'end') ended = true
      else if (event.kind === 'item') yield event.value
      else throw badAnswer(`${method} answered with one result`)
    }
    if (!ended) throw badAnswer(`${method} ended without its end`)
  }

  async * bytes (method: string, params: unknown, options: CallOptions = {}): AsyncGenerator<Uint8Array> {
    yield * this.#exchange(method, params, options, OCTETS, async function * (answer) {
      if (answer.contentType === OCTETS) { yield * answer.body; return }
      for await (const text of readLines(answer.body, MAX_LINE_BYTES)) {
        const event = readEvent(text)
        if (event.kind === 'error') throw remoteError(event.value)
        if (event.kind !== 'progress') break
      }
      throw badAnswer(`${method} did not answer with bytes`)
    })
  }

  /** Closes kept connections. */
  close (): void {
    for (const connection of this.#kept) connection.destroy()
    this.#kept = []
    this.#options.release?.()
  }

  #events (method: string, params: unknown, options: AheadOptions): AsyncGenerator<Exclude<RpcEvent, { kind: 'progress' | 'error' }>> {
    return this.#exchange(method, params, options, NDJSON, async function * (answer) {
      for await (const text of readLines(answer.body, MAX_LINE_BYTES)) {
        const event = readEvent(text)
        if (event.kind === 'error') throw remoteError(event.value)
        if (event.kind === 'progress') options.onProgress?.(event.event)
        else yield event as Exclude<RpcEvent, { kind: 'progress' | 'error' }>
      }
    })
  }

  /** One call: sends it, and reads its answer. Leaving early closes the connection, which cancels the call. */
  async * #exchange<T> (method: string, params: unknown, options: AheadOptions, accept: string, read: (answer: HttpAnswer) => AsyncGenerator<T>): AsyncGenerator<T> {
    const { signal, upload, needs, patienceMs } = options
    signal?.throwIfAborted()
    const head = Buffer.from(`${JSON.stringify(params ?? {})}\n`)
    if (head.length > MAX_PARAMS_BYTES) throw new AppError('PARAMS_TOO_LARGE', `params of ${head.length} bytes are over the limit of ${MAX_PARAMS_BYTES}`, { exit: 'usage' })
    const connection = this.#connection()
    const abort = (): void => { connection.destroy() }
    signal?.addEventListener('abort', abort, { once: true })
    let uploadError: { readonly error: unknown } | undefined
    try {
      const answer = await connection.request({ method: 'POST', path: CALL_PREFIX + method, accept, headers: needs === undefined ? '' : needsLines(needs), patienceMs, onSilence: async () => { await this.hello({ patienceMs, signal }) }, head, upload: upload === undefined ? undefined : remember(upload, error => { uploadError = { error } }) })
      yield * read(answer)
    } catch (e) {
      if (signal?.aborted === true) throw signal.reason
      if (uploadError !== undefined) throw uploadError.error
      if (isAppError(e)) throw e
      throw new AppError('NODE_CONNECTION_LOST', `the node went away during ${method} (${codeOf(e) ?? messageOf(e)})`, { exit: 'unreachable', cause: e, hints: ['run the command again', "see why in its log: 'ipkit logs'"] })
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#keep(connection)
    }
  }

  async #document<T> (method: 'GET' | 'POST', path: string, body: unknown, schema: Schema<T>, signal?: AbortSignal, patienceMs?: number): Promise<T> {
    signal?.throwIfAborted()
    const connection = this.#connection()
    const abort = (): void => { connection.destroy() }
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const answer = await connection.request({ method, path, accept: 'application/json', patienceMs, head: body === undefined ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify(body)}\n`) })
      let text = ''
      for await (const line of readLines(answer.body, MAX_LINE_BYTES)) text += line
      if (answer.status === 200) return check(schema, JSON.parse(text), 'the answer', 'BAD_ANSWER')
      const event = readEvent(text)
      throw event.kind === 'error' ? remoteError(event.value) : badAnswer(`status ${answer.status}`)
    } catch (e) {
      if (signal?.aborted === true) throw signal.reason
      throw isAppError(e) || CONNECT_CODES.has(codeOf(e) ?? '') ? e : badAnswer(messageOf(e))
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#keep(connection)
    }
  }

  #connection (): HttpConnection {
    for (let kept = this.#kept.pop(); kept !== undefined; kept = this.#kept.pop()) if (kept.isFree) return kept
    return new HttpConnection(this.#options.address())
  }

  #keep (connection: HttpConnection): void {
    if (!connection.isFree || this.#kept.length >= MAX_KEPT) { connection.destroy(); return }
    connection.rest()
    this.#kept.push(connection)
  }
}

/** The upload's own error is what the user is told, not the broken connection that follows from it. */
async function * remember (upload: AsyncIterable<Uint8Array>, onError: (e: unknown) => void): AsyncGenerator<Uint8Array> {
  try {
    yield * upload
  } catch (e) {
    onError(e)
    throw e
  }
}

function remoteError (value: unknown): AppError {
  try { return fromRemoteError(value) } catch { return badAnswer('an error in a form this version does not know') }
}

/**
 * The node's RPC: HTTP/1.1 over a unix socket, one request a call. Spec: docs/protocols/daemon-rpc.md. It knows no method by name;
 * it counts calls, streams both ways with backpressure, and turns a client's disconnect into an aborted signal.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, isAppError } from '../errors/app-error.ts'
import { toRemoteError } from '../errors/remote-error.ts'
import { check } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import { splitFirstLine } from './lines.ts'
import { answer } from './rpc-answer.ts'
import { CALL_PREFIX, DRAIN_PATH, HELLO_PATH, LINGER_MS, MAX_CONNECTIONS, MAX_PARAMS_BYTES, METHOD_PATTERN, NDJSON, PARAMS_TIMEOUT_MS, STATUS, drainAskSchema, meetsNeeds, type DrainReply, type Hello } from './rpc-wire.ts'
import type { RpcHandler, ServiceLog } from './service.ts'

export interface RpcServerDeps {
  readonly lookup: (method: string) => RpcHandler | undefined
  readonly hello: () => Hello
  readonly drain: (ask: { ifIdle: boolean }) => DrainReply
  /** A call's answer is out, or its client is gone. */
  readonly onCallEnd?: () => void
  readonly clock: Clock
  readonly log: ServiceLog
}

export class RpcServer {
  readonly #deps: RpcServerDeps
  readonly #http: Server
  readonly #calls = new Set<AbortController>()
  readonly #sockets = new Set<Socket>()
  #lastUseMs: number
  #refusal: AppError | undefined
  #closing = false

  constructor (deps: RpcServerDeps) {
    this.#deps = deps
    this.#lastUseMs = deps.clock.now()
    // An upload may rightly take hours, so only the headers have a time limit.
    this.#http = createServer({ requestTimeout: 0, headersTimeout: 10_000, connectionsCheckingInterval: 5_000, keepAliveTimeout: 60_000 }, (req, res) => { void this.#serve(req, res) })
    this.#http.maxConnections = MAX_CONNECTIONS
    this.#http.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => { this.#sockets.delete(socket) })
    })
  }

  /** Calls in progress. */
  get calls (): number { return this.#calls.size }
  /** When a client last asked for anything. */
  get lastUseMs (): number { return this.#calls.size > 0 ? this.#deps.clock.now() : this.#lastUseMs }

  /** @param address a path that fits the kernel's limit @throws what bind throws (EADDRINUSE, EACCES) */
  async listen (address: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(address, () => { this.#http.off('error', reject); resolve() })
    })
    this.#http.on('error', e => { this.#deps.log.error('the RPC socket failed', { error: String(e) }) })
  }

  /** From now on every new call is answered with `why`; calls in progress go on. */
  refuse (why: AppError): void { this.#refusal ??= why }

  /** Takes no more connections, aborts what runs and resolves when the last answer is out or `graceMs` is over. */
  async close (why: AppError, graceMs: number): Promise<void> {
    this.refuse(why)
    this.#closing = true
    const closed = new Promise<void>(resolve => { this.#http.close(() => { resolve() }) })
    for (const call of this.#calls) call.abort(why)
    this.#http.closeIdleConnections()
    const over = new AbortController()
    await Promise.race([closed, this.#deps.clock.sleep(graceMs, over.signal).catch(() => {})])
    over.abort()
    // Not closeAllConnections: it forgets those whose client has closed its side.
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #serve (req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.sendDate = false
    if (this.#closing) res.shouldKeepAlive = false
    res.once('finish', () => { if (this.#closing) this.#http.closeIdleConnections() })
    res.on('error', () => {}) // a client that went away; its call is aborted by 'close'
    req.on('error', () => {})
    try {
      const path = req.url ?? ''
      this.#lastUseMs = this.#deps.clock.now()
      if (path === HELLO_PATH && req.method === 'GET') document(res, this.#deps.hello())
      else if (path === DRAIN_PATH && req.method === 'POST') document(res, this.#deps.drain(check(drainAskSchema, (await this.#readParams(req)).params, 'params')))
      else if (path.startsWith(CALL_PREFIX) && req.method === 'POST') await this.#serveCall(req, res, path.slice(CALL_PREFIX.length))
      else throw new AppError('NOT_FOUND', `there is nothing at ${req.method ?? ''} ${path.slice(0, 100)}`, { exit: 'notFound', hints: [`calls are POST ${CALL_PREFIX}<method>, versions GET ${HELLO_PATH}`] })
    } catch (e) {
      this.#fail(res, req.url ?? '', e)
    }
    this.#linger(req, res)
  }

  async #serveCall (req: IncomingMessage, res: ServerResponse, method: string): Promise<void> {
    if (!meetsNeeds(this.#deps.hello(), req.headers)) throw new AppError('HELLO_FIRST', `the node is not what this call needs; GET ${HELLO_PATH} says what it is`, { exit: 'busy' })
    const handler = METHOD_PATTERN.test(method) ? this.#deps.lookup(method) : undefined
    if (handler === undefined) throw new AppError('UNKNOWN_METHOD', `the node has no method ${method.slice(0, 100)}`, { exit: 'notFound', hints: ["'ipkit apps' lists what is loaded"] })
    if (this.#refusal !== undefined) throw this.#refusal
    const stop = new AbortController()
    const gone = (): void => { if (!res.writableFinished) stop.abort(clientGone()) }
    res.once('close', gone)
    this.#calls.add(stop)
    try {
      const { params, upload } = await this.#readParams(req)
      await answer(req, res, handler, params, upload, stop.signal)
    } catch (e) {
      if (isAppError(e) && e.code === 'CLIENT_GONE') res.destroy()
      else throw e
    } finally {
      this.#calls.delete(stop)
      this.#lastUseMs = this.#deps.clock.now()
      this.#deps.onCallEnd?.()
    }
  }

  async #readParams (req: IncomingMessage): Promise<{ params: unknown, upload: AsyncIterable<Uint8Array> }> {
    const inTime = new AbortController()
    const late = this.#deps.clock.sleep(PARAMS_TIMEOUT_MS, inTime.signal).then(
      () => { throw new AppError('PARAMS_LATE', `no whole params line within ${PARAMS_TIMEOUT_MS} ms`, { exit: 'timedOut' }) },
      () => new Promise<never>(() => {}),
    )
    // Not destroyed when the reader stops: the answer still has to go out on this connection.
    const source = (req.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Uint8Array>)
    try {
      const { line, rest } = await Promise.race([splitFirstLine(source, MAX_PARAMS_BYTES), late])
      return { params: line.trim() === '' ? {} : JSON.parse(line) as unknown, upload: untilGone(req, rest) }
    } catch (e) {
      if (isAppError(e)) throw e.code === 'LINE_TOO_LONG' ? new AppError('PARAMS_TOO_LARGE', `params are over the limit of ${MAX_PARAMS_BYTES} bytes`, { exit: 'usage' }) : e
      if (isGone(req)) throw clientGone()
      throw new AppError('BAD_PARAMS', 'params are not JSON', { exit: 'usage', hints: ['the request body is one line of JSON, then the upload if there is one'] })
    } finally {
      inTime.abort()
    }
  }

  #fail (res: ServerResponse, what: string, e: unknown): void {
    if (!isAppError(e)) this.#deps.log.error('a call failed unexpectedly', { call: what, error: e instanceof Error ? e.stack : String(e) })
    const error = toRemoteError(e)
    if (res.destroyed || res.writableEnded) return
    if (!res.headersSent) {
      res.writeHead(STATUS[error.exit], { 'content-type': NDJSON })
    } else if (res.getHeader('content-type') !== NDJSON) {
      res.destroy() // raw bytes have no place for an error: a cut connection is the error
      return
    }
    res.end(`${JSON.stringify({ error })}\n`)
  }

  /**
   * The rest of an unread upload is read and dropped for a while: closing a socket with unread bytes in it resets the connection,
   * and the client might lose the answer.
   */
  #linger (req: IncomingMessage, res: ServerResponse): void {
    if (req.complete || req.destroyed || res.destroyed) return
    req.on('data', () => {})
    req.removeAllListeners('readable') // the upload's iterator: with it, nothing would flow
    const done = new AbortController()
    const stop = (): void => { done.abort() }
    req.once('close', stop).once('end', stop).socket.once('close', stop)
    this.#deps.clock.sleep(LINGER_MS, done.signal).then(() => { req.destroy() }, () => {})
  }
}

const isGone = (req: IncomingMessage): boolean => req.destroyed && !req.complete
const clientGone = (): AppError => new AppError('CLIENT_GONE', 'the client closed the connection', { exit: 'interrupted' })

async function * untilGone (req: IncomingMessage, upload: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield * upload
  } catch (e) {
    throw isGone(req) ? clientGone() : e
  }
}

function document (res: ServerResponse, value: unknown): void {
  res.writeHead(200, { 'content-type': 'application/json' })
  res.end(`${JSON.stringify(value)}\n`)
}

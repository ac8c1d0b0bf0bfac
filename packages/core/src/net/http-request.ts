/** Requests over HTTP to servers that others run: redirects, proxies, silence. Spec: docs/protocols/network.md, "Asking over HTTP". */
import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as tlsConnect } from 'node:tls'
import { AppError, isAppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'
import { awaitPendingIo } from '../time/await-pending-io.ts'
import { HTTP_SILENCE_MS, MAX_HTTP_REDIRECTS } from './limits.ts'
import { hostOf, portOf, proxyRoute, type Environment } from './proxy-route.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface HttpOptions {
  /** Names the proxies. */
  readonly env: Environment
  /** Certificates to trust in place of node's, in PEM; for tests. */
  readonly trust?: string | undefined
  /** Of the whole exchange, the answer's last byte included. */
  readonly signal: AbortSignal
  /** Longest time without a byte. */
  readonly silenceMs?: number
}

/** `source` is read to its end or left by `break`, or `discard` is called: else the connection stays open. */
export interface HttpReply {
  readonly status: number
  /** Names in small letters; of a header that came several times as node has it. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Where the answer came from in the end. */
  readonly url: URL
  /** Where the request went before it was led there, in that order. */
  readonly redirectedBy: readonly URL[]
  /** Once. @throws AppError HTTP_UNREACHABLE when it breaks off or falls silent; the signal's reason */
  readonly source: AsyncIterable<Uint8Array>
  discard(): void
}

/**
 * Resolves with the head of the answer, whatever its status. A GET is led on by redirects.
 * @throws AppError HTTP_UNREACHABLE (exit unreachable), PROXY_INVALID (exit usage); the signal's reason
 */
export async function openHttp (request: HttpRequest, options: HttpOptions): Promise<HttpReply> {
  const redirectedBy: URL[] = []
  for (let { url } = request; ;) {
    const response = await sendOnce({ ...request, url }, options).catch((e: unknown) => { throw failure(url, e, options.signal) })
    const location = REDIRECTS.has(response.statusCode ?? 0) ? response.headers.location : undefined
    if (location === undefined || request.method !== 'GET') return reply(response, url, redirectedBy, options)
    response.destroy()
    if (redirectedBy.length === MAX_HTTP_REDIRECTS || !URL.canParse(location, url.href)) throw unreachable(url, new Error('it leads on and on'))
    const next = new URL(location, url)
    if (next.protocol !== url.protocol && next.protocol !== 'https:') throw unreachable(url, new Error(`it leads to ${next.protocol}//`))
    // Without TLS anything answers: what asks only this machine or this network (a printer, a router's page) is not to be asked by us at a stranger's word.
    if (next.protocol === 'http:' && next.origin !== url.origin) throw unreachable(url, new Error(`it leads to ${next.origin}`))
    redirectedBy.push(url)
    url = next
  }
}

/**
 * The whole of an answer that is small.
 * @param what names it, for the message: 'the list of versions'
 * @throws AppError HTTP_ANSWER_TOO_LARGE (exit refused); as `HttpReply.source`
 */
export async function readReply (reply: HttpReply, maxBytes: number, what = 'the answer'): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of reply.source) {
    parts.push(part)
    sizeBytes += part.length
    if (sizeBytes > maxBytes) throw new AppError('HTTP_ANSWER_TOO_LARGE', `${what} has over ${maxBytes} bytes`, { exit: 'refused' })
  }
  return new Uint8Array(Buffer.concat(parts))
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

async function sendOnce ({ url, method, headers, body }: HttpRequest, { env, trust, signal, silenceMs = HTTP_SILENCE_MS }: HttpOptions): Promise<IncomingMessage> {
  const proxy = proxyRoute(url, env)
  const common = { method, headers: { ...headers, host: url.host, ...body === undefined ? {} : { 'content-length': body.length } }, timeout: silenceMs, signal }
  const target = { ...common, host: hostOf(url), port: portOf(url), path: url.pathname + url.search }
  if (url.protocol === 'https:') {
    // Said here, NODE_TLS_REJECT_UNAUTHORIZED=0 does not change it: what comes over https is believed for its certificate.
    const tls = { rejectUnauthorized: true, ...trust === undefined ? {} : { ca: trust }, ...isIP(target.host) === 0 ? { servername: target.host } : {} }
    if (proxy === undefined) return await headOf(tlsRequest({ ...target, ...tls, agent: false }), body, silenceMs)
    const socket = await openTunnel(proxy, `${url.hostname}:${target.port}`, silenceMs, signal)
    // without an agent: one would connect by itself
    return await headOf(tlsRequest({ ...target, createConnection: () => tlsConnect({ ...tls, socket, host: target.host }) }), body, silenceMs)
  }
  if (proxy === undefined) return await headOf(plainRequest({ ...target, agent: false }), body, silenceMs)
  return await headOf(plainRequest({ ...common, ...throughProxy(proxy, common.headers), path: url.origin + target.path, agent: false }), body, silenceMs)
}

async function headOf (sent: ClientRequest, body: Uint8Array | undefined, silenceMs: number): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const onSilence = (): void => { sent.destroy(silence(silenceMs)) }
    sent.on('error', reject) // stays: one that comes after the head reaches the reader of the body
      .on('timeout', onSilence)
      .on('response', response => {
        sent.off('timeout', onSilence)
        resolve(response)
      })
    sent.end(body)
  })
}

function reply (response: IncomingMessage, url: URL, redirectedBy: readonly URL[], { signal, silenceMs = HTTP_SILENCE_MS }: HttpOptions): HttpReply {
  response.on('error', () => {}) // what the reader does not wait for is nobody's business; what it waits for, it gets
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    url,
    redirectedBy,
    source: bodyOf(response, url, signal, silenceMs),
    discard () { response.destroy() },
  }
}

async function * bodyOf (response: IncomingMessage, url: URL, signal: AbortSignal, silenceMs: number): AsyncGenerator<Uint8Array> {
  const { socket } = response
  let isReading = false
  /** A reader that takes its time, a full disk's say, is not the server's silence; nor is a process that stood still. */
  const onSilence = (): void => {
    const { bytesRead } = socket
    void awaitPendingIo().then(() => {
      if (isReading && socket.bytesRead === bytesRead) response.destroy(silence(silenceMs))
      else socket.setTimeout(silenceMs)
    })
  }
  socket.on('timeout', onSilence)
  try {
    isReading = true
    for await (const part of response as AsyncIterable<Uint8Array>) {
      isReading = false
      yield part
      isReading = true
    }
  } catch (e) {
    throw failure(url, e, signal)
  } finally {
    socket.off('timeout', onSilence)
    response.destroy()
  }
}

/** RFC 9110, 9.3.6. */
async function openTunnel (proxy: URL, authority: string, silenceMs: number, signal: AbortSignal): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    plainRequest({ ...throughProxy(proxy, { host: authority }), method: 'CONNECT', path: authority, agent: false, timeout: silenceMs, signal })
      .on('connect', (response, socket) => {
        if (response.statusCode === 200) { resolve(socket); return }
        socket.destroy()
        reject(new Error(`the proxy answers with status ${response.statusCode ?? 0}`))
      })
      .on('response', response => { response.destroy(); reject(new Error(`the proxy answers with status ${response.statusCode ?? 0}`)) })
      .on('timeout', function (this: ClientRequest) { this.destroy(silence(silenceMs)) })
      .on('error', reject)
      .end()
  })
}

function throughProxy (proxy: URL, headers: Readonly<Record<string, string | number>>): RequestOptions {
  const login = proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString('base64')}` }
  return { host: hostOf(proxy), port: portOf(proxy), headers: { ...headers, ...login } }
}

const silence = (ms: number): Error => new Error(`nothing for ${ms} ms`)

function failure (url: URL, e: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return isAppError(e) ? e : unreachable(url, e)
}

function unreachable (url: URL, e: unknown): AppError {
  const { errors } = (e ?? {}) as { errors?: unknown }
  const first: unknown = Array.isArray(errors) ? errors[0] : e // one for each address of a name
  const why = codeOf(first) ?? messageOf(first)
  return new AppError('HTTP_UNREACHABLE', `${url.origin} does not answer (${why})`, { exit: 'unreachable', hints: ['check that the address is right and its server running'], cause: e })
}

/** HTTP requests with small answers: limits, redirects, proxies. */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as tlsConnect } from 'node:tls'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { ANSWER_MS, MAX_HTTP_REDIRECTS } from '../domain/wire-limits.ts'
import { hostOf, portOf, proxyRoute, type Environment } from './proxy-route.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Of the answer. */
  readonly maxBytes: number
}

export interface HttpAnswer {
  readonly status: number
  /** In small letters and without parameters; '' where there is none. */
  readonly contentType: string
  /** Empty unless the status is 200. */
  readonly body: Uint8Array
}

export interface HttpClient {
  /** @throws AppError HTTP_UNREACHABLE, HTTP_ANSWER_TOO_LARGE, PROXY_INVALID; the signal's reason */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
}

/** @param trust certificates to trust besides those of node, in PEM; for tests */
export function httpClient (env: Environment, trust?: string): HttpClient {
  const ca = trust === undefined ? {} : { ca: trust }

  async function sendOnce (request: HttpRequest, signal: AbortSignal): Promise<{ answer: HttpAnswer, location: string | undefined }> {
    const { url, method, headers, body } = request
    const proxy = proxyRoute(url, env)
    const common = { method, headers: { ...headers, host: url.host, ...body === undefined ? {} : { 'content-length': body.length } }, timeout: ANSWER_MS, signal }
    const target = { ...common, host: hostOf(url), port: portOf(url), path: url.pathname + url.search }
    if (url.protocol === 'https:') {
      const tls = { ...ca, ...isIP(target.host) === 0 ? { servername: target.host } : {} }
      if (proxy === undefined) return await exchange(request, httpsRequest({ ...target, ...tls, agent: false }))
      const socket = await openTunnel(proxy, `${url.hostname}:${target.port}`, signal)
      // without an agent: one would connect by itself
      return await exchange(request, httpsRequest({ ...target, createConnection: () => tlsConnect({ ...tls, socket, host: target.host }) }))
    }
    if (proxy === undefined) return await exchange(request, httpRequest({ ...target, agent: false }))
    return await exchange(request, httpRequest({ ...common, ...throughProxy(proxy, common.headers), path: url.origin + target.path, agent: false }))
  }

  return {
    async send (request, signal) {
      let { url } = request
      for (let hop = 0; ; hop++) {
        const { answer, location } = await sendOnce({ ...request, url }, signal).catch((e: unknown) => {
          signal.throwIfAborted()
          throw isAppError(e) ? e : unreachable(url, e)
        })
        if (location === undefined || request.method !== 'GET') return answer
        if (hop === MAX_HTTP_REDIRECTS || !URL.canParse(location, url.href)) throw unreachable(url, new Error('it leads on and on'))
        const next = new URL(location, url)
        if (next.protocol !== url.protocol && next.protocol !== 'https:') throw unreachable(url, new Error(`it leads to ${next.protocol}//`))
        // Without TLS anything answers: what asks only this machine or this network (a printer, a router's page) is not to be asked by us at a stranger's word.
        if (next.protocol === 'http:' && next.origin !== url.origin) throw unreachable(url, new Error(`it leads to ${next.origin}`))
        url = next
      }
    },
  }
}

async function exchange ({ body, maxBytes }: HttpRequest, sent: ClientRequest): Promise<{ answer: HttpAnswer, location: string | undefined }> {
  return await new Promise((resolve, reject) => {
    sent.on('error', reject)
      .on('timeout', () => { sent.destroy(new Error(`nothing for ${ANSWER_MS} ms`)) })
      .on('response', (response: IncomingMessage) => {
        const status = response.statusCode ?? 0
        const contentType = (response.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
        const location = [301, 302, 303, 307, 308].includes(status) ? response.headers.location : undefined
        const parts: Uint8Array[] = []
        let sizeBytes = 0
        const finish = (): void => { resolve({ answer: { status, contentType, body: Uint8Array.from(Buffer.concat(parts)) }, location }) }
        response.on('error', reject)
        if (status !== 200) { finish(); response.destroy(); return }
        response.on('data', (part: Uint8Array) => {
          parts.push(part)
          sizeBytes += part.length
          if (sizeBytes > maxBytes) { reject(new AppError('HTTP_ANSWER_TOO_LARGE', `the answer has over ${maxBytes} bytes`, { exit: 'refused' })); sent.destroy() }
        }).on('end', finish)
      })
    sent.end(body)
  })
}

/** RFC 9110, 9.3.6. */
async function openTunnel (proxy: URL, authority: string, signal: AbortSignal): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    httpRequest({ ...throughProxy(proxy, { host: authority }), method: 'CONNECT', path: authority, agent: false, timeout: ANSWER_MS, signal })
      .on('connect', (response, socket) => {
        if (response.statusCode === 200) { resolve(socket); return }
        socket.destroy()
        reject(new Error(`the proxy answers with status ${response.statusCode ?? 0}`))
      })
      .on('response', response => { response.destroy(); reject(new Error(`the proxy answers with status ${response.statusCode ?? 0}`)) })
      .on('timeout', function (this: ClientRequest) { this.destroy(new Error(`nothing for ${ANSWER_MS} ms`)) })
      .on('error', reject)
      .end()
  })
}

function throughProxy (proxy: URL, headers: Readonly<Record<string, string | number>>): RequestOptions {
  const login = proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`).toString('base64')}` }
  return { host: hostOf(proxy), port: portOf(proxy), headers: { ...headers, ...login } }
}

function unreachable (url: URL, e: unknown): AppError {
  const { errors } = (e ?? {}) as { errors?: unknown }
  const first: unknown = Array.isArray(errors) ? errors[0] : e // one for each address of a name
  const why = codeOf(first) ?? messageOf(first)
  return new AppError('HTTP_UNREACHABLE', `${url.origin} does not answer (${why})`, { exit: 'unreachable', hints: ['check that the address is right and its server running'], cause: e })
}

/** The page and the conversation over HTTP. Spec: docs/protocols/burn.md, "Over HTTP"; docs/decisions/0020-web-page.md. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { addressGroup, isLoopback } from '@ipkit/core/net/address-group'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { OpenCount } from '@ipkit/core/net/open-count'
import { refuseRequest } from '@ipkit/core/net/refuse-request'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { MAX_STREAMS, MAX_STREAMS_PER_PEER, TRANSFER_MS } from '../domain/limits.ts'
import { httpChannel } from './http-channel.ts'
import type { WebPage } from './web-page.ts'
import { CONTENT_TYPE, isOurContentType, isOurOrigin } from './web-request-check.ts'

export const PAGE_PATH = '/burn/'
export const EXCHANGE_PATH = '/burn/v1'
/** Requests of one exchange, all frames. */
export const MAX_BODY_BYTES = 4096

export interface WebServerDeps {
  readonly page: WebPage
  readonly clock: Clock
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
  /** The sender's side of one exchange; `channel.remotePeer` is the address it comes from. Throws when the link failed or was too slow. */
  converse(channel: ByteChannel, signal: AbortSignal): Promise<void>
}

export type WebHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Only a POST to /burn/v1 reaches a message; whatever fetches, renders or previews an address gets the same page as everybody. The
 * listener in front of it answers for addresses and configured names only.
 */
export function webServer (deps: WebServerDeps): WebHandler {
  const running = new OpenCount() // exchanges at once, by address

  async function exchange (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.socket.remoteAddress ?? ''
    const group = addressGroup(address)
    // A reverse proxy brings everybody from one address of this machine.
    if (running.all >= MAX_STREAMS || (running.of(group) >= MAX_STREAMS_PER_PEER && !isLoopback(address))) { refuseRequest(response, 503, 'busy', { 'retry-after': '2' }); return }
    running.add(group)
    try {
      await converse(deps, request, response)
    } finally {
      running.remove(group)
    }
  }

  return async (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    response.setHeader('content-security-policy', deps.page.policy)
    const path = (request.url ?? '').split('?', 1)[0]
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (path === PAGE_PATH && reads) sendPage(deps.page, request, response)
    else if (path === '/burn' && reads) refuseRequest(response, 308, 'moved', { location: PAGE_PATH })
    else if (path === PAGE_PATH || path === '/burn') refuseRequest(response, 405, 'not allowed', { allow: 'GET, HEAD' })
    else if (path !== EXCHANGE_PATH) refuseRequest(response, 404, 'not found')
    else if (request.method !== 'POST') refuseRequest(response, 405, 'not allowed', { allow: 'POST' })
    else if (!isOurOrigin(request)) refuseRequest(response, 403, 'not from this page')
    else if (!isOurContentType(request)) refuseRequest(response, 415, `not ${CONTENT_TYPE}`)
    else if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) refuseRequest(response, 413, `over ${MAX_BODY_BYTES} bytes`)
    else await exchange(request, response)
  }
}

async function converse (deps: WebServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const channel = httpChannel(request, response, MAX_BODY_BYTES)
  const left = new AbortController()
  response.once('close', () => { left.abort(new Error('the reader went away')) })
  response.setHeader('content-type', CONTENT_TYPE)
  try {
    await deps.converse(channel, AbortSignal.any([left.signal, deps.signal]))
    if (!response.writableEnded) response.end()
    // What is still to be sent counts as part of the exchange: a client that does not take it in time is cut.
    if (!response.writableFinished && !response.destroyed) {
      await withDeadline(deps.clock, TRANSFER_MS, 'the end of the answer', Promise.race([once(response, 'finish'), once(response, 'close')]), deps.signal)
    }
  } catch {
    // A link that failed: whoever is at the other end asks again.
    channel.abort(new Error('the exchange failed'))
  }
}

function sendPage (page: WebPage, request: IncomingMessage, response: ServerResponse): void {
  const gzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(request.headers['accept-encoding'] ?? '')
  const body = gzip ? page.gzipped : page.html
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length, vary: 'accept-encoding', ...(gzip ? { 'content-encoding': 'gzip' } : {}) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** On every answer, also on refusals. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

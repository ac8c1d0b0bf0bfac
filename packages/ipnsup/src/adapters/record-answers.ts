/**
 * What is answered over HTTP: delegated routing for IPNS, and a trustless gateway's records. Spec: docs/protocols/ipnsup.md, "HTTP". No CORS headers: a
 * web page need not learn which names this node knows, nor put any.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isOwnHost } from '@ipkit/core/daemon/http-door'
import { isAppError } from '@ipkit/core/errors/app-error'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { decodeRecord, MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { addressGroup } from '@ipkit/core/net/address-group'
import { refuseRequest } from '@ipkit/core/net/refuse-request'
import type { Clock } from '@ipkit/core/time/clock'
import type { RecordDesk } from '../domain/exchange.ts'
import { refusalFor } from '../domain/peer-refusal.ts'
import { RECORD_TYPE } from '../domain/record-type.ts'
import { HTTP_DEFAULT_AGE_S, HTTP_RETRY_AFTER_S } from '../domain/wire-limits.ts'

export interface RecordAnswersDeps {
  readonly desk: RecordDesk
  readonly clock: Clock
  /** Told what the desk threw that is not the client's doing. */
  report(error: unknown): void
}

export type RecordHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Names for this machine that no web site can take for itself. */
const OWN_NAMES = ['localhost']
/** Browsers say so of requests that a page makes elsewhere. It reads no answer, but sees whether a frame or a download came of it, and so which names are known here. */
const FROM_A_PAGE: ReadonlySet<string | string[]> = new Set(['cross-site', 'same-site'])
const ROUTING = /^\/routing\/v1\/ipns\/([^/]+)$/
const GATEWAY = /^\/ipns\/([^/]+)$/
const NS_PER_S = 1_000_000_000n

export function recordAnswers (deps: RecordAnswersDeps): RecordHandler {
  return async (request, response) => {
    request.on('error', () => {})
    response.on('error', () => {}) // a client that went away
    for (const [header, value] of Object.entries(HEADERS)) response.setHeader(header, value)
    try {
      await answer(deps, request, response)
    } catch (e) {
      deps.report(e)
      if (response.headersSent) response.destroy()
      else refuseRequest(response, 500, 'the request failed')
    }
  }
}

async function answer (deps: RecordAnswersDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { path, query } = splitUrl(request.url ?? '')
  if (!isOwnHost(request.headers.host, OWN_NAMES)) { refuseRequest(response, 421, 'this server answers to its IP addresses only'); return }
  if (FROM_A_PAGE.has(request.headers['sec-fetch-site'] ?? '')) { refuseRequest(response, 403, 'web pages are not answered'); return }
  const routed = ROUTING.exec(path)?.[1]
  const gated = GATEWAY.exec(path)?.[1]
  if (routed === undefined && gated === undefined) { refuseRequest(response, path.startsWith('/routing/') ? 400 : 404, 'there is nothing here: see /routing/v1/ipns/<name> and /ipns/<name>?format=ipns-record'); return }
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (!reads && !(request.method === 'PUT' && routed !== undefined)) { refuseRequest(response, 501, 'not done here', { allow: routed === undefined ? 'GET, HEAD' : 'GET, HEAD, PUT' }); return }
  const name = readName(routed ?? gated!)
  if (name === undefined) { refuseRequest(response, 400, 'not an IPNS name'); return }
  if (!reads) { await take(deps, name, request, response); return }
  const unacceptable = routed !== undefined ? refuseRouted(request) : refuseGated(request, query)
  if (unacceptable === undefined) await give(deps, name, request, response, gated !== undefined)
  else refuseRequest(response, unacceptable, `ask for ${RECORD_TYPE}: in the header Accept${gated === undefined ? '' : ', or with ?format=ipns-record'}`)
}

// --- out ------------------------------------------------------------------------------------------------------------

async function give ({ desk, clock }: RecordAnswersDeps, name: IpnsName, request: IncomingMessage, response: ServerResponse, isDownload: boolean): Promise<void> {
  const bytes = await desk.lookup(name)
  const caching = bytes === undefined ? undefined : cacheHeaders(name, bytes, clock.now())
  if (bytes === undefined || caching === undefined) { refuseRequest(response, 404, 'no record of this name is known here'); return }
  const headers = { ...caching, vary: 'accept', ...isDownload ? { 'content-disposition': `attachment; filename="${name.text}.ipns-record"` } : {} }
  if (matches(request.headers['if-none-match'], caching.etag)) { response.writeHead(304, headers).end(); return }
  response.writeHead(200, { ...headers, 'content-type': RECORD_TYPE, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** Nobody may hold it for fresh, or answer with it for want of a fresher one, when it has expired. @returns undefined of one that has */
function cacheHeaders (name: IpnsName, bytes: Uint8Array, nowMs: number): { etag: string, expires: string, 'cache-control': string } | undefined {
  const { ttlNs, validity } = decodeRecord(name, bytes)
  const freshness = judgeFreshness(validity, nowMs)
  if (freshness.state === 'expired') return undefined
  const leftS = Math.floor(freshness.leftMs / 1000)
  const maxAgeS = Math.min(leftS, ttlNs === 0n ? HTTP_DEFAULT_AGE_S : Number(ttlNs / NS_PER_S))
  const staleS = leftS - maxAgeS // counted from the end of max-age on
  return {
    etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
    expires: new Date(nowMs + leftS * 1000).toUTCString(),
    'cache-control': `public, max-age=${maxAgeS}, stale-while-revalidate=${staleS}, stale-if-error=${staleS}`,
  }
}

/** RFC 9110, 13.1.2. */
function matches (header: string | undefined, etag: string): boolean {
  return header !== undefined && header.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}

/** Delegated routing has one type for records, so whoever names none gets that one. */
function refuseRouted ({ headers: { accept } }: IncomingMessage): 406 | undefined {
  return accept === undefined || [RECORD_TYPE, 'application/*', '*/*'].some(type => accepts(accept, type)) ? undefined : 406
}

/** A gateway has many: without a word it would be asked for what the name points to. */
function refuseGated ({ headers: { accept } }: IncomingMessage, query: URLSearchParams): 400 | 406 | undefined {
  const formats = query.getAll('format')
  if (formats.length > 0) return formats.every(format => format === 'ipns-record') ? undefined : 406
  return accept === undefined ? 400 : accepts(accept, RECORD_TYPE) ? undefined : 406
}

function accepts (header: string, type: string): boolean {
  return header.split(',').some(item => {
    const [name, ...parameters] = item.split(';').map(part => part.trim().toLowerCase())
    return name === type && !parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter))
  })
}

// --- in -------------------------------------------------------------------------------------------------------------

async function take ({ desk, report }: RecordAnswersDeps, name: IpnsName, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if ((request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase() !== RECORD_TYPE) { refuseRequest(response, 406, `send it with Content-Type: ${RECORD_TYPE}`); return }
  const record = await readBody(request)
  if (record === undefined) { refuseRequest(response, 413, `a record has ${MAX_RECORD_BYTES} bytes at most`); return }
  try {
    await desk.offer(name, record, addressGroup(request.socket.remoteAddress ?? ''))
  } catch (e) {
    const code = refusalFor(e)
    if (code === undefined) { report(e); refuseRequest(response, 500, 'the record could not be kept') }
    else if (code === 'too-many') refuseRequest(response, 429, 'too many records', { 'retry-after': `${HTTP_RETRY_AFTER_S}` })
    else refuseRequest(response, 400, isAppError(e) ? `${e.code}: ${WORDS[code]}` : WORDS[code])
    return
  }
  response.writeHead(200, { 'content-length': 0 }).end()
}

/** To a client go these words and the code, never a message of ours. */
const WORDS = { 'bad-record': 'not a record of this name', expired: 'it has expired, and none of this name was known' } as const

/** @returns undefined for more bytes than a record has */
async function readBody (request: IncomingMessage): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_RECORD_BYTES) return undefined
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length
    if (sizeBytes > MAX_RECORD_BYTES) return undefined
    parts.push(part)
  }
  return Uint8Array.from(Buffer.concat(parts))
}

// --- both -----------------------------------------------------------------------------------------------------------

function readName (text: string): IpnsName | undefined {
  try {
    return parseName(decodeURIComponent(text))
  } catch {
    return undefined // also what decodeURIComponent does not decode
  }
}

function splitUrl (url: string): { readonly path: string, readonly query: URLSearchParams } {
  const at = url.indexOf('?')
  return at < 0 ? { path: url, query: new URLSearchParams() } : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) }
}

/** On every answer; what may be cached says so itself. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

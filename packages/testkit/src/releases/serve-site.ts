import { createServer as createHttp, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DistSite } from './dist-site.ts'

/** How a server misbehaves for one request; nothing set: it does not. */
export interface Misbehaviour {
  readonly status?: number
  readonly redirectTo?: string
  readonly ignoreRange?: boolean
  /** Told in Content-Length, whatever follows. */
  readonly contentLength?: number
  /** The connection breaks after so many bytes of the body. */
  readonly cutAfter?: number
  /** Nothing more comes after so many bytes of the body; the connection stays. */
  readonly stallAfter?: number
  readonly bytesPerSecond?: number
  /** Headers come, then nothing. */
  readonly stall?: boolean
  readonly body?: Uint8Array
  /** Told in Content-Range, with the status and the whole body. */
  readonly contentRange?: string
}

export interface ServedSite extends AsyncDisposable {
  /** `https://localhost:<port>` or `http://127.0.0.1:<port>` */
  readonly url: string
  /** `GET /path`, with ` bytes=…` behind it where a range was asked for. */
  readonly requests: readonly string[]
  /** Bytes of bodies that were handed to the connections. */
  bytesSent (): number
  /** Open ones. */
  connections (): Promise<number>
  /** Of requests that come from now on. */
  misbehave (how: ((path: string, request: IncomingMessage) => Misbehaviour | undefined) | undefined): void
}

const PIECE_BYTES = 64 * 1024

/** Serves a dist tree on a free port of 127.0.0.1, over HTTPS where a certificate is given. */
export async function serveSite (site: DistSite, tls?: { readonly key: string, readonly cert: string }): Promise<ServedSite> {
  const requests: string[] = []
  let sent = 0
  let how: ((path: string, request: IncomingMessage) => Misbehaviour | undefined) | undefined
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { range } = request.headers
    const path = new URL(request.url ?? '/', 'http://site').pathname
    requests.push(`${request.method ?? ''} ${path}${range === undefined ? '' : ` ${range}`}`)
    const odd = how?.(path, request) ?? {}
    if (odd.redirectTo !== undefined) { response.writeHead(302, { location: odd.redirectTo }).end(); return }
    const whole = odd.body ?? site.files.get(path)
    if (odd.contentRange !== undefined) { response.writeHead(odd.status ?? 206, { 'content-range': odd.contentRange }).end(whole); return }
    if (odd.status !== undefined || whole === undefined) { response.writeHead(odd.status ?? 404).end('no\n'); return }
    const from = odd.ignoreRange === true ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
    if (from > 0 && from >= whole.length) { response.writeHead(416, { 'content-range': `bytes */${whole.length}` }).end(); return }
    const body = whole.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': odd.contentLength ?? body.length, ...from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {} })
    response.flushHeaders()
    if (odd.stall === true) return
    const end = Math.min(body.length, odd.cutAfter ?? Infinity, odd.stallAfter ?? Infinity)
    const pieceBytes = odd.bytesPerSecond === undefined ? PIECE_BYTES : Math.max(1, Math.ceil(odd.bytesPerSecond / 20))
    for (let at = 0; at < end && !response.destroyed; at += pieceBytes) {
      const piece = body.subarray(at, Math.min(end, at + pieceBytes))
      await new Promise<void>(resolve => { response.write(piece, () => { resolve() }) })
      sent += piece.length
      if (odd.bytesPerSecond !== undefined) await sleep(50)
    }
    if (odd.stallAfter !== undefined) return
    if (odd.cutAfter === undefined) response.end()
    else response.destroy()
  }
  const listener: RequestListener = (request, response) => { answer(request, response).catch(() => { response.destroy() }) }
  const server = tls === undefined ? createHttp(listener) : createHttps({ key: tls.key, cert: tls.cert }, listener)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', () => { resolve() }) })
  const { port } = server.address() as AddressInfo
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    requests,
    bytesSent: () => sent,
    connections: async () => await new Promise((resolve, reject) => { server.getConnections((e, count) => { if (e === null) resolve(count); else reject(e) }) }),
    misbehave (next) { how = next },
    async [Symbol.asyncDispose] () {
      server.closeAllConnections()
      await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    },
  }
}

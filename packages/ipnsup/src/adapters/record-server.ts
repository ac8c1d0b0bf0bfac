/** The HTTP listener of `ipnsup serve`: its own, since other clients ask at the root of an address. */
import { createServer, type Server } from 'node:http'
import { isIP, type Socket } from 'node:net'
import os from 'node:os'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { addressGroup, isLoopback } from '@ipkit/core/net/address-group'
import { OpenCount } from '@ipkit/core/net/open-count'
import { ownAddresses, type HostPort } from '@ipkit/core/net/own-addresses'
import { HTTP_HEADERS_MS, HTTP_IDLE_MS, HTTP_MAX_CONNECTIONS, HTTP_MAX_CONNECTIONS_PER_ADDRESS, HTTP_REQUEST_MS } from '../domain/wire-limits.ts'
import { recordAnswers, type RecordAnswersDeps } from './record-answers.ts'

export interface RecordServerDeps extends RecordAnswersDeps {
  /** For tests, which come from one address. */
  readonly addressOf?: (socket: Socket) => string
}

export interface RecordServer extends AsyncDisposable {
  /** `<ip>:<port>`, the port a real one: what to listen on the next time. */
  readonly listening: string
  /** Where others find it, loopback last; without a slash at the end. */
  urls(): string[]
}

/**
 * Listens when it resolves.
 * @param listen `<ip>:<port>`, IPv6 in brackets; port 0: any. 0.0.0.0 and [::] are all addresses of the machine
 * @throws AppError ADDRESS_INVALID, LISTEN_FAILED
 */
export async function openRecordServer (deps: RecordServerDeps, listen: string): Promise<RecordServer> {
  const { ip, port } = parseListen(listen)
  const handle = recordAnswers(deps)
  const server = createServer({ headersTimeout: HTTP_HEADERS_MS, requestTimeout: HTTP_REQUEST_MS, keepAliveTimeout: HTTP_HEADERS_MS }, (request, response) => { void handle(request, response) })
  server.maxConnections = HTTP_MAX_CONNECTIONS
  server.timeout = HTTP_IDLE_MS
  limitByAddress(server, deps.addressOf ?? (socket => socket.remoteAddress ?? ''))
  await new Promise<void>((resolve, reject) => {
    server.once('error', e => { reject(listenFailed(listen, e)) })
    server.listen({ host: ip, port, ipv6Only: isIP(ip) === 6 }, resolve)
  })
  server.on('error', e => { deps.report(e) })
  const bound = { ip, port: (server.address() as { port: number }).port }
  return {
    listening: hostPort(bound),
    urls: () => ownAddresses([bound], os.networkInterfaces()).map(address => `http://${hostPort(address)}`),
    async [Symbol.asyncDispose] () {
      const closed = new Promise<void>(resolve => { server.close(() => { resolve() }) })
      server.closeAllConnections()
      await closed
    },
  }
}

/** @throws AppError ADDRESS_INVALID */
export function parseListen (text: string): HostPort {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(0|[1-9][0-9]{0,4})$/.exec(text) ?? []
  const ip = bracketed ?? plain ?? ''
  if (isIP(ip) !== (bracketed === undefined ? 4 : 6) || Number(port) > 65535) {
    throw new AppError('ADDRESS_INVALID', `${JSON.stringify(text.slice(0, 80))} is not an address to listen on`, { exit: 'usage', hints: ['it looks like 127.0.0.1:8080 or [::1]:8080; port 0 takes a free one'] })
  }
  return { ip, port: Number(port) }
}

/** A reverse proxy on this machine brings everybody, so that one address may have all. */
function limitByAddress (server: Server, addressOf: (socket: Socket) => string): void {
  const open = new OpenCount()
  server.on('connection', (socket: Socket) => {
    const address = addressOf(socket)
    const group = addressGroup(address)
    if (!isLoopback(address) && open.of(group) >= HTTP_MAX_CONNECTIONS_PER_ADDRESS) { socket.destroy(); return }
    open.add(group)
    socket.once('close', () => { open.remove(group) })
  })
}

const hostPort = ({ ip, port }: HostPort): string => `${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`

function listenFailed (listen: string, e: unknown): AppError {
  const code = codeOf(e) ?? ''
  const why = { EADDRINUSE: 'another program has that port', EACCES: 'this user may not listen on that port', EADDRNOTAVAIL: 'this machine has no such address' }[code] ?? code
  return new AppError('LISTEN_FAILED', `cannot listen on ${listen}: ${why}`, { exit: code === 'EADDRINUSE' ? 'busy' : 'failed', hints: ['name another one with --http'], cause: e })
}

/**
 * The node's one HTTP listener, shared by the services by the first part of the path. It starts at the first use and keeps its port. It
 * answers only for IP addresses and configured names, so that no web site can reach it through a name of its own (DNS rebinding).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import os from 'node:os'
import { AppError } from '../errors/app-error.ts'
import { messageOf } from '../errors/code-of.ts'
import { addressGroup, isLoopback } from '../net/address-group.ts'
import { OpenCount } from '../net/open-count.ts'
import { planListen, readKeptPorts, writeKeptPorts } from '../net/listen-ports.ts'
import { ownAddresses, type HostPort } from '../net/own-addresses.ts'
import type { ServiceLog } from './service.ts'

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface HttpDoorDeps {
  /** `/ip4|ip6/<ip>/tcp/<port>` */
  readonly listen: readonly string[]
  /** Host names besides IP addresses. */
  readonly names: readonly string[]
  readonly portsFile: string
  readonly log: ServiceLog
  /** For tests. */
  readonly limits?: { readonly perAddress: number, readonly idleMs: number, readonly addressOf?: (socket: Socket) => string }
}

const MAX_CONNECTIONS = 512
/** So that one machine cannot take all of them. */
const MAX_CONNECTIONS_PER_ADDRESS = 128
/** A client that takes nothing of its answer for so long is cut. */
const IDLE_MS = 300_000
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 5_000

export class HttpDoor implements AsyncDisposable {
  readonly #deps: HttpDoorDeps
  readonly #handlers = new Map<string, HttpHandler>()
  #listening: Promise<HostPort[]> | undefined
  #bound: HostPort[] = []
  #servers: Server[] = []
  #closed = false
  readonly #connections = new OpenCount()

  constructor (deps: HttpDoorDeps) { this.#deps = deps }

  /** Base URLs now, loopback last; empty while nobody has needed it. */
  boundUrls (): string[] {
    return ownAddresses(this.#bound, os.networkInterfaces()).map(({ ip, port }) => `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`)
  }

  /** Starts listening when it does not yet. @throws AppError LISTEN_FAILED */
  async urls (): Promise<string[]> {
    await this.#listen()
    return this.boundUrls()
  }

  /** Every request whose path is `/<name>` or below. @throws AppError LISTEN_FAILED */
  async handle (name: string, handler: HttpHandler): Promise<void> {
    if (this.#handlers.has(name)) throw new Error(`${name} handles HTTP already`)
    this.#handlers.set(name, handler)
    try {
      await this.#listen()
    } catch (e) {
      this.#handlers.delete(name)
      throw e
    }
  }

  unhandle (name: string): void { this.#handlers.delete(name) }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#closed = true
    await this.#listening?.catch(() => {})
    this.#bound = []
    await Promise.all(this.#servers.map(async server => {
      const closed = new Promise<void>(resolve => { server.close(() => { resolve() }) })
      server.closeAllConnections()
      await closed
    }))
  }

  async #listen (): Promise<void> {
    if (this.#closed) throw new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' })
    this.#listening ??= this.#open().catch((e: unknown) => {
      this.#listening = undefined
      throw e
    })
    await this.#listening
  }

  async #open (): Promise<HostPort[]> {
    const { listen, portsFile, log } = this.#deps
    const plan = await planListen(listen, await readKeptPorts(portsFile, 'http'))
    const bound = plan.addresses.map((text): HostPort => ({ ip: text.split('/')[2]!, port: Number(text.split('/')[4]) }))
    for (const { ip, port } of bound) {
      const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => { void this.#serve(request, response) })
      server.maxConnections = MAX_CONNECTIONS
      server.timeout = this.#deps.limits?.idleMs ?? IDLE_MS
      server.on('connection', socket => { this.#count(socket) })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host: ip, port, ipv6Only: ip.includes(':') }, resolve)
      })
      server.on('error', e => { log.error('the HTTP listener failed', { error: messageOf(e) }) })
      this.#servers.push(server)
    }
    for (const warning of plan.warnings) log.warn(warning)
    await writeKeptPorts(portsFile, 'http', plan.kept)
    this.#bound = bound
    return bound
  }

  #count (socket: Socket): void {
    const address = this.#deps.limits?.addressOf?.(socket) ?? socket.remoteAddress ?? ''
    const group = addressGroup(address)
    // A reverse proxy on this machine brings everybody.
    const most = this.#deps.limits?.perAddress ?? (isLoopback(address) ? MAX_CONNECTIONS : MAX_CONNECTIONS_PER_ADDRESS)
    if (this.#connections.of(group) >= most) { socket.destroy(); return }
    this.#connections.add(group)
    socket.once('close', () => { this.#connections.remove(group) })
  }

  async #serve (request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {})
    response.on('error', () => {}) // a client that went away
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('referrer-policy', 'no-referrer')
    response.setHeader('cache-control', 'no-store')
    if (!isOwnHost(request.headers.host, this.#deps.names)) {
      refuse(response, 421, 'this node answers to its IP addresses and configured names only')
      return
    }
    const name = /^\/([a-z][a-z0-9-]*)(?:[/?]|$)/.exec(request.url ?? '')?.[1]
    const handler = name === undefined ? undefined : this.#handlers.get(name)
    if (handler === undefined) {
      refuse(response, 404, 'there is nothing here')
      return
    }
    try {
      await handler(request, response)
    } catch (e) {
      this.#deps.log.error('an HTTP request failed', { service: name, error: e instanceof Error ? e.stack : String(e) })
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'the request failed')
    }
  }
}

/** An IP address, or a configured name, with or without a port. */
export function isOwnHost (host: string | undefined, names: readonly string[]): boolean {
  const text = /^(.*?)(?::[0-9]{1,5})?$/.exec(host ?? '')?.[1]?.toLowerCase() ?? ''
  if (text.startsWith('[')) return text.endsWith(']') && isIP(text.slice(1, -1)) === 6
  return isIP(text) === 4 || names.some(name => name.toLowerCase() === text)
}

function refuse (response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
  response.end(`${text}\n`)
}

/** What one service gets to touch, and the rules that keep it to its own names. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { AppPins } from '../blocks/app-pins.ts'
import { AppError } from '../errors/app-error.ts'
import type { NetNode } from '../net/create-node.ts'
import { createEphemeralHost } from '../net/ephemeral-host.ts'
import type { Clock } from '../time/clock.ts'
import type { ClockState } from './clock-evidence.ts'
import type { HttpDoor } from './http-door.ts'
import { netScope } from './net-scope.ts'
import { METHOD_PATTERN } from './rpc-wire.ts'
import type { BulkStore, EphemeralHost, LeaseHolder, RpcHandler, ServiceKeys, ServiceLog, ServiceScope } from './service.ts'
import type { Need, ServiceManifest } from './service-manifest.ts'

export interface ScopeDeps {
  readonly node: NetNode
  readonly http: HttpDoor
  readonly pins: AppPins
  readonly keys: ServiceKeys
  /** HTTP routers of the config. */
  readonly routers: readonly string[]
  /** @param prefix see levelKeyValueStore */
  readonly keyValues: (prefix: string) => BulkStore
  readonly leases: { holder(service: string): LeaseHolder }
  /** One folder for each service. */
  readonly dataRoot: string
  readonly clock: Clock
  readonly clockState: () => ClockState['state']
  readonly log: ServiceLog
  readonly randomBytes: (sizeBytes: number) => Uint8Array
}

export interface OpenScope extends AsyncDisposable {
  readonly scope: ServiceScope
  readonly methods: ReadonlyMap<string, RpcHandler>
}

/**
 * @param signal aborts when the service stops
 * Disposing takes back what the service registered: protocols, HTTP, ephemeral hosts, fetch prefixes, topics, handlers of peers.
 */
export async function openScope (manifest: ServiceManifest, deps: ScopeDeps, signal: AbortSignal): Promise<OpenScope> {
  const { name } = manifest
  const { node, http, randomBytes } = deps
  const dataDir = path.join(deps.dataRoot, name)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const methods = new Map<string, RpcHandler>()
  const protocols = new Set<string>()
  const hosts = new Set<EphemeralHost>()
  const net = netScope(node, deps.routers)
  const need = (what: Need): void => {
    if (!manifest.needs.includes(what)) throw new AppError('SERVICE_NEED_UNDECLARED', `service ${name} uses '${what}' but its service.json does not need it`, { exit: 'refused' })
    signal.throwIfAborted()
  }
  const needed = <T extends object>(what: Need, make: () => T): T => { need(what); return make() }

  const scope: ServiceScope = {
    name,
    dataDir,
    clock: deps.clock,
    log: deps.log,
    signal,
    randomBytes,
    clockState: deps.clockState,
    rpc (method, handler) {
      if (!method.startsWith(`${name}.`) || !METHOD_PATTERN.test(method)) throw new AppError('SERVICE_NAME_REFUSED', `service ${name} may register methods like ${name}.verb only, not ${method}`, { exit: 'refused' })
      if (methods.has(method)) throw new AppError('SERVICE_NAME_REFUSED', `${method} is registered already`, { exit: 'refused' })
      methods.set(method, handler)
    },
    net: {
      peerId: node.peerId,
      addresses: () => node.addresses(),
      async handle (protocol, handler, limits) {
        if (!protocol.startsWith(`/ipkit/${name}/`) && !manifest.protocols.includes(protocol)) throw new AppError('SERVICE_NAME_REFUSED', `service ${name} may handle protocols under /ipkit/${name}/ and those that it declares, not ${protocol}`, { exit: 'refused' })
        signal.throwIfAborted()
        await node.handle(protocol, async (channel, nodeSignal) => { await handler(channel, AbortSignal.any([signal, nodeSignal])) }, limits)
        protocols.add(protocol)
      },
      open: async (peer, protocol, options = {}) => await node.open(peer, protocol, options.signal),
    },
    leases: deps.leases.holder(name),
    get datastore () { return needed('datastore', () => deps.keyValues(`service/${name}/`)) },
    get bulkStore () { return needed('bulk-store', () => deps.keyValues(`service/${name}/`)) },
    get keys () { return needed('keys', () => deps.keys) },
    get fetch () { return needed('fetch', () => net.fetch) },
    get pubsub () { return needed('pubsub', () => net.pubsub) },
    get peers () { return needed('peers', () => net.peers) },
    get valueStore () { return needed('value-store', () => node.values) },
    get blocks () { return needed('blocks', () => deps.pins.blocksOf(name)) },
    get http () {
      return needed('http', () => ({
        urls: async () => await http.urls(),
        handle: async (handler: Parameters<HttpDoor['handle']>[1]) => { await http.handle(name, handler) },
      }))
    },
    async ephemeralHost (options) {
      need('ephemeral-host')
      const { listen = [], port = 0, ...rest } = options
      const addresses = listen === 'node' ? onPort(node.listening, port) : listen
      const host = await createEphemeralHost({ ...rest, listen: addresses }, { log: deps.log, randomBytes })
      const tracked: EphemeralHost = {
        ...host,
        async [Symbol.asyncDispose] () {
          hosts.delete(tracked)
          await host[Symbol.asyncDispose]()
        },
      }
      hosts.add(tracked)
      if (signal.aborted) await tracked[Symbol.asyncDispose]()
      signal.throwIfAborted()
      return tracked
    },
  }

  return {
    scope,
    methods,
    async [Symbol.asyncDispose] () {
      methods.clear()
      net[Symbol.dispose]()
      http.unhandle(name)
      await Promise.allSettled([...[...protocols].map(async protocol => { await node.unhandle(protocol) }), ...[...hosts].map(async host => { await host[Symbol.asyncDispose]() })])
    },
  }
}

/** @param listening `/ip4|ip6/<ip>/tcp/<port>` */
const onPort = (listening: readonly string[], port: number): string[] =>
  [...new Set(listening.map(text => text.replace(/[0-9]+$/, String(port))))]

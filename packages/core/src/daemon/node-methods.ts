import { METHOD_PATTERN } from './rpc-wire.ts'
import { check, integer, object, optional, array, string, type Schema } from '../schema/schema.ts'
import type { ClockEvidence } from './clock-evidence.ts'
import type { Lease, LeaseBook } from './lease-book.ts'
import type { LoadedService, NodeNetwork, NodeServices } from './node-parts.ts'
import type { RpcCall, RpcHandler, RpcReply } from './service.ts'

/** What the built-in methods look at. */
export interface NodeState {
  readonly pid: number
  readonly peerId: string
  readonly version: string
  readonly home: string
  readonly logFile: string
  readonly startedMs: number
  readonly idleMs: number
  readonly network: NodeNetwork
  readonly services: NodeServices
  readonly leases: LeaseBook
  readonly evidence: ClockEvidence
  readonly nowMs: () => number
  readonly calls: () => number
  readonly lastUseMs: () => number
  readonly draining: () => boolean
  /** Ends the node; the caller still gets its answer. */
  readonly stop: () => void
}

const none = object({})
const result = (value: unknown): RpcReply => ({ kind: 'result', value })
async function * each (items: readonly unknown[]): AsyncGenerator<unknown> { yield * items }
const leaseJson = ({ untilMs, ...lease }: Lease): unknown => ({ ...lease, until: new Date(untilMs).toISOString() })

/** The methods under `node.`; docs/protocols/daemon-rpc.md has their parameters and results. */
export function nodeMethods (node: NodeState): ReadonlyMap<string, RpcHandler> {
  const methods = new Map<string, RpcHandler>()
  const method = <T>(name: string, schema: Schema<T>, run: (params: T, call: RpcCall) => Promise<RpcReply> | RpcReply): void => {
    if (!METHOD_PATTERN.test(name)) throw new Error(`${name} is no method name`)
    methods.set(name, async (params, call) => await run(check(schema, params, 'params'), call))
  }

  method('node.status', none, (_params, _call) => result({
    running: true,
    pid: node.pid,
    peerId: node.peerId,
    version: node.version,
    home: node.home,
    log: node.logFile,
    startedAt: new Date(node.startedMs).toISOString(),
    uptimeMs: Math.max(0, node.nowMs() - node.startedMs),
    addresses: node.network.addresses(),
    httpAddresses: node.network.httpAddresses(),
    peers: node.network.peers().length,
    services: node.services.list(),
    leases: node.leases.active().map(leaseJson),
    calls: node.calls() - 1, // without this one
    idleMinutes: node.idleMs / 60_000,
    draining: node.draining(),
    clock: node.evidence.state(),
  }))

  method('node.id', none, () => result({ peerId: node.peerId, addresses: node.network.addresses(), httpAddresses: node.network.httpAddresses() }))

  method('node.apps', none, async () => {
    const pins = await node.services.pinCounts()
    return {
      kind: 'items',
      items: each(node.services.list().map((s: LoadedService) => ({ ...s, pins: pins.get(s.name) ?? 0, leases: node.leases.active().filter(l => l.service === s.name).map(leaseJson) }))),
    }
  })

  method('node.peers', none, () => ({ kind: 'items', items: each(node.network.peers()) }))

  method('node.connect', object({ addresses: array(string({ min: 2, max: 512 }), { min: 1, max: 16 }) }), async ({ addresses }, { signal }) =>
    result(await node.network.connect(addresses, signal)))

  method('node.logs', none, () => result({ file: node.logFile }))

  method('node.ensureService', object({ manifest: string({ min: 1, max: 4096, pattern: /^\//, what: 'an absolute path' }), build: integer({ min: 1 }) }), async (ask, { signal }) =>
    result(await node.services.ensure(ask, signal)))

  method('node.acceptClock', none, async () => {
    const before = node.evidence.state()
    await node.evidence.accept()
    return result({ before, clock: node.evidence.state() })
  })

  method('node.stop', object({ reason: optional(string({ max: 256 })) }), () => {
    node.stop()
    return result({ stopping: true, leases: node.leases.active().length })
  })

  return methods
}

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { openScope } from '@ipkit/core/daemon/service-scope'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { systemClock } from '@ipkit/core/time/clock'
import { doorToMethods } from '@ipkit/testkit/door-to-methods'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import ipnsup from '../src/service.ts'
import { memoryKeys } from './name-world.ts'

/** A real node with ipnsup in it, as the shared node puts it together, without the process around it. */
export interface ServiceHome extends AsyncDisposable {
  readonly net: TestNode
  readonly door: NodeDoor
  /** Leases by id: the reason. */
  readonly leases: Map<string, string>
  /** Stops ipnsup and starts it on the same data. */
  restart(): Promise<void>
}

export async function serviceHome (config: Parameters<typeof testNode>[0] & { readonly routers?: readonly string[] } = {}): Promise<ServiceHome> {
  const { routers = [], ...nodeConfig } = config
  const net = await testNode(nodeConfig)
  const store = memoryKeyValueStore()
  const keys = memoryKeys(new Map([['self', new PeerKey(new Uint8Array(randomBytes(32)))]]))
  const leases = new Map<string, string>()
  const start = async (): Promise<{ readonly scope: Awaited<ReturnType<typeof openScope>>, readonly service: AsyncDisposable }> => {
    const needs = ['datastore', 'keys', 'fetch', 'pubsub', 'peers', 'value-store']
    const scope = await openScope({ name: 'ipnsup', contract: 1, build: 1, needs, protocols: [], entry: 'service.js', files: [] } as never, {
      node: net.node, http: { unhandle () {} } as never, pins: undefined as never, keys, routers, clock: systemClock, clockState: () => 'ok', log: net.log,
      randomBytes: n => new Uint8Array(randomBytes(n)),
      leases: { holder: () => ({ async hold (id, { reason }) { leases.set(id, reason) }, async release (id) { leases.delete(id) } }) },
      dataRoot: path.join(net.dir, 'data'),
      keyValues: () => store,
    }, new AbortController().signal)
    return { scope, service: await ipnsup.start(scope.scope) }
  }
  let running = await start()
  const stop = async (): Promise<void> => {
    await running.service[Symbol.asyncDispose]()
    await running.scope[Symbol.asyncDispose]()
  }
  return {
    net, leases,
    door: doorToMethods(() => running.scope.methods),
    async restart () { await stop(); running = await start() },
    async [Symbol.asyncDispose] () { await stop(); await net[Symbol.asyncDispose]() },
  }
}

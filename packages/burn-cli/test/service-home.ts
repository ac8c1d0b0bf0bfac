import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { appPins } from '@ipkit/core/blocks/app-pins'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { HttpDoor } from '@ipkit/core/daemon/http-door'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { openScope, type OpenScope } from '@ipkit/core/daemon/service-scope'
import { systemClock, type Clock } from '@ipkit/core/time/clock'
import { doorToMethods } from '@ipkit/testkit/door-to-methods'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import burn from '../src/service.ts'

/** A node with burn in it, as the shared node puts it together, without the process around it. */
export interface ServiceHome extends AsyncDisposable {
  readonly net: TestNode
  readonly door: NodeDoor
  /** Leases by id, and until when. */
  readonly held: Map<string, number>
  readonly blocks: ReturnType<typeof memoryBlockStore>
  readonly dataDir: string
  /** Stops burn and starts it on the same disk. */
  restart(): Promise<void>
}

export async function serviceHome (clock: Clock = systemClock): Promise<ServiceHome> {
  const net = await testNode()
  const http = new HttpDoor({ listen: ['/ip4/127.0.0.1/tcp/0'], names: [], portsFile: path.join(net.dir, 'ports.json'), log: net.log })
  const held = new Map<string, number>()
  const blocks = memoryBlockStore()
  let running: { scope: OpenScope, service: AsyncDisposable } | undefined
  const start = async (): Promise<void> => {
    const scope = await openScope({ name: 'burn', contract: 1, build: 1, needs: ['ephemeral-host', 'http'], protocols: [], entry: 'service.js', files: [] } as never, {
      node: net.node, http, pins: appPins(async () => blocks, memoryKeyValueStore()), keys: undefined as never, routers: [], clock, clockState: () => 'ok', log: net.log,
      randomBytes: n => new Uint8Array(randomBytes(n)),
      leases: { holder: () => ({ async hold (id, lease) { held.set(id, lease.untilMs) }, async release (id) { held.delete(id) } }) },
      dataRoot: path.join(net.dir, 'data'),
      keyValues: () => memoryKeyValueStore(),
    }, new AbortController().signal)
    running = { scope, service: await burn.start(scope.scope) }
  }
  const stop = async (): Promise<void> => {
    await running?.service[Symbol.asyncDispose]()
    await running?.scope[Symbol.asyncDispose]()
  }
  await start()
  return {
    net, held, blocks,
    dataDir: path.join(net.dir, 'data', 'burn'),
    door: doorToMethods(() => running!.scope.methods),
    async restart () { await stop(); await start() },
    async [Symbol.asyncDispose] () { await stop(); await http[Symbol.asyncDispose](); await net[Symbol.asyncDispose]() },
  }
}

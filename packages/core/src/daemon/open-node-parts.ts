import { appPins } from '../blocks/app-pins.ts'
import { heliaBlockStore } from '../blocks/helia-block-store.ts'
import type { BlockStore } from '../blocks/block-store.ts'
import { createNode } from '../net/create-node.ts'
import { HttpDoor } from './http-door.ts'
import { levelKeyValueStore } from './level-key-value-store.ts'
import type { NodeNetwork, OpenNodeParts } from './node-parts.ts'
import { ServiceHost } from './service-host.ts'

/** The node's real network and services. */
export const openNodeParts: OpenNodeParts = async ({ paths, config, key, keys, log, host, database, leases, clock, clockState, randomBytes, signal }) => {
  const node = await createNode({ key, config, portsFile: paths.ports, log, clock })
  const http = new HttpDoor({ listen: config.httpListen, names: config.httpNames, portsFile: paths.ports, log })
  let blocks: Promise<BlockStore> | undefined
  const pins = appPins(async () => {
    blocks ??= heliaBlockStore({ dir: paths.blocks, libp2p: node.libp2p, routed: config.publicNetwork }).catch((e: unknown) => {
      blocks = undefined // a full disk may have room later
      throw e
    })
    return await blocks
  }, levelKeyValueStore(database, 'pins/'))
  const network: NodeNetwork = {
    addresses: () => node.addresses(),
    httpAddresses: () => http.boundUrls(),
    peers: () => node.peers(),
    connect: async (addresses, connectSignal) => ({ peerId: await node.connect(addresses, connectSignal) }),
    async [Symbol.asyncDispose] () {
      const store = await blocks?.catch(() => undefined)
      await http[Symbol.asyncDispose]()
      await store?.[Symbol.asyncDispose]()
      await node[Symbol.asyncDispose]()
    },
  }
  try {
    const services = await ServiceHost.open({
      node, http, pins, keys, routers: config.ipnsRouters, leases, clock, clockState, log, randomBytes, signal, servicesDir: paths.services, dataRoot: paths.data,
      us: { uid: host.euid, gid: host.egid },
      logOf: service => log.child(service),
      keyValues: prefix => levelKeyValueStore(database, prefix),
    })
    return { network, services }
  } catch (e) {
    await network[Symbol.asyncDispose]()
    throw e
  }
}

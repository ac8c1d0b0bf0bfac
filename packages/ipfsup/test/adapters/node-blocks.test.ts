import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { appPins } from '@ipkit/core/blocks/app-pins'
import { heliaBlockStore } from '@ipkit/core/blocks/helia-block-store'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { openScope } from '@ipkit/core/daemon/service-scope'
import { AppError } from '@ipkit/core/errors/app-error'
import { systemClock } from '@ipkit/core/time/clock'
import { doorToMethods } from '@ipkit/testkit/door-to-methods'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { testNode } from '@ipkit/testkit/test-node'
import { openIpfsTransport, type IpfsTransport } from '../../src/adapters/ipfs-transport.ts'
import { nodeBlocks } from '../../src/adapters/node-blocks.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import ipfsup from '../../src/service.ts'
import { addDistTree } from '../dist-on-ipfs.ts'
import { MemoryBlocks } from '../memory-blocks.ts'
import { seededBytes } from '../seeded-bytes.ts'

const signal = new AbortController().signal
const archive = seededBytes(5_000_000)
const release = { version: parseVersion('v0.43.0'), platform: { os: 'linux', arch: 'amd64' } }

/** Two real nodes on 127.0.0.1: one has the releases, the other has ipfsup in it. */
describe('two nodes', () => {
  const opened: AsyncDisposable[] = []
  const use = <T extends AsyncDisposable>(one: T): T => { opened.unshift(one); return one }
  let root: string
  let address: readonly string[]
  let door: NodeDoor
  let blocksDir: string
  let service: AsyncDisposable

  beforeAll(async () => {
    const far = use(await testNode())
    const farStore = use(await heliaBlockStore({ dir: path.join(far.dir, 'blocks'), libp2p: far.node.libp2p, routed: false }))
    const tree = new MemoryBlocks()
    const site = new DistSite()
    site.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive })
    root = await addDistTree(tree, site, { shardSplitThresholdBytes: 1 })
    for (const [cid, bytes] of tree.blocks) await farStore.put(cid, bytes)
    address = far.node.addresses()

    const near = use(await testNode())
    blocksDir = path.join(near.dir, 'blocks')
    const nearStore = use(await heliaBlockStore({ dir: blocksDir, libp2p: near.node.libp2p, routed: false }))
    const scope = use(await openScope({ name: 'ipfsup', contract: 1, build: 1, needs: ['blocks', 'datastore'], protocols: [], entry: 'service.js', files: [] } as never, {
      node: near.node, http: { unhandle () {} } as never, pins: appPins(async () => nearStore, memoryKeyValueStore()), keys: undefined as never, routers: [], clock: systemClock, clockState: () => 'ok', log: near.log,
      randomBytes: n => new Uint8Array(randomBytes(n)), leases: { holder: () => ({ async hold () {}, async release () {} }) }, dataRoot: path.join(near.dir, 'data'), keyValues: () => memoryKeyValueStore(),
    }, signal))
    service = await ipfsup.start(scope.scope)
    const methods = doorToMethods(() => scope.methods)
    door = {
      ...methods,
      async call (method, params, options) {
        if (method === 'node.connect') return { peerId: await near.node.connect((params as { addresses: string[] }).addresses, options?.signal ?? signal) }
        if (method === 'node.status') return { running: true, peers: near.node.libp2p.getPeers().length }
        return await methods.call(method, params, options)
      },
    }
  })
  afterAll(async () => { for (const one of opened) await one[Symbol.asyncDispose]() })

  const transport = async (): Promise<IpfsTransport> => await openIpfsTransport({
    place: { ipfsPath: '/nonexistent', jsRepo: '/nonexistent' }, settings: { distCid: root, peers: ['far'] }, node: door,
    addressesOf: async () => address, publicNetwork: async () => false, resolveTxt: async () => [],
  }, signal)

  test('lists and archive come over bitswap from the peer that was named', async () => {
    const { origin, inReach, from } = await transport()
    expect([inReach, from]).toEqual([true, 'the shared node'])
    expect((await origin.versions(signal))?.versions.map(formatVersion)).toEqual(['go-v0.43.0'])
    const claim = (await origin.claim(release, signal))!
    for (const fromByte of [0, 3_000_000]) {
      const chunks: Uint8Array[] = []
      for await (const chunk of (await origin.open(claim, fromByte, signal)).source) chunks.push(chunk)
      expect(Buffer.concat(chunks).equals(archive.subarray(fromByte))).toBe(true)
    }
  })

  test('a block that the peer does not have ends with the signal', async () => {
    const missing = new MemoryBlocks().put(seededBytes(10, 'nobody'), 0x55)
    await expect(nodeBlocks({ node: door, peers: [address], publicNetwork: false }).get(missing, AbortSignal.timeout(300))).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('nothing stays when the service has stopped', async () => {
    const files = async (): Promise<number> => (await readdir(blocksDir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).length
    expect(await files()).toBeGreaterThan(5)
    await service[Symbol.asyncDispose]()
    expect(await files()).toBe(0)
  })
})

describe('a node', () => {
  const CID = 'bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su'
  const refused = new AppError('PEER_UNREACHABLE', 'nobody there', { exit: 'unreachable' })
  const fake = (peers: number, connects: (addresses: readonly string[]) => boolean, given = 'x'): NodeDoor & { calls: string[] } => {
    const calls: string[] = []
    return {
      calls,
      async call (method, params) {
        calls.push(method)
        if (method === 'node.status') return { running: true, peers }
        if (!connects((params as { addresses: readonly string[] }).addresses)) throw refused
        return { peerId: 'x' }
      },
      list: () => { throw new Error('no lists') },
      async * bytes (method) { calls.push(method); yield Buffer.from(given) },
    }
  }

  test('that knows nobody is not waited for', async () => {
    const node = fake(0, () => true)
    await expect(nodeBlocks({ node, peers: [], publicNetwork: false }).get(CID, signal)).rejects.toMatchObject({ code: 'NO_PEERS', exit: 'unreachable' })
    expect(node.calls).toEqual(['node.status'])
  })

  test('that reaches none of the peers that were named says why', async () => {
    await expect(nodeBlocks({ node: fake(0, () => false), peers: [['a'], ['b']], publicNetwork: false }).get(CID, signal)).rejects.toBe(refused)
  })

  test.each<[string, NodeDoor & { calls: string[] }, boolean, string[]]>([
    ['reaches one of two', fake(0, ([address]) => address === 'b'), false, ['node.connect', 'node.connect', 'ipfsup.block']],
    ['has others', fake(1, () => false), false, ['node.connect', 'node.connect', 'node.status', 'ipfsup.block']],
    ['is in the public network', fake(0, () => false), true, ['node.connect', 'node.connect', 'ipfsup.block']],
  ])('that %s is asked, and connected once', async (_what, node, publicNetwork, calls) => {
    const blocks = nodeBlocks({ node, peers: [['a'], ['b']], publicNetwork })
    expect(String(Buffer.from(await blocks.get(CID, signal)))).toBe('x')
    await Promise.all([blocks.get(CID, signal), blocks.get(CID, signal)])
    expect(node.calls).toEqual([...calls, 'ipfsup.block', 'ipfsup.block'])
  })

  test('that did not connect is tried again with the next block', async () => {
    let reachable = false
    const blocks = nodeBlocks({ node: fake(0, () => reachable), peers: [['a']], publicNetwork: false })
    await expect(blocks.get(CID, signal)).rejects.toBe(refused)
    reachable = true
    await blocks.get(CID, signal)
  })

  test('that answers without end is cut off', async () => {
    const node = fake(1, () => true)
    node.bytes = async function * () { for (;;) yield new Uint8Array(64 * 1024) }
    await expect(nodeBlocks({ node, peers: [], publicNetwork: false }).get(CID, signal)).rejects.toMatchObject({ code: 'BLOCK_TOO_LARGE' })
  })
})

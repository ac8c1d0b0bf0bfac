import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { heliaBlockStore } from '@ipkit/core/blocks/helia-block-store'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import { CID } from 'multiformats/cid'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../src/adapters/wasm-argon2id.ts'
import { nodeTarget, openMessage } from '../src/domain/incoming-message.ts'
import { parseBurnLink } from '../src/domain/link.ts'
import { idText } from '../src/domain/message-record.ts'
import { keysForNode, linkOf, makeSecrets, sealMessage } from '../src/domain/outgoing-message.ts'
import { burnRpc, callBurn, readBurn } from '../src/rpc.ts'
import { serviceHome, type ServiceHome } from './service-home.ts'

type Methods = Record<string, (...args: unknown[]) => unknown>

/** Streams that two nodes open because they are connected, whatever they do. */
const AT_CONNECT = /^ \/(ipfs\/id\/|meshsub\/|floodsub\/|ipfs\/ping\/)/

/** Counts calls of an object's methods; they do what they did. */
function count (calls: string[], what: string, of: unknown, names: readonly string[]): void {
  const methods = of as Methods
  for (const name of names) {
    const original = methods[name]
    if (original === undefined) throw new Error(`${what} has no ${name}`)
    methods[name] = (...args) => {
      const protocols = name === 'newStream' ? ` ${[args[0]].flat().join(' ')}` : ''
      if (!AT_CONNECT.test(protocols)) calls.push(`${what}.${name}${protocols}`)
      return original.apply(of, args)
    }
  }
}

test('add and get: no call of a router, of bitswap, of the public blockstore or of pubsub, in nodes that have all of them', async () => {
  await using sender = await serviceHome()
  await using reader = await serviceHome()
  const dir = await mkdtemp(path.join(os.tmpdir(), 'burn-quiet-'))
  const calls: string[] = []
  try {
    const homes: Array<[string, ServiceHome]> = [['sender', sender], ['reader', reader]]
    for (const [name, { net: { node: { libp2p } }, blocks }] of homes) {
      count(calls, `${name} routing`, libp2p.contentRouting, ['provide', 'cancelReprovide', 'findProviders', 'put', 'get'])
      count(calls, `${name} peers`, libp2p.peerRouting, ['findPeer', 'getClosestPeers'])
      count(calls, `${name} pubsub`, libp2p.services.pubsub, ['publish', 'subscribe', 'unsubscribe'])
      count(calls, `${name} blocks`, blocks, ['get', 'put', 'has', 'delete'])
    }
    await using senderBitswap = await heliaBlockStore({ dir: path.join(dir, 'sender'), libp2p: sender.net.node.libp2p, routed: true })
    await using readerBitswap = await heliaBlockStore({ dir: path.join(dir, 'reader'), libp2p: reader.net.node.libp2p, routed: true })
    await reader.net.node.connect(sender.net.node.addresses())
    for (const [name, { net: { node } }] of homes) count(calls, `${name} node`, node, ['fetch'])
    for (const [name, { net: { node: { libp2p } } }] of homes) count(calls, `${name} host`, libp2p, ['dialProtocol'])
    for (const [name, { net: { node: { libp2p } } }] of homes) {
      for (const connection of libp2p.getConnections()) count(calls, `${name} connection`, connection, ['newStream'])
    }

    const content = randomBytes(2_500_000)
    const here = await callBurn(sender.door, burnRpc.whereAmI, {})
    const secrets = await makeSecrets(n => new Uint8Array(randomBytes(n)), async () => wasmArgon2id, undefined)
    const keys = keysForNode(secrets)
    const upload = sealMessage(nodeBulkCrypto, secrets, (async function * () { yield content })(), { name: null, pad: true })
    const message = await callBurn(sender.door, burnRpc.create, { ...keys, id: idText(keys.id), lifeMs: 60_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: null }, { upload })
    const { ip, port } = parsePeerAddress(here.addresses[0]!)
    const link = parseBurnLink(linkOf(secrets, { addresses: [{ ip, port }], sender: here.peerId, cid: message.cid, addressed: false }))
    const target = nodeTarget(link, [])
    await callBurn(reader.door, burnRpc.fetch, target)
    const { D } = await callBurn(reader.door, burnRpc.claim, { ...target, passProofKey: null })
    const opened = await openMessage(nodeBulkCrypto, link, D, undefined, readBurn(reader.door, burnRpc.content, { id: target.id }))
    const got: Uint8Array[] = []
    for await (const piece of opened.content) got.push(Uint8Array.from(piece))
    expect(Buffer.concat(got).equals(content)).toBe(true)
    expect(await callBurn(reader.door, burnRpc.finish, target)).toEqual({ confirmed: true })

    expect(calls).toEqual([])
    for (const store of [senderBitswap, readerBitswap, sender.blocks, reader.blocks]) expect(await store.has(message.cid)).toBe(false)
    expect(calls.splice(0)).toEqual(['sender blocks.has', 'reader blocks.has'])
    // The counters see what they are there for: somebody who does look for a block asks the router, and the peer over bitswap.
    const enough = new AbortController()
    const looking = readerBitswap.get(message.cid, { signal: enough.signal }).catch(() => {})
    while (!calls.some(call => call.startsWith('reader connection') || call.startsWith('reader host'))) await new Promise(resolve => { setTimeout(resolve, 5) })
    enough.abort()
    await looking
    await collect(reader.net.node.libp2p.contentRouting.findProviders(CID.parse(message.cid))).catch(() => {})
    expect(calls).toEqual(expect.arrayContaining(['reader routing.findProviders']))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

async function collect (source: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of source) all.push(item)
  return all
}

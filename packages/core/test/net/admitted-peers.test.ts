/** Who may be connected to a host at all, and who no more. */
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { heliaBlockStore } from '../../src/blocks/helia-block-store.ts'
import type { EphemeralHost } from '../../src/daemon/service.ts'
import { toLibp2pKey } from '../../src/identity/libp2p-key.ts'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { BITSWAP_PROTOCOL } from '../../src/net/bitswap-wire.ts'
import { createEphemeralHost } from '../../src/net/ephemeral-host.ts'
import { createLeanLibp2p } from '../../src/net/lean-libp2p.ts'

const cidOf = (bytes: Uint8Array): string => CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()
const deps = { log: memoryLog(), randomBytes: (n: number) => new Uint8Array(randomBytes(n)) }
const LISTEN = { listen: ['/ip4/127.0.0.1/tcp/0'] }

async function until (done: () => boolean): Promise<void> {
  for (let i = 0; i < 10_000; i++) { if (done()) return; await new Promise(resolve => { setTimeout(resolve, 10) }) }
  throw new Error('it never came about')
}

test('who is not admitted gets no further than the handshake', async () => {
  const seed = new Uint8Array(randomBytes(32))
  const strange = new PeerKey(seed)
  const node = await createLeanLibp2p({ privateKey: toLibp2pKey(new PeerKey(randomBytes(32))), ...LISTEN, admits: peer => peer !== strange.peerId })
  const opened: string[] = []
  node.addEventListener('connection:open', ({ detail }) => { opened.push(detail.remotePeer.toString()) })
  await node.start()
  await using _stopped = { async [Symbol.asyncDispose] () { await node.stop() } }
  const addresses = node.getMultiaddrs().map(String)
  await using stranger = await createEphemeralHost({ seed }, deps)
  await using guest = await createEphemeralHost({}, deps)
  await expect(stranger.open(addresses, BITSWAP_PROTOCOL)).rejects.toMatchObject({ code: 'PEER_REFUSED' })
  await expect(guest.open(addresses, BITSWAP_PROTOCOL)).rejects.toMatchObject({ code: 'PEER_NO_PROTOCOL' })
  expect(opened).toEqual([guest.peerId])
})

describe('a gate that admits only the first peer that asks for the block', () => {
  const bytes = randomBytes(5000)
  const cid = cidOf(bytes)

  /** @param owner whom it belongs to already */
  async function guarded (owner?: string): Promise<EphemeralHost> {
    return await createEphemeralHost({
      ...LISTEN,
      bitswap: {
        async get (_cid, peer, want) {
          if (want === 'block') owner ??= peer
          return owner === undefined || owner === peer ? bytes : undefined
        },
        admits: peer => owner === undefined || owner === peer,
      },
    }, deps)
  }

  test('before that everybody may connect; then those who are connected are hung up on', async () => {
    await using host = await guarded()
    await using owner = await testNode()
    await using store = await heliaBlockStore({ dir: `${owner.dir}/blocks`, libp2p: owner.node.libp2p, routed: false })
    await using other = await testNode()
    for (const { node } of [other, owner]) await node.connect(host.addresses())
    await new Promise(resolve => { setTimeout(resolve, 200) })
    expect(other.node.peers().length).toBe(1)
    expect((await store.get(cid, { signal: AbortSignal.timeout(60_000) })).length).toBe(5000)
    await until(() => other.node.peers().length === 0)
    expect(owner.node.peers().length).toBe(1)
  })

  test('who dials then is refused, and the first one comes again on a new connection', async () => {
    await using host = await guarded()
    await using owner = await createEphemeralHost({ seed: new Uint8Array(32).fill(7) }, deps)
    await using other = await testNode()
    expect((await owner.bitswapGet(host.addresses(), cid))!.length).toBe(5000)
    await expect(other.node.open(host.addresses(), BITSWAP_PROTOCOL)).rejects.toMatchObject({ code: 'PEER_REFUSED', exit: 'unreachable' })
    await until(() => other.node.peers().length === 0)
    await owner[Symbol.asyncDispose]()
    await using again = await createEphemeralHost({ seed: new Uint8Array(32).fill(7) }, deps)
    expect((await again.bitswapGet(host.addresses(), cid))!.length).toBe(5000)
  })

  test('one that belongs to somebody from the start is for nobody else', async () => {
    await using host = await guarded(new PeerKey(new Uint8Array(32).fill(7)).peerId)
    await using other = await createEphemeralHost({}, deps)
    await expect(other.bitswapHas(host.addresses(), cid)).rejects.toMatchObject({ code: 'PEER_REFUSED' })
    await using owner = await createEphemeralHost({ seed: new Uint8Array(32).fill(7) }, deps)
    expect(await owner.bitswapHas(host.addresses(), cid)).toBe(true)
  })

  test('a handshake that ends after the block was given away is one connection too late', async () => {
    let owner: string | undefined
    let asked = 0
    await using host = await createEphemeralHost({
      ...LISTEN,
      bitswap: { get: async () => bytes, admits: peer => { if (++asked > 1) owner = 'somebody'; return owner === undefined || owner === peer } },
    }, deps)
    await using other = await testNode()
    await other.node.connect(host.addresses()).catch(() => {})
    await until(() => other.node.peers().length === 0)
  })
})

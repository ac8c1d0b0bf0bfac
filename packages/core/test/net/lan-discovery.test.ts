import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, test } from '@jest/globals'
import { isLanAddress, lanDiscovery } from '../../src/net/lan-discovery.ts'
import { MAX_DISCOVERY_DIALS } from '../../src/net/limits.ts'

test.each(['/ip4/10.77.0.1/tcp/1', '/ip4/172.31.255.255/tcp/1', '/ip4/192.168.1.7/tcp/4101', '/ip4/169.254.9.9/tcp/1', '/ip4/127.0.0.1/tcp/1', '/ip6/fd00::7/tcp/1', '/ip6/fe80::1/tcp/1', '/ip6/::1/tcp/1'])('%s is on the local network', address => {
  expect(isLanAddress(address)).toBe(true)
})

test.each(['/ip4/8.8.8.8/tcp/1', '/ip4/172.32.0.1/tcp/1', '/ip4/11.0.0.1/tcp/1', '/ip6/2001:db8::1/tcp/1', '/dns4/example.org/tcp/1', '/dnsaddr/example.org', '/ip4/10.0.0.1/udp/1/quic-v1', '/ip4/10.0.0.1/tcp/1/ws', '/ip4/nonsense/tcp/1'])('%s is not dialled', address => {
  expect(isLanAddress(address)).toBe(false)
})

describe('what is heard of on the local network', () => {
  const NEAR = '/ip4/10.77.0.2/tcp/4101'

  /** Discovery that was not started, so that nothing is sent: a test says what is heard. Dials stay open until they are ended. */
  async function listener (): Promise<{ hear(addresses: readonly string[], peerId?: string): void, readonly dials: Array<{ readonly addresses: readonly string[], end(): Promise<void> }>, readonly connected: Set<string>, readonly peerId: string }> {
    const connected = new Set<string>()
    const dials: Array<{ addresses: readonly string[], end(): Promise<void> }> = []
    const create = await lanDiscovery({
      isConnected: peerId => connected.has(peerId),
      connect: async addresses => {
        await new Promise<void>(resolve => { dials.push({ addresses, async end () { resolve(); await new Promise(setImmediate) } }) })
      },
    })
    const discovery = create({ logger: { forComponent: () => () => {} } } as unknown as Parameters<typeof create>[0])
    const peerId = await anyPeer()
    return {
      peerId, connected, dials,
      hear (addresses, from = peerId) { discovery.dispatchEvent(new CustomEvent('peer', { detail: { id: { toString: () => from }, multiaddrs: addresses.map(text => multiaddr(text)) } })) },
    }
  }

  test('is dialled, unless it is connected or being dialled; again when it was away', async () => {
    const { hear, dials, connected, peerId } = await listener()
    hear([NEAR])
    hear([NEAR])
    expect(dials.map(dial => dial.addresses)).toEqual([[`${NEAR}/p2p/${peerId}`]])
    connected.add(peerId)
    await dials[0]!.end()
    hear([NEAR])
    expect(dials.length).toBe(1)
    connected.delete(peerId)
    hear([NEAR])
    expect(dials.length).toBe(2)
  })

  test('is dialled at addresses of the local network only', async () => {
    const { hear, dials, peerId } = await listener()
    hear(['/ip4/8.8.8.8/tcp/4101'])
    expect(dials).toEqual([])
    hear(['/ip4/8.8.8.8/tcp/4101', NEAR])
    expect(dials.map(dial => dial.addresses)).toEqual([[`${NEAR}/p2p/${peerId}`]])
  })

  test(`is dialled by ${MAX_DISCOVERY_DIALS} at a time`, async () => {
    const { hear, dials } = await listener()
    const crowd = await Promise.all(Array.from({ length: MAX_DISCOVERY_DIALS + 1 }, anyPeer))
    for (const peer of crowd) hear([NEAR], peer)
    expect(dials.length).toBe(MAX_DISCOVERY_DIALS)
    await dials[0]!.end()
    hear([NEAR], crowd.at(-1)!)
    expect(dials.length).toBe(MAX_DISCOVERY_DIALS + 1)
  })
})

const anyPeer = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()

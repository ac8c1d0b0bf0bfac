import { expect, test } from '@jest/globals'
import { TcpProxy } from '@ipkit/testkit/tcp-proxy'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import type { NodeConfig } from '../../src/net/create-node.ts'
import { isRelayed } from '../../src/net/relays.ts'
import { testRelay } from './test-relay.ts'

const PROTOCOL = '/ipkit/test/1.0.0'
const LIMITS = { maxStreams: 8, maxStreamsPerPeer: 8 }

async function until (met: () => boolean): Promise<void> {
  for (let tries = 0; !met(); tries++) {
    if (tries === 1000) throw new Error('it never came to be')
    await new Promise(resolve => { setTimeout(resolve, 5) })
  }
}

/** Sends so many bytes, which the other side sends back. */
async function echo (from: TestNode, to: readonly string[], sizeBytes: number): Promise<void> {
  await using channel = await from.node.open(to, PROTOCOL)
  await channel.write(new Uint8Array(sizeBytes))
  await channel.closeWrite()
  let got = 0
  for await (const chunk of channel.source) got += chunk.length
  expect(got).toBe(sizeBytes)
}

async function echoing (config: Partial<NodeConfig> = {}): Promise<TestNode> {
  const node = await testNode(config)
  await node.node.handle(PROTOCOL, async channel => { for await (const chunk of channel.source) await channel.write(chunk) }, LIMITS)
  return node
}

test('every byte of every connection with a peer counts, as a wire between the two sees it', async () => {
  await using a = await testNode()
  await using b = await echoing()
  await using proxy = await TcpProxy.to(Number(b.node.addresses()[0]!.split('/')[4]))
  const address = [`${proxy.address}/p2p/${b.node.peerId}`]
  const counts = (at: TestNode, peer: TestNode): string => JSON.stringify(at.node.traffic().get(peer.node.peerId))
  const agree = (): boolean => counts(a, b) === JSON.stringify({ receivedBytes: proxy.passed.down, sentBytes: proxy.passed.up })
  expect(a.node.traffic().get(b.node.peerId)).toBeUndefined()

  await echo(a, address, 100_000)
  await until(() => agree() && counts(b, a) === JSON.stringify({ receivedBytes: proxy.passed.up, sentBytes: proxy.passed.down }))
  expect(proxy.passed.up).toBeGreaterThan(100_000)

  await a.node.libp2p.dial(a.node.libp2p.getConnections()[0]!.remoteAddr, { force: true })
  await until(() => a.node.peers().length === 2)
  await echo(a, address, 10_000)
  await until(agree)
  const before = a.node.traffic().get(b.node.peerId)!
  for (const connection of a.node.libp2p.getConnections()) await connection.close()
  await until(() => a.node.peers().length === 0 && b.node.peers().length === 0)
  await echo(a, address, 1000)
  const { sentBytes, receivedBytes } = a.node.traffic().get(b.node.peerId)!
  for (const [now, then] of [[sentBytes, before.sentBytes], [receivedBytes, before.receivedBytes]] as const) {
    expect(now - then).toBeGreaterThan(1000) // those of closed connections still count
    expect(now - then).toBeLessThan(10_000)
  }
})

test('bytes through a relay count for the peer behind it', async () => {
  await using relay = await testRelay()
  await using b = await echoing({ relays: [relay.address] })
  await using a = await testNode()
  await until(() => b.node.addresses().some(isRelayed))
  await echo(a, b.node.addresses().filter(isRelayed), 10_000)
  for (const [node, peer] of [[a, b], [b, a]] as const) {
    const { receivedBytes, sentBytes } = node.node.traffic().get(peer.node.peerId)!
    for (const bytes of [receivedBytes, sentBytes]) {
      expect(bytes).toBeGreaterThan(10_000)
      expect(bytes).toBeLessThan(20_000)
    }
  }
})

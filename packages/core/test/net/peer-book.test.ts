import { expect, test } from '@jest/globals'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'

async function until (met: () => boolean): Promise<void> { while (!met()) await new Promise(resolve => { setTimeout(resolve, 5) }) }
const LIMITS = { maxStreams: 1, maxStreamsPerPeer: 1 }
const speaks = (at: TestNode, peer: TestNode, protocol: string): boolean => at.node.peerBook.list().some(({ peerId, protocols }) => peerId === peer.node.peerId && protocols.includes(protocol))

test('a peer is told of when it is known what it speaks, again when it speaks more, and is gone when it left', async () => {
  await using a = await testNode()
  const told: string[] = []
  const end = a.node.peerBook.onConnect(peerId => { told.push(peerId) })
  a.node.peerBook.onConnect(() => { throw new Error('handler') })
  {
    await using b = await testNode()
    await b.node.handle('/ipkit/test/1.0.0', async () => {}, LIMITS)
    await b.node.connect(a.node.addresses())
    await until(() => told.length === 1)
    expect(told).toEqual([b.node.peerId])
    expect(a.node.peerBook.list()).toEqual([{ peerId: b.node.peerId, protocols: expect.arrayContaining(['/ipkit/test/1.0.0', '/libp2p/fetch/0.0.1']), address: '127.0.0.1' }])
    await b.node.handle('/ipkit/later/1.0.0', async () => {}, LIMITS)
    await until(() => told.length === 2)
    expect(speaks(a, b, '/ipkit/later/1.0.0')).toBe(true)
    await b.node.unhandle('/ipkit/test/1.0.0')
    await until(() => !speaks(a, b, '/ipkit/test/1.0.0'))
    expect(told.length).toBe(2)
    end()
  }
  await until(() => a.node.peerBook.list().length === 0)
  expect(a.log.lines.some(line => line.message === 'a handler of new peers failed')).toBe(true)
})

test('a peer with two connections is one', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const told: string[] = []
  a.node.peerBook.onConnect(peerId => { told.push(peerId) })
  await b.node.connect(a.node.addresses())
  await until(() => told.length === 1)
  await a.node.libp2p.dial(b.node.libp2p.getMultiaddrs()[0]!, { force: true })
  expect(a.node.peers().length).toBe(2)
  expect(a.node.peerBook.list().length).toBe(1)
})

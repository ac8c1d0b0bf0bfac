import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import type { ByteChannel } from '../../src/net/byte-channel.ts'
import type { NetNode } from '../../src/net/create-node.ts'
import { createEphemeralHost } from '../../src/net/ephemeral-host.ts'
import { isRelayed } from '../../src/net/relays.ts'
import { testRelay } from './test-relay.ts'

const PROTOCOL = '/ipkit/test/1.0.0'
const LIMITS = { maxStreams: 8, maxStreamsPerPeer: 8 }
const echo = async (channel: ByteChannel): Promise<void> => { for await (const chunk of channel.source) await channel.write(chunk) }

async function ask (channel: ByteChannel, message: Uint8Array): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const reading = (async () => { for await (const chunk of channel.source) chunks.push(chunk) })()
  await Promise.all([reading, channel.write(message).then(async () => { await channel.closeWrite() })])
  return Buffer.concat(chunks)
}

async function relayedAddress (node: NetNode): Promise<string> {
  for (;;) {
    const found = node.addresses().find(isRelayed)
    if (found !== undefined) return found
    await sleep(20)
  }
}

/** Passes on what comes to a port of its own, and keeps all of it. */
async function tap (targetPort: number): Promise<AsyncDisposable & { readonly port: number, bytes(): Buffer }> {
  const seen: Buffer[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(inbound => {
    const outbound = net.connect(targetPort, '127.0.0.1')
    for (const [from, to] of [[inbound, outbound], [outbound, inbound]] as const) {
      sockets.add(from)
      from.on('error', () => { to.destroy() }).on('data', (chunk: Buffer) => { seen.push(chunk) }).pipe(to)
    }
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    port: (server.address() as net.AddressInfo).port,
    bytes: () => Buffer.concat(seen),
    async [Symbol.asyncDispose] () {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => { server.close(resolve) })
    },
  }
}

test('a throw-away host reaches a node through its relay, which sees no word of it', async () => {
  await using relay = await testRelay()
  await using wire = await tap(Number(relay.address.split('/')[4]))
  await using sender = await testNode({ relays: [`/ip4/127.0.0.1/tcp/${wire.port}/p2p/${relay.peerId}`] })
  await sender.node.handle(PROTOCOL, echo, LIMITS)
  const address = await relayedAddress(sender.node)
  expect(address).toBe(`/ip4/127.0.0.1/tcp/${wire.port}/p2p/${relay.peerId}/p2p-circuit/p2p/${sender.node.peerId}`)
  await using reader = await createEphemeralHost({}, { log: memoryLog(), randomBytes: n => randomBytes(n) })
  const message = randomBytes(16 * 1024)
  await using channel = await reader.open([address], PROTOCOL)
  expect(channel.remotePeer).toBe(sender.node.peerId)
  expect((await ask(channel, message)).equals(message)).toBe(true)
  expect(wire.bytes().length).toBeGreaterThan(4 * message.length)
  for (let at = 0; at < message.length; at += 1024) expect(wire.bytes().includes(message.subarray(at, at + 16))).toBe(false)
  expect(wire.bytes().includes(PROTOCOL)).toBe(false)
  // A second stream goes over the same circuit: that takes no further handshake.
  const before = wire.bytes().length
  await using second = await reader.open([address], PROTOCOL)
  expect((await ask(second, Buffer.from('again'))).toString()).toBe('again')
  expect(wire.bytes().length - before).toBeLessThan(4_000)
})

test('what is over the relay\'s limit fails clearly, and the next try has a new circuit', async () => {
  await using relay = await testRelay()
  await using sender = await testNode({ relays: [relay.address] })
  await sender.node.handle(PROTOCOL, echo, LIMITS)
  const address = await relayedAddress(sender.node)
  await using reader = await testNode()
  await using channel = await reader.node.open([address], PROTOCOL)
  await expect(ask(channel, randomBytes(1024 * 1024))).rejects.toMatchObject({ code: 'RELAY_HUNG_UP', exit: 'unreachable', message: 'the connection through the relay broke off' })
  await using again = await reader.node.open([address], PROTOCOL)
  expect((await ask(again, Buffer.from('small'))).toString()).toBe('small')
})

test('a relay answers under another key for nobody', async () => {
  await using relay = await testRelay()
  await using sender = await testNode({ relays: [relay.address] })
  await using other = await testNode()
  const address = (await relayedAddress(sender.node)).replace(sender.node.peerId, other.node.peerId)
  await using reader = await testNode()
  await expect(reader.node.open([address], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', exit: 'unreachable' })
})

test.each(['nobody', 'somebody who never answers'] as const)('%s where a relay should be: the node is there at once, without an address through it', async who => {
  let given = 0 // connections that the node gave up
  const sockets: net.Socket[] = []
  const server = net.createServer(socket => { sockets.push(socket); socket.resume().on('error', () => {}).on('close', () => { given++ }) })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as net.AddressInfo
  if (who === 'nobody') await new Promise(resolve => { server.close(resolve) })
  try {
    await using lone = await testNode({ relays: [`/ip4/127.0.0.1/tcp/${port}/p2p/12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV`] })
    await sleep(200) // what it has given up by now, it waited for
    expect(given).toBe(0)
    expect(lone.node.addresses().some(isRelayed)).toBe(false)
    while (who !== 'nobody' && sockets.length === 0) await sleep(20) // it does ask
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

test('without relays none is dialled or answered', async () => {
  await using quiet = await testNode()
  await using relay = await testRelay()
  await quiet.node.connect([relay.address])
  expect(quiet.node.addresses().some(isRelayed)).toBe(false)
  expect(quiet.node.libp2p.getProtocols().filter(protocol => protocol.includes('circuit'))).toEqual([])
})

test('a relay that went away is asked again when it is back', async () => {
  const relay = await testRelay()
  await using sender = await testNode({ relays: [relay.address] })
  const address = await relayedAddress(sender.node)
  await relay[Symbol.asyncDispose]()
  while (sender.node.addresses().some(isRelayed)) await sleep(20)
  await using _back = await testRelay(relay)
  expect(await relayedAddress(sender.node)).toBe(address)
})

test('a stranger who claims to relay gets no reservation', async () => {
  await using relay = await testRelay()
  await using sender = await testNode({ relays: [relay.address] })
  await relayedAddress(sender.node)
  await using stranger = await testRelay()
  await using caller = await testNode()
  await sender.node.handle(PROTOCOL, echo, LIMITS)
  await sender.node.connect([stranger.address])
  // The stranger passes on only to who holds a reservation with it.
  await expect(caller.node.open([`${stranger.address}/p2p-circuit/p2p/${sender.node.peerId}`], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  // It would give a reservation at once, and says that somebody calls: libp2p by itself then asks for one.
  await using channel = await stranger.open(sender.node.peerId, '/libp2p/circuit/relay/0.2.0/stop')
  await channel.write(new Uint8Array([0]))
  for await (const _ of channel.source) { /* its refusal */ }
  expect(sender.node.addresses().filter(isRelayed).length).toBe(1)
  expect(sender.node.libp2p.getMultiaddrs().map(String).filter(text => isRelayed(text) && !text.includes(relay.peerId))).toEqual([])
})

import { createHash, randomBytes } from 'node:crypto'
import net from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { testNode } from '@ipkit/testkit/test-node'
import { multiaddr } from '@multiformats/multiaddr'
import type { ByteChannel } from '../../src/net/byte-channel.ts'
import { MAX_CONNECTIONS_PER_PEER } from '../../src/net/limits.ts'
import { systemClock } from '../../src/time/clock.ts'

const PROTOCOL = '/ipkit/test/1.0.0'
const LIMITS = { maxStreams: 64, maxStreamsPerPeer: 16 }

async function readAll (channel: ByteChannel): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of channel.source) chunks.push(chunk)
  return Buffer.concat(chunks)
}
/** Sends back what it gets. */
const echo = async (channel: ByteChannel): Promise<void> => { for await (const chunk of channel.source) await channel.write(chunk) }

async function ask (from: { open(peer: readonly string[], protocol: string): Promise<ByteChannel> }, to: readonly string[], message: Uint8Array): Promise<Buffer> {
  await using channel = await from.open(to, PROTOCOL)
  const [answer] = await Promise.all([readAll(channel), channel.write(message).then(async () => { await channel.closeWrite() })])
  return answer
}
const portOf = (address: string): number => Number(address.split('/')[4])

test('two nodes exchange 8 MiB over real sockets and know each other', async () => {
  await using a = await testNode()
  await using b = await testNode()
  await b.node.handle(PROTOCOL, echo, LIMITS)
  const message = randomBytes(8 * 1024 * 1024)
  const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  expect(hash(await ask(a.node, b.node.addresses(), message))).toBe(hash(message))
  expect(a.node.peers()).toEqual([{ peerId: b.node.peerId, address: b.node.addresses()[0], direction: 'outbound' }])
  expect((await ask(a.node, [b.node.peerId], Buffer.from('by id'))).toString()).toBe('by id')
  expect(await a.node.connect(b.node.addresses())).toBe(b.node.peerId)
  expect((await ask(a.node, [b.node.addresses()[0]!.replace(/\/p2p\/.*/, '')], Buffer.from('by address'))).toString()).toBe('by address')
})

describe('who cannot be reached', () => {
  test('nobody listens', async () => {
    await using a = await testNode()
    await expect(a.node.open(['/ip4/127.0.0.1/tcp/1'], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', exit: 'unreachable', message: 'the peer cannot be reached: connection refused' })
  })

  test('another peer answers', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await using c = await testNode()
    const address = b.node.addresses()[0]!.replace(b.node.peerId, c.node.peerId)
    await expect(a.node.open([address], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', message: expect.stringContaining('another peer') })
  })

  test('it does not speak the protocol', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await expect(a.node.open(b.node.addresses(), PROTOCOL)).rejects.toMatchObject({ code: 'PEER_NO_PROTOCOL', exit: 'unreachable' })
  })

  test('a web server answers', async () => {
    await using a = await testNode()
    const server = net.createServer(socket => { socket.on('error', () => {}).resume().end('HTTP/1.1 400 Bad Request\r\n\r\n') })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const { port } = server.address() as net.AddressInfo
    await expect(a.node.open([`/ip4/127.0.0.1/tcp/${port}`], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    await new Promise(resolve => { server.close(resolve) })
  })

  test('a peer id without a connection, no address, no address at all, itself', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await expect(a.node.open([b.node.peerId], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    await expect(a.node.open([], PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    await expect(a.node.open(['/ip4/nonsense'], PROTOCOL)).rejects.toMatchObject({ code: 'ADDRESS_INVALID', exit: 'usage' })
    await expect(a.node.open(a.node.addresses(), PROTOCOL)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  test('the second address is tried when the first refuses', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await b.node.handle(PROTOCOL, echo, LIMITS)
    const good = b.node.addresses()[0]!
    expect((await ask(a.node, [good.replace(`/tcp/${portOf(good)}`, '/tcp/1'), good], Buffer.from('hi'))).toString()).toBe('hi')
  })

  test('a connection that answers no more is replaced by a new one', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await b.node.handle(PROTOCOL, echo, LIMITS)
    await a.node.connect(b.node.addresses())
    const [old] = a.node.libp2p.getConnections()
    old!.newStream = async () => { throw Object.assign(new Error('no answer'), { name: 'TimeoutError' }) }
    expect((await ask(a.node, b.node.addresses(), Buffer.from('hi'))).toString()).toBe('hi')
    expect(old!.status).not.toBe('open')
  })

  test('an aborted signal is the reason that comes back', async () => {
    await using a = await testNode()
    const silent = net.createServer(socket => { socket.on('error', () => {}) })
    await new Promise<void>(resolve => { silent.listen(0, '127.0.0.1', resolve) })
    const { port } = silent.address() as net.AddressInfo
    const stop = new AbortController()
    const opening = a.node.open([`/ip4/127.0.0.1/tcp/${port}`], PROTOCOL, stop.signal)
    setTimeout(() => { stop.abort(new Error('changed my mind')) }, 50)
    await expect(opening).rejects.toThrow('changed my mind')
    silent.close()
  })
})

describe('streams over the limits', () => {
  test('the one too many is reset, the others live on, and a place becomes free', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await b.node.handle(PROTOCOL, echo, { maxStreams: 3, maxStreamsPerPeer: 2 })
    const opened: ByteChannel[] = []
    const hello = async (): Promise<string> => {
      const channel = await a.node.open(b.node.addresses(), PROTOCOL)
      opened.push(channel)
      await channel.write(Buffer.from('hi'))
      for await (const chunk of channel.source) return Buffer.from(chunk).toString()
      return 'ended'
    }
    expect(await hello()).toBe('hi')
    expect(await hello()).toBe('hi')
    await expect(hello()).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
    await using c = await testNode()
    expect((await ask(c.node, b.node.addresses(), Buffer.from('other peer'))).toString()).toBe('other peer')
    await opened[0]!.closeWrite()
    await readAll(opened[0]!)
    expect(await hello()).toBe('hi')
    for (const channel of opened) channel.abort(new Error('done'))
  })

  test('a handler that throws resets its stream, is logged, and takes nothing down', async () => {
    await using a = await testNode()
    await using b = await testNode()
    let calls = 0
    await b.node.handle(PROTOCOL, async channel => { if (calls++ === 0) throw new Error('my secret plan'); await echo(channel) }, LIMITS)
    await expect(ask(a.node, b.node.addresses(), Buffer.from('hi'))).rejects.toMatchObject({ code: 'PEER_HUNG_UP', message: expect.not.stringContaining('secret') })
    expect((await ask(a.node, b.node.addresses(), Buffer.from('hi'))).toString()).toBe('hi')
    expect(b.log.lines.map(line => line.message)).toContain('a stream was broken off')
  })
})

describe('the port', () => {
  test('is kept for the next start, and another is taken when it is in use', async () => {
    await using a = await testNode()
    const { createNode } = await import('../../src/net/create-node.ts')
    const { PeerKey } = await import('../../src/identity/peer-key.ts')
    const { LOOPBACK_CONFIG, memoryLog } = await import('@ipkit/testkit/test-node')
    const first = portOf(a.node.addresses()[0]!)
    await a.node[Symbol.asyncDispose]()
    const start = async (log = memoryLog()): Promise<Awaited<ReturnType<typeof createNode>>> => await createNode({ key: new PeerKey(randomBytes(32)), config: LOOPBACK_CONFIG, portsFile: `${a.dir}/ports.json`, log, clock: systemClock })
    {
      await using again = await start()
      expect(portOf(again.addresses()[0]!)).toBe(first)
    }
    const squatter = net.createServer()
    await new Promise<void>(resolve => { squatter.listen(first, '127.0.0.1', resolve) })
    const log = memoryLog()
    await using other = await start(log)
    expect(portOf(other.addresses()[0]!)).not.toBe(first)
    expect(log.lines.map(line => line.message)).toEqual([`port ${first} is taken on 127.0.0.1; listening on port ${portOf(other.addresses()[0]!)}`])
    await new Promise(resolve => { squatter.close(resolve) })
  })

  test('IPv4 and IPv6 get the same free port when it is free on both', async () => {
    await using a = await testNode({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0'], announce: ['/ip4/203.0.113.7/tcp/4101'] })
    const [announced, four, six] = a.node.addresses()
    expect(announced).toBe(`/ip4/203.0.113.7/tcp/4101/p2p/${a.node.peerId}`)
    if (six === undefined) return // a machine without IPv6
    expect(portOf(six)).toBe(portOf(four!))
    await using b = await testNode()
    expect(await b.node.connect([six])).toBe(a.node.peerId)
  })

  test('an address that this machine lacks is left out; without any it is an error', async () => {
    await using a = await testNode({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/203.0.113.7/tcp/0'] })
    expect(a.node.addresses().every(address => address.startsWith('/ip4/127.0.0.1/'))).toBe(true)
    await expect(testNode({ listen: ['/ip4/203.0.113.7/tcp/0'] })).rejects.toMatchObject({ code: 'LISTEN_FAILED' })
    await expect(testNode({ listen: ['/ip4/127.0.0.1/udp/0'] })).rejects.toMatchObject({ code: 'LISTEN_INVALID', exit: 'usage' })
  })
})

describe('strangers', () => {
  test('one peer gets sixteen connections, and others still get theirs', async () => {
    await using b = await testNode()
    await using a = await testNode()
    await using c = await testNode()
    const address = multiaddr(b.node.addresses()[0]!)
    for (let i = 0; i < MAX_CONNECTIONS_PER_PEER; i++) await a.node.libp2p.dial(address, { force: true })
    const connectionsOf = (id: string): number => b.node.peers().filter(peer => peer.peerId === id).length
    while (connectionsOf(a.node.peerId) < MAX_CONNECTIONS_PER_PEER) await new Promise(resolve => { setTimeout(resolve, 5) })
    for (let i = 0; i < 3; i++) await a.node.libp2p.dial(address, { force: true }).catch(() => {})
    await c.node.connect(b.node.addresses())
    while (connectionsOf(c.node.peerId) === 0) await new Promise(resolve => { setTimeout(resolve, 5) })
    expect(connectionsOf(a.node.peerId)).toBe(MAX_CONNECTIONS_PER_PEER)
  })

  test('10 MB of garbage on the port harms nobody', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await b.node.handle(PROTOCOL, echo, LIMITS)
    const closed = new Promise<void>(resolve => {
      const socket = net.connect(portOf(b.node.addresses()[0]!), '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => { resolve() })
      socket.end(randomBytes(10 * 1024 * 1024))
    })
    expect((await ask(a.node, b.node.addresses(), Buffer.from('hi'))).toString()).toBe('hi')
    await closed
  })

  test('1,000 silent connections and a peer of one byte a second do not keep a friend out', async () => {
    await using a = await testNode()
    await using b = await testNode()
    await b.node.handle(PROTOCOL, echo, LIMITS)
    const port = portOf(b.node.addresses()[0]!)
    const sockets = await Promise.all(Array.from({ length: 1000 }, async () => await new Promise<net.Socket>((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1', () => { resolve(socket) })
      socket.on('error', reject)
    })))
    const slow = await a.node.open(b.node.addresses(), PROTOCOL)
    await slow.write(Uint8Array.of(1))
    await using c = await testNode()
    expect((await ask(c.node, b.node.addresses(), Buffer.from('hi'))).toString()).toBe('hi')
    slow.abort(new Error('done'))
    // Those that never finish the handshake are thrown out by the node itself.
    await Promise.all(sockets.map(async socket => { if (!socket.destroyed) await new Promise(resolve => { socket.resume(); socket.on('close', resolve) }) }))
  })
})

test('a quiet node asks no router, announces nothing and dials nobody by itself', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const calls: string[] = []
  for (const { node } of [a, b]) {
    for (const routing of [node.libp2p.contentRouting, node.libp2p.peerRouting] as unknown as Array<Record<string, (...args: unknown[]) => unknown>>) {
      for (const name of ['provide', 'cancelReprovide', 'findProviders', 'put', 'get', 'findPeer', 'getClosestPeers']) {
        const original = routing[name]
        if (original === undefined) continue
        routing[name] = (...args) => { calls.push(name); return original.apply(routing, args) }
      }
    }
    expect(Object.keys(node.libp2p.services).sort()).toEqual(['identify', 'identifyPush', 'ping', 'pubsub'])
    expect(node.libp2p.services.pubsub.getTopics()).toEqual([])
  }
  await b.node.handle(PROTOCOL, echo, LIMITS)
  await ask(a.node, b.node.addresses(), Buffer.from('hi'))
  expect(calls).toEqual([])
  expect(b.node.peers().map(peer => peer.direction)).toEqual(['inbound'])
  expect(a.node.libp2p.getDialQueue()).toEqual([])
  expect(a.node.libp2p.getProtocols().filter(protocol => /kad|mdns|circuit|rendezvous/.test(protocol))).toEqual([])
})

test('with the LAN DHT on there is one, and it stays inside the LAN protocol', async () => {
  await using a = await testNode({ lanDht: true })
  expect(a.node.libp2p.getProtocols().filter(protocol => protocol.includes('kad'))).toEqual(['/ipfs/lan/kad/1.0.0'])
})

describe('strangers leave nothing behind in memory', () => {
  test('a peer that left is forgotten', async () => {
    await using b = await testNode()
    const left = new Promise<void>(resolve => { b.node.libp2p.addEventListener('peer:disconnect', () => { resolve() }) })
    {
      await using a = await testNode()
      const identified = new Promise<void>(resolve => { b.node.libp2p.addEventListener('peer:identify', () => { resolve() }) })
      await a.node.connect(b.node.addresses())
      await identified
      expect((await b.node.libp2p.peerStore.all()).map(peer => peer.id.toString())).toEqual([a.node.peerId])
    }
    await left
    expect(await b.node.libp2p.peerStore.all()).toEqual([])
  })
})

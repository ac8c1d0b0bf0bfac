import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { byteChannelCases, type ChannelPair } from '@ipkit/testkit/byte-channel-cases'
import { memoryChannelPair } from '@ipkit/testkit/memory-channel'
import type { Libp2p, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { toLibp2pKey } from '../../src/identity/libp2p-key.ts'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { createLeanLibp2p } from '../../src/net/lean-libp2p.ts'
import { libp2pChannel } from '../../src/net/libp2p-channel.ts'

describe('in memory', () => {
  test.each(byteChannelCases)('$name', async ({ run }) => {
    await run(async () => {
      const [a, b] = memoryChannelPair()
      return { a, b, async [Symbol.asyncDispose] () {} }
    })
  })
})

describe('over tcp, noise and yamux', () => {
  let dialer: Libp2p
  let listener: Libp2p
  let accepted: (stream: Stream) => void = () => {}
  beforeAll(async () => {
    const start = async (listen: string[]): Promise<Libp2p> => {
      const node = await createLeanLibp2p({ privateKey: toLibp2pKey(new PeerKey(randomBytes(32))), listen })
      await node.start()
      return node
    }
    dialer = await start([])
    listener = await start(['/ip4/127.0.0.1/tcp/0'])
    await listener.handle('/test/1.0.0', stream => { accepted(stream) })
  })
  afterAll(async () => { await dialer.stop(); await listener.stop() })

  async function makePair (): Promise<ChannelPair> {
    const arriving = new Promise<Stream>(resolve => { accepted = resolve })
    const a = libp2pChannel(await dialer.dialProtocol(listener.getMultiaddrs(), '/test/1.0.0'), listener.peerId.toString())
    const b = libp2pChannel(await arriving, dialer.peerId.toString())
    return {
      a,
      b,
      async [Symbol.asyncDispose] () {
        await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()])
      },
    }
  }

  test.each(byteChannelCases)('$name', async ({ run }) => { await run(makePair) })

  test('a connection that is lost is an error, not an end', async () => {
    await using pair = await makePair()
    await pair.a.write(Uint8Array.of(1))
    const reading = (async () => { for await (const _ of pair.b.source) { /* on */ } })()
    reading.catch(() => {})
    for (const connection of dialer.getConnections()) connection.abort(new Error('cable pulled'))
    await expect(reading).rejects.toMatchObject({ code: 'PEER_HUNG_UP', exit: 'unreachable' })
    await expect(pair.b.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
    await expect(pair.b.closeWrite()).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
  })

  test('a stream whose peer was done before the channel was made gives everything and ends', async () => {
    const arriving = new Promise<Stream>(resolve => { accepted = resolve })
    await using a = libp2pChannel(await dialer.dialProtocol(listener.getMultiaddrs(), '/test/1.0.0'), '')
    await a.write(Buffer.from('all of it'))
    await a.closeWrite()
    const stream = await arriving
    while (stream.remoteWriteStatus !== 'closed') await new Promise(resolve => { setTimeout(resolve, 5) })
    await using b = libp2pChannel(stream, '')
    let text = ''
    for await (const chunk of b.source) text += Buffer.from(chunk).toString()
    expect(text).toBe('all of it')
  })

  test('a peer that is killed closes its socket without a word: an error as well', async () => {
    const target = Number(listener.getMultiaddrs()[0]!.toString().split('/')[4])
    const sockets: net.Socket[] = []
    const proxy = net.createServer(socket => {
      const onward = net.connect(target, '127.0.0.1')
      sockets.push(socket, onward)
      socket.on('error', () => {}).pipe(onward.on('error', () => {})).pipe(socket)
    })
    await new Promise<void>(resolve => { proxy.listen(0, '127.0.0.1', resolve) })
    const client = await createLeanLibp2p({ privateKey: toLibp2pKey(new PeerKey(randomBytes(32))), listen: [] })
    await client.start()
    const arriving = new Promise<Stream>(resolve => { accepted = resolve })
    const a = libp2pChannel(await client.dialProtocol(multiaddr(`/ip4/127.0.0.1/tcp/${(proxy.address() as net.AddressInfo).port}/p2p/${listener.peerId.toString()}`), '/test/1.0.0'), '')
    const b = libp2pChannel(await arriving, '')
    await a.write(Uint8Array.of(1))
    let read = 0
    const reading = (async () => { for await (const chunk of b.source) read += chunk.length })()
    reading.catch(() => {})
    while (read === 0) await new Promise(resolve => { setTimeout(resolve, 5) })
    for (const socket of sockets) socket.end()
    await expect(reading).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
    for (const socket of sockets) socket.destroy()
    await client.stop()
    await new Promise(resolve => { proxy.close(resolve) })
  })

  test('what nobody reads stays with the sender: a stream that is left alone is not reset', async () => {
    await using pair = await makePair()
    let written = 0
    const writing = (async () => {
      for (; written < 12 * 1024 * 1024; written += 64 * 1024) await pair.a.write(new Uint8Array(64 * 1024))
      await pair.a.closeWrite()
    })()
    await new Promise(resolve => { setTimeout(resolve, 300) })
    expect(written).toBeLessThanOrEqual(512 * 1024) // yamux's first window and a little
    let sizeBytes = 0
    for await (const chunk of pair.b.source) sizeBytes += chunk.length
    await writing
    expect(sizeBytes).toBe(12 * 1024 * 1024)
  })

  test('streams that both sides let go of are gone', async () => {
    for (let i = 0; i < 20; i++) { await using _pair = await makePair() }
    while ([...dialer.getConnections(), ...listener.getConnections()].some(connection => connection.streams.length > 0)) await new Promise(resolve => { setTimeout(resolve, 5) })
  })
})

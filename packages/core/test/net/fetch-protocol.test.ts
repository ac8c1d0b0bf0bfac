import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { fetch as libp2pFetch, type Fetch } from '@libp2p/fetch'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { testNode } from '@ipkit/testkit/test-node'
import { AppError } from '../../src/errors/app-error.ts'
import { toLibp2pKey } from '../../src/identity/libp2p-key.ts'
import { PeerKey } from '../../src/identity/peer-key.ts'
import { FETCH_PROTOCOL } from '../../src/net/fetch-wire.ts'
import { createLeanLibp2p } from '../../src/net/lean-libp2p.ts'
import { MAX_FETCH_VALUE_BYTES } from '../../src/net/limits.ts'

const key = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

test('a key is answered with its bytes and the peer that asks; what is not there is not', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const asked: string[] = []
  b.node.fetchDesk.answer('/ipns/', async (raw, peer) => {
    asked.push(`${Buffer.from(raw).toString('hex')} ${peer}`)
    return raw.at(-1) === 0xff ? Uint8Array.of(1, 2, 3) : undefined
  })
  const raw = Uint8Array.of(...key('/ipns/'), 0x00, 0x24, 0x80, 0xff) // no UTF-8
  expect(await a.node.fetch(b.node.addresses(), raw)).toEqual(Uint8Array.of(1, 2, 3))
  expect(asked).toEqual([`${Buffer.from(raw).toString('hex')} ${a.node.peerId}`])
  expect(await a.node.fetch([b.node.peerId], key('/ipns/none'))).toBeUndefined()
  expect(await a.node.fetch([b.node.peerId], key('/other/x'))).toBeUndefined()
  expect(await b.node.fetch([a.node.peerId], key('/ipns/x'))).toBeUndefined()
  expect(asked.length).toBe(2)
})

test('an empty value and the largest are values; one byte more is our own failure, not told to the peer', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const values: Record<string, Uint8Array> = { '/v/0': new Uint8Array(0), '/v/1': new Uint8Array(randomBytes(MAX_FETCH_VALUE_BYTES)), '/v/2': new Uint8Array(MAX_FETCH_VALUE_BYTES + 1) }
  b.node.fetchDesk.answer('/v/', async raw => values[Buffer.from(raw).toString()])
  expect(await a.node.fetch(b.node.addresses(), key('/v/0'))).toEqual(new Uint8Array(0))
  expect(await a.node.fetch(b.node.addresses(), key('/v/1'))).toEqual(values['/v/1'])
  await expect(a.node.fetch(b.node.addresses(), key('/v/2'))).rejects.toMatchObject({ code: 'PEER_REFUSED' })
  await expect(a.node.fetch(b.node.addresses(), new Uint8Array(0))).rejects.toThrow(RangeError)
})

test('a look-up that throws is logged by code, and its message stays here', async () => {
  await using a = await testNode()
  await using b = await testNode()
  b.node.fetchDesk.answer('/v/', async () => { throw new AppError('DISK_FULL', 'secret path') })
  await expect(a.node.fetch(b.node.addresses(), key('/v/'))).rejects.toMatchObject({ code: 'PEER_REFUSED', message: 'the peer could not look the key up' })
  expect(b.log.lines.map(({ fields }) => fields)).toEqual([{ peer: a.node.peerId, code: 'DISK_FULL' }])
})

test('a prefix is one service\'s, and free again when it is taken back', async () => {
  await using a = await testNode()
  const desk = a.node.fetchDesk
  const end = desk.answer('/ipns/', async () => undefined)
  for (const prefix of ['/ipns/', '/ipns/x', '/', '']) expect(() => desk.answer(prefix, async () => undefined)).toThrow(expect.objectContaining({ code: 'FETCH_PREFIX_TAKEN', exit: 'refused' }))
  desk.answer('/other/', async () => undefined)
  end()
  desk.answer('/ipns/', async () => undefined)
  end() // not its own any more
  expect(() => desk.answer('/ipns/', async () => undefined)).toThrow(expect.objectContaining({ code: 'FETCH_PREFIX_TAKEN' }))
})

describe('a peer that is not one of ours', () => {
  /** libp2p's own implementation. */
  async function foreign (): Promise<AsyncDisposable & { peerId: string, address: string, fetch: Fetch, dial(address: string): Promise<void> }> {
    const seed = new PeerKey(randomBytes(32))
    const node = await createLeanLibp2p<{ fetch: Fetch }>({ privateKey: toLibp2pKey(seed), listen: ['/ip4/127.0.0.1/tcp/0'], services: { fetch: libp2pFetch() } })
    await node.start()
    return { peerId: seed.peerId, address: node.getMultiaddrs()[0]!.toString(), fetch: node.services.fetch, dial: async address => { await node.dial(multiaddr(address)) }, async [Symbol.asyncDispose] () { await node.stop() } }
  }

  test('gets our answers, and we get its', async () => {
    await using a = await testNode()
    await using other = await foreign()
    a.node.fetchDesk.answer('/ipns/', async raw => raw.length === 8 ? key('ours') : undefined)
    other.fetch.registerLookupFunction('/ipns/', async raw => raw.length === 8 ? key('theirs') : undefined)
    await other.dial(a.node.addresses()[0]!)
    const us = peerIdFromString(a.node.peerId)
    expect(await other.fetch.fetch(us, '/ipns/ab')).toEqual(key('ours'))
    expect(await other.fetch.fetch(us, '/ipns/abc')).toBeUndefined()
    expect(await a.node.fetch([other.address], key('/ipns/ab'))).toEqual(key('theirs'))
    expect(await a.node.fetch([other.address], key('/ipns/abc'))).toBeUndefined()
    await expect(a.node.fetch([other.address], key('/none/'))).rejects.toMatchObject({ code: 'PEER_REFUSED' }) // it calls that an error
  })

  test('says nothing, ends, or sends too much', async () => {
    await using a = await testNode()
    await using other = await testNode()
    let act: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void> = async () => {}
    await other.node.unhandle(FETCH_PROTOCOL)
    await other.node.handle(FETCH_PROTOCOL, async channel => { for await (const _ of channel.source) break; await act(async bytes => { await channel.write(bytes) }) }, { maxStreams: 8, maxStreamsPerPeer: 8 })
    const ask = async (signal?: AbortSignal): Promise<unknown> => await a.node.fetch(other.node.addresses(), key('/x/'), signal)
    await expect(ask()).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
    act = async write => { await write(Uint8Array.of(0xff, 0xff, 0x7f)) }
    await expect(ask()).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
    act = async write => { await write(Uint8Array.of(2, 0x08, 0x07)) }
    await expect(ask()).rejects.toMatchObject({ code: 'FETCH_INVALID' })
    act = async write => { await write(Uint8Array.of(9, 0x08)) }
    await expect(ask()).rejects.toMatchObject({ code: 'FRAME_TRUNCATED' })
    act = async () => { await new Promise<void>(resolve => { setTimeout(resolve, 2_000).unref() }) }
    await expect(ask(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  test('asks with garbage, and others are served', async () => {
    await using a = await testNode()
    await using b = await testNode()
    b.node.fetchDesk.answer('/v/', async () => key('there'))
    for (const bytes of [Uint8Array.of(0xff, 0xff, 0xff, 0xff), Uint8Array.of(0), Uint8Array.of(3, 0x08, 0x01, 0x00), new Uint8Array(randomBytes(100))]) {
      await using channel = await a.node.open(b.node.addresses(), FETCH_PROTOCOL)
      await channel.write(bytes).catch(() => {})
      await channel.closeWrite().catch(() => {})
      const got: Uint8Array[] = []
      await (async () => { for await (const chunk of channel.source) got.push(chunk) })().catch(() => {})
      expect(got).toEqual([])
    }
    expect(await a.node.fetch(b.node.addresses(), key('/v/'))).toEqual(key('there'))
  })
})

import { createHash, randomBytes } from 'node:crypto'
import net from 'node:net'
import { describe, expect, test } from '@jest/globals'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { heliaBlockStore } from '../../src/blocks/helia-block-store.ts'
import type { BitswapGate, EphemeralHost } from '../../src/daemon/service.ts'
import { BITSWAP_PROTOCOL, encodeBitswap, MAX_WANTS } from '../../src/net/bitswap-wire.ts'
import { createEphemeralHost } from '../../src/net/ephemeral-host.ts'
import { encodeVarint } from '../../src/net/protobuf-fields.ts'

const cidOf = (bytes: Uint8Array): string => CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()
const deps = { log: memoryLog(), randomBytes: (n: number) => new Uint8Array(randomBytes(n)) }
const LISTEN = { listen: ['/ip4/127.0.0.1/tcp/0'] }

/** A gate that knows some blocks and writes down who asked for what. */
function openGate (...blocks: Uint8Array[]): BitswapGate & { readonly calls: string[] } {
  const byCid = new Map(blocks.map(bytes => [cidOf(bytes), bytes]))
  const calls: string[] = []
  return {
    calls,
    async get (cid, peer, want) { calls.push(`${want} ${cid} ${peer}`); return byCid.get(cid) },
    async sent (cid, peer) { calls.push(`sent ${cid} ${peer}`) },
  }
}

describe('dialling', () => {
  test('each host is another peer, and reaches a service of a node', async () => {
    await using server = await testNode()
    const seen: string[] = []
    await server.node.handle('/ipkit/test/1.0.0', async channel => { seen.push(channel.remotePeer); await channel.write(Uint8Array.of(1)) }, { maxStreams: 4, maxStreamsPerPeer: 2 })
    const hosts: string[] = []
    for (let i = 0; i < 2; i++) {
      await using host = await createEphemeralHost({}, deps)
      expect(host.addresses()).toEqual([])
      await using channel = await host.open(server.node.addresses(), '/ipkit/test/1.0.0')
      for await (const chunk of channel.source) expect([...chunk]).toEqual([1])
      hosts.push(host.peerId)
    }
    expect(seen).toEqual(hosts)
    expect(new Set(hosts).size).toBe(2)
  })
})

describe('serving through a gate, to a real Helia', () => {
  async function withHelia (gate: BitswapGate, run: (host: EphemeralHost, get: (cid: string, ms?: number) => Promise<Uint8Array>, peer: string) => Promise<void>): Promise<void> {
    await using host = await createEphemeralHost({ ...LISTEN, bitswap: gate }, deps)
    await using client = await testNode()
    await using store = await heliaBlockStore({ dir: `${client.dir}/blocks`, libp2p: client.node.libp2p, routed: false })
    await client.node.connect(host.addresses())
    await run(host, async (cid, ms = 60_000) => await store.get(cid, { signal: AbortSignal.timeout(ms) }), client.node.peerId)
  }

  test('it gets the block, and the gate hears of each step', async () => {
    const bytes = randomBytes(1024 * 1024)
    const gate = openGate(bytes)
    await withHelia(gate, async (_host, get, peer) => {
      expect(Buffer.compare(await get(cidOf(bytes)), bytes)).toBe(0)
      await expect(get(cidOf(randomBytes(3)), 500)).rejects.toMatchObject({ name: 'TimeoutError' })
      expect(gate.calls).toContain(`block ${cidOf(bytes)} ${peer}`)
      expect(gate.calls).toContain(`sent ${cidOf(bytes)} ${peer}`)
    })
  })

  test('a gate that serves the first peer only serves nobody else', async () => {
    const bytes = randomBytes(5000)
    let owner: string | undefined
    const gate: BitswapGate = {
      async get (_cid, peer, want) {
        if (want === 'have') return undefined
        owner ??= peer
        return owner === peer ? bytes : undefined
      },
    }
    await using host = await createEphemeralHost({ ...LISTEN, bitswap: gate }, deps)
    const results: string[] = []
    for (let i = 0; i < 2; i++) {
      await using client = await testNode()
      await using store = await heliaBlockStore({ dir: `${client.dir}/blocks`, libp2p: client.node.libp2p, routed: false })
      await client.node.connect(host.addresses())
      results.push(await store.get(cidOf(bytes), { signal: AbortSignal.timeout(1500) }).then(got => `${got.length} bytes`, () => 'nothing'))
    }
    expect(results).toEqual(['5000 bytes', 'nothing'])
  })
})

describe('asking whether a peer has a block', () => {
  test('a real Helia: large, small and missing', async () => {
    await using server = await testNode()
    await using store = await heliaBlockStore({ dir: `${server.dir}/blocks`, libp2p: server.node.libp2p, routed: false })
    const large = randomBytes(100_000)
    const small = randomBytes(10)
    await store.put(cidOf(large), large)
    await store.put(cidOf(small), small)
    await using host = await createEphemeralHost({}, deps)
    expect(await host.bitswapHas(server.node.addresses(), cidOf(large))).toBe(true)
    expect(await host.bitswapHas(server.node.addresses(), cidOf(small))).toBe(true)
    expect(await host.bitswapHas(server.node.addresses(), cidOf(randomBytes(5)))).toBe(false)
    expect(await Promise.all([large, randomBytes(5), small].map(async bytes => await host.bitswapHas(server.node.addresses(), cidOf(bytes))))).toEqual([true, false, true])
  })

  test('our own responder', async () => {
    const bytes = randomBytes(50)
    const gate = openGate(bytes)
    await using server = await createEphemeralHost({ ...LISTEN, bitswap: gate }, deps)
    await using host = await createEphemeralHost({}, deps)
    expect(await host.bitswapHas(server.addresses(), cidOf(bytes))).toBe(true)
    expect(await host.bitswapHas(server.addresses(), cidOf(randomBytes(5)))).toBe(false)
    expect(gate.calls[0]).toBe(`have ${cidOf(bytes)} ${host.peerId}`)
  })

  test('a peer without bitswap, one that is not there, one that is silent', async () => {
    await using plain = await testNode()
    await using host = await createEphemeralHost({}, deps)
    await expect(host.bitswapHas(plain.node.addresses(), cidOf(randomBytes(5)))).rejects.toMatchObject({ code: 'PEER_NO_PROTOCOL' })
    await expect(host.bitswapHas(['/ip4/127.0.0.1/tcp/1'], cidOf(randomBytes(5)))).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
    await plain.node.libp2p.handle(BITSWAP_PROTOCOL, () => {})
    await expect(host.bitswapHas(plain.node.addresses(), cidOf(randomBytes(5)), { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

describe('the same host again', () => {
  test('its seed makes the peer id, and a port that is free is the one that was asked for', async () => {
    const seed = new Uint8Array(randomBytes(32))
    const first = await createEphemeralHost({ ...LISTEN, seed }, deps)
    const { peerId } = first
    const [address] = first.addresses()
    await first[Symbol.asyncDispose]()
    await using again = await createEphemeralHost({ listen: [address!.split('/p2p/')[0]!], seed }, deps)
    expect([again.peerId, again.addresses()]).toEqual([peerId, [address]])
    await using other = await createEphemeralHost({ listen: [address!.split('/p2p/')[0]!] }, deps)
    expect(other.peerId).not.toBe(peerId)
    expect(other.addresses()[0]!.split('/')[4]).not.toBe(address!.split('/')[4])
  })
})

describe('asking for a block', () => {
  test('of a real Helia, of our own responder, and one that is not there', async () => {
    await using server = await testNode()
    await using store = await heliaBlockStore({ dir: `${server.dir}/blocks`, libp2p: server.node.libp2p, routed: false })
    const bytes = randomBytes(1024 * 1024)
    await store.put(cidOf(bytes), bytes)
    await using ours = await createEphemeralHost({ ...LISTEN, bitswap: openGate(bytes) }, deps)
    await using host = await createEphemeralHost({}, deps)
    for (const addresses of [server.node.addresses(), ours.addresses()]) {
      expect(Buffer.compare((await host.bitswapGet(addresses, cidOf(bytes)))!, bytes)).toBe(0)
      expect(await host.bitswapGet(addresses, cidOf(randomBytes(5)))).toBeUndefined()
    }
  })

  test('other bytes than those of the CID are no answer', async () => {
    await using liar = await createEphemeralHost({ ...LISTEN, bitswap: { get: async () => Uint8Array.of(1) } }, deps)
    await using host = await createEphemeralHost({}, deps)
    await expect(host.bitswapGet(liar.addresses(), cidOf(Uint8Array.of(2)), { signal: AbortSignal.timeout(500) })).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

describe('hostile peers', () => {
  async function send (bytes: Uint8Array, gate: BitswapGate): Promise<{ log: ReturnType<typeof memoryLog>, host: EphemeralHost & { stop(): Promise<void> } }> {
    const log = memoryLog()
    const host = await createEphemeralHost({ ...LISTEN, bitswap: gate }, { ...deps, log })
    await using bad = await createEphemeralHost({}, deps)
    const channel = await bad.open(host.addresses(), BITSWAP_PROTOCOL)
    await channel.write(bytes).catch(() => {})
    await channel.closeWrite().catch(() => {})
    try { for await (const _ of channel.source) { /* until it ends */ } } catch { /* or is reset */ }
    return { log, host: Object.assign(host, { stop: async () => { await host[Symbol.asyncDispose]() } }) }
  }
  const framed = (body: Uint8Array): Uint8Array => Buffer.concat([encodeVarint(body.length), body])
  const want = { cid: CID.parse(cidOf(Uint8Array.of(1))).bytes, kind: 'block', cancel: false, sendDontHave: true } as const

  test.each<[string, Uint8Array, string]>([
    ['a message over the limit', encodeVarint(2 ** 27), 'FRAME_TOO_LARGE'],
    ['garbage', framed(randomBytes(1000).fill(0xff)), 'BITSWAP_INVALID'],
    ['a message cut', framed(encodeBitswap({ wants: [want] })).subarray(0, 10), 'FRAME_TRUNCATED'],
    ['too many wants', framed(encodeBitswap({ wants: Array.from({ length: MAX_WANTS + 1 }, () => want) })), 'BITSWAP_INVALID'],
  ])('%s ends the stream, and the gate is not asked', async (_name, bytes, code) => {
    const gate = openGate()
    const { log, host } = await send(bytes, gate)
    expect(log.lines.map(line => line.fields['code'])).toContain(code)
    expect(gate.calls).toEqual([])
    await host.stop()
  })

  test('a want for what is no CID is passed over, the next is answered', async () => {
    const gate = openGate()
    const { log, host } = await send(framed(encodeBitswap({ wants: [{ ...want, cid: Uint8Array.of(1, 2, 3) }, want] })), gate)
    expect(log.lines.map(line => line.fields['code'])).toContain('BITSWAP_INVALID')
    expect(gate.calls.length).toBe(1)
    await host.stop()
  })

  test('a gate that throws costs its peer one answer and nobody else anything', async () => {
    const bytes = randomBytes(2000)
    let calls = 0
    const gate: BitswapGate = { async get () { if (calls++ === 0) throw new Error('disk'); return bytes } }
    const { host } = await send(framed(encodeBitswap({ wants: [want] })), gate)
    await using asker = await createEphemeralHost({}, deps)
    expect(await asker.bitswapHas(host.addresses(), cidOf(bytes))).toBe(true)
    await host.stop()
  })

  test('10 MB of garbage on the port', async () => {
    const bytes = randomBytes(10)
    await using host = await createEphemeralHost({ ...LISTEN, bitswap: openGate(bytes) }, deps)
    await new Promise<void>(resolve => {
      const socket = net.connect(Number(host.addresses()[0]!.split('/')[4]), '127.0.0.1')
      socket.on('error', () => {}).on('close', () => { resolve() }).resume().end(randomBytes(10 * 1024 * 1024))
    })
    await using asker = await createEphemeralHost({}, deps)
    expect(await asker.bitswapHas(host.addresses(), cidOf(bytes))).toBe(true)
  })
})

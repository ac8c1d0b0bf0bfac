import '../../src/time/polyfill.ts'
import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { EphemeralHost } from '../../src/daemon/service.ts'
import { codeOf } from '../../src/errors/code-of.ts'
import type { ByteChannel } from '../../src/net/byte-channel.ts'
import { createEphemeralHost } from '../../src/net/ephemeral-host.ts'
import { BITSWAP_PROTOCOL, encodeBitswap } from '../../src/net/bitswap-wire.ts'
import { MAX_BITSWAP_PENDING_WANTS, MAX_BITSWAP_STREAMS_PER_PEER, MAX_STREAMS_PER_ADDRESS, MAX_WANTLIST_BYTES } from '../../src/net/limits.ts'
import { encodeVarint } from '../../src/net/protobuf-fields.ts'

const PROTOCOL = '/ipkit/test/1.0.0'
const PER_PEER = 8
const newHost = async (options: Parameters<typeof createEphemeralHost>[0] = {}, log = memoryLog()): Promise<EphemeralHost> =>
  await createEphemeralHost(options, { log, randomBytes: n => new Uint8Array(randomBytes(n)) })

test('one address cannot hold all streams of a protocol, by however many peer ids; a place that becomes free is for the next', async () => {
  await using node = await testNode()
  await node.node.handle(PROTOCOL, async channel => { for await (const chunk of channel.source) await channel.write(chunk) }, { maxStreams: 256, maxStreamsPerPeer: PER_PEER })
  const hosts: EphemeralHost[] = []
  const opened: ByteChannel[] = []
  const hello = async (host: EphemeralHost): Promise<string> => {
    const channel = await host.open(node.node.addresses(), PROTOCOL)
    opened.push(channel)
    await channel.write(Buffer.from('hi'))
    for await (const chunk of channel.source) return Buffer.from(chunk).toString()
    return 'ended'
  }
  try {
    for (let i = 0; i <= MAX_STREAMS_PER_ADDRESS / PER_PEER; i++) hosts.push(await newHost())
    const last = hosts.at(-1)!
    for (const host of hosts.slice(0, -1)) for (let i = 0; i < PER_PEER; i++) expect(await hello(host)).toBe('hi')
    expect(opened.length).toBe(MAX_STREAMS_PER_ADDRESS)
    await expect(hello(last)).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
    expect(node.log.lines.map(line => line.fields['ofAddress'])).toEqual([MAX_STREAMS_PER_ADDRESS])

    const [first] = opened
    await first!.closeWrite()
    for await (const _ of first!.source) { /* until the other side has closed too */ }
    expect(await hello(last)).toBe('hi')
  } finally {
    for (const channel of opened) channel.abort(new Error('done'))
    for (const host of hosts) await host[Symbol.asyncDispose]()
  }
})

describe('bitswap', () => {
  const bytes = randomBytes(10)
  const cid = CID.createV1(0x55, createDigest(0x12, createHash('sha256').update(bytes).digest()))
  const listen = { listen: ['/ip4/127.0.0.1/tcp/0'], bitswap: { get: async () => bytes } }

  test('strangers with ever new peer ids cannot fill the memory with messages that never end', async () => {
    const log = memoryLog()
    await using host = await newHost(listen, log)
    const strangers: EphemeralHost[] = []
    const unfinished = Buffer.concat([encodeVarint(MAX_WANTLIST_BYTES), new Uint8Array(100)])
    try {
      for (let i = 0; i < MAX_STREAMS_PER_ADDRESS / MAX_BITSWAP_STREAMS_PER_PEER + 1; i++) strangers.push(await newHost())
      const reset: string[] = []
      for (const stranger of strangers) {
        for (let i = 0; i < MAX_BITSWAP_STREAMS_PER_PEER; i++) {
          const channel = await stranger.open(host.addresses(), BITSWAP_PROTOCOL)
          await channel.write(unfinished).catch(() => {})
          void (async () => { for await (const _ of channel.source); })().catch((e: unknown) => { reset.push(codeOf(e) ?? '') })
        }
      }
      await until(() => reset.length >= MAX_BITSWAP_STREAMS_PER_PEER)
      expect(log.lines.filter(line => line.fields['ofAddress'] === MAX_STREAMS_PER_ADDRESS)).toHaveLength(MAX_BITSWAP_STREAMS_PER_PEER)
      await strangers[0]![Symbol.asyncDispose]()
      await using reader = await newHost()
      expect(await reader.bitswapHas(host.addresses(), cid.toString())).toBe(true)
    } finally {
      for (const stranger of strangers) await stranger[Symbol.asyncDispose]()
    }
  })

  test('a peer that asked for too much at once is answered again afterwards', async () => {
    const log = memoryLog()
    const first = Promise.withResolvers<void>()
    await using host = await newHost({ ...listen, bitswap: { async get () { await first.promise; return undefined } } }, log)
    await using peer = await newHost()
    const message = encodeBitswap({ wants: Array.from({ length: 1000 }, () => ({ cid: cid.bytes, kind: 'have', cancel: false, sendDontHave: false } as const)) })
    const tooMany = MAX_BITSWAP_PENDING_WANTS / 1000
    for (let i = 0; i < 2 * tooMany; i++) await (await peer.open(host.addresses(), BITSWAP_PROTOCOL)).write(Buffer.concat([encodeVarint(message.length), message]))
    await until(() => log.lines.filter(line => line.fields['code'] === 'TOO_MANY_WANTS').length >= tooMany)
    first.resolve()
    expect(await peer.bitswapHas(host.addresses(), cid.toString())).toBe(false)
  })
})

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 500; tries++) await new Promise(resolve => { setTimeout(resolve, 20) })
}

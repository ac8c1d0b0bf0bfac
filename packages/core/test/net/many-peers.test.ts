import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import type { EphemeralHost } from '../../src/daemon/service.ts'
import type { ByteChannel } from '../../src/net/byte-channel.ts'
import { createEphemeralHost } from '../../src/net/ephemeral-host.ts'
import { MAX_STREAMS_PER_ADDRESS } from '../../src/net/limits.ts'

const PROTOCOL = '/ipkit/test/1.0.0'
const PER_PEER = 8

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
    for (let i = 0; i <= MAX_STREAMS_PER_ADDRESS / PER_PEER; i++) hosts.push(await createEphemeralHost({}, { log: memoryLog(), randomBytes: n => new Uint8Array(randomBytes(n)) }))
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

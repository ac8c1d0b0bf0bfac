import { expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { testNode } from '@ipkit/testkit/test-node'
import { zlibSqueeze } from '../../src/adapters/zlib-squeeze.ts'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { Moved } from '../../src/domain/moving/moved.ts'
import { pullRoot } from '../../src/domain/moving/pull-root.ts'
import { MAX_STREAMS, MAX_STREAMS_PER_PEER } from '../../src/domain/wire-limits.ts'
import { answerPeer } from '../../src/protocol.ts'
import { DEDUP_SYNC_PROTOCOL } from '../../src/wire.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { answering, sha256 } from '../moving/memory-net.ts'
import { addFile, readBack } from '../moving/shelved.ts'

test('over TCP between two nodes: a new file, then a change, all bytes of the connection counted', async () => {
  await using source = await testNode()
  await using puller = await testNode()
  const [shelf, here] = [new MemoryShelf(), new MemoryShelf()]
  const side = answering(shelf)
  await source.node.handle(DEDUP_SYNC_PROTOCOL, async (channel, signal) => { await answerPeer(side, channel, signal) }, { maxStreams: MAX_STREAMS, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  const pull = async (root: string, have: readonly string[]): Promise<Moved> => {
    await using session = await here.begin()
    return await pullRoot({
      shelf: here, session, clock: systemClock, sha256, squeeze: zlibSqueeze, signal: new AbortController().signal, onProgress: () => {},
      net: { open: async (peer, signal) => await puller.node.open(peer, DEDUP_SYNC_PROTOCOL, signal), traffic: () => puller.node.traffic() },
    }, { root, have, peers: [source.node.addresses()], dryRun: false })
  }

  const before = streamBytes('over tcp', 20_000_000)
  const old = (await addFile(shelf, before)).cid.toString()
  const first = await pull(old, [])
  expect(Buffer.compare(await readBack(here, old), before)).toBe(0)
  expect(first.receivedBytes).toBeGreaterThan(20_000_000)
  expect(first.receivedBytes).toBeLessThan(20_000_000 * 1.02)

  const after = Buffer.concat([before.subarray(0, 5), Buffer.from('x'), before.subarray(5, 10_000_000), Buffer.from('y'), before.subarray(10_000_000)])
  const root = (await addFile(shelf, after)).cid.toString()
  const second = await pull(root, [old])
  expect(Buffer.compare(await readBack(here, root), after)).toBe(0)
  expect(second.roundTrips).toBe(1)
  expect(second.receivedBytes + second.sentBytes).toBeGreaterThan(0)
  expect(second.receivedBytes + second.sentBytes).toBeLessThan(1500)
})

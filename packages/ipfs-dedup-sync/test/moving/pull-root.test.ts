import { describe, expect, test } from '@jest/globals'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { answering, MemoryNet, pull } from './memory-net.ts'
import { addFile, addParts, readBack } from './shelved.ts'

describe('a root from one peer', () => {
  test('that is new here', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const bytes = streamBytes('new', 9_000_000)
    const root = (await addFile(source, bytes)).cid.toString()
    await using net = new MemoryNet({ source: { side: answering(source) } })
    const moved = await pull(net, here, root)
    expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
    expect([...here.blocks.keys()].sort()).toEqual([...source.blocks.keys()].sort())
    expect(moved.newBytes).toBe([...source.blocks.values()].reduce((sum, block) => sum + block.length, 0))
    expect(moved.receivedBytes).toBeLessThan(moved.newBytes * 1.01)
  })

  test('in which a block occurs many times: it comes once', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const bytes = Buffer.concat(Array.from({ length: 20 }, (_, i) => [new Uint8Array(300_000), streamBytes(`part ${i}`, 200_000)]).flat())
    const root = (await addFile(source, bytes)).cid.toString()
    await using net = new MemoryNet({ source: { side: answering(source) } })
    const moved = await pull(net, here, root)
    expect(Buffer.compare(await readBack(here, root), bytes)).toBe(0)
    expect(moved.receivedBytes).toBeLessThan(moved.newBytes * 1.01)
    expect(moved.newBytes).toBeLessThan(6_500_000)
  })

  test('three characters changed: a few hundred bytes, one round trip', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const before = streamBytes('edits', 20_000_000)
    const after = Buffer.concat([before.subarray(0, 5), Buffer.from('x'), before.subarray(5, 10_000_000), Buffer.from('y'), before.subarray(10_000_000, 19_999_000), Buffer.from('z'), before.subarray(19_999_000)])
    const old = (await addFile(source, before)).cid.toString()
    await addFile(here, before)
    const root = (await addFile(source, after)).cid.toString()
    await using net = new MemoryNet({ source: { side: answering(source) } })
    const moved = await pull(net, here, root, { have: [old] })
    expect(Buffer.compare(await readBack(here, root), after)).toBe(0)
    expect(moved.roundTrips).toBe(1)
    expect(moved.receivedBytes + moved.sentBytes).toBeLessThan(600)
  })

  test('with content, corrections and recipe', async () => {
    const [source, here] = [new MemoryShelf(), new MemoryShelf()]
    const parts = (seed: string): { content: Uint8Array, corrections: Uint8Array, recipe: Uint8Array } =>
      ({ content: Buffer.concat([Buffer.from(seed), streamBytes('content', 3_000_000)]), corrections: streamBytes(seed, 100_000), recipe: Buffer.concat([streamBytes('recipe', 900), Buffer.from(seed)]) })
    const old = await addParts(source, parts('one'))
    await addParts(here, parts('one'))
    const root = await addParts(source, parts('two'))
    await using net = new MemoryNet({ source: { side: answering(source) } })
    const moved = await pull(net, here, root, { have: [old] })
    for (const name of ['content', 'corrections', 'recipe'] as const) expect(Buffer.compare(await readBack(here, root, name), parts('two')[name])).toBe(0)
    expect(moved.roundTrips).toBe(1)
    expect(moved.receivedBytes).toBeLessThan(101_000)
  })
})

import { describe, expect, test } from '@jest/globals'
import type { PeerId } from '@libp2p/interface'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import { MAX_PUBSUB_MESSAGE_BYTES, MAX_TOPICS_HEARD } from '../../src/net/limits.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
async function until (met: () => boolean): Promise<void> { while (!met()) await new Promise(resolve => { setTimeout(resolve, 5) }) }
const hears = async (node: TestNode, topic: string, ...listeners: TestNode[]): Promise<void> => {
  await until(() => listeners.every(listener => node.node.pubsub.listeners(topic).includes(listener.node.peerId)))
}
/** Messages as text, with who signed them. */
function inbox (at: TestNode, topic: string): { got: string[], end: () => void } {
  const got: string[] = []
  return { got, end: at.node.pubsub.subscribe(topic, ({ from, data }) => { got.push(`${Buffer.from(data).toString()} of ${from}`) }) }
}
/** What gossipsub itself keeps of a node's peers. */
const kept = ({ node }: TestNode, topic: string): string[] => node.libp2p.services.pubsub.getSubscribers(topic).map(String)

test('a message gets to those who listen, signed by its author, and to nobody else', async () => {
  await using a = await testNode()
  await using b = await testNode()
  await using c = await testNode()
  const atB = inbox(b, 'news')
  const atC = inbox(c, 'other')
  await a.node.connect(b.node.addresses())
  await a.node.connect(c.node.addresses())
  await hears(a, 'news', b)
  await hears(a, 'other', c)
  expect(await a.node.pubsub.publish('news', bytes('hi'))).toBe(1)
  expect(await a.node.pubsub.publish('none', bytes('nobody'))).toBe(0)
  expect(await a.node.pubsub.publish('other', bytes('c only'))).toBe(1)
  await until(() => atB.got.length > 0 && atC.got.length > 0)
  expect([atB.got, atC.got]).toEqual([[`hi of ${a.node.peerId}`], [`c only of ${a.node.peerId}`]])
  expect(a.node.pubsub.listeners('news')).toEqual([b.node.peerId])
})

test('who listened long before we asked for the topic is known to listen, and to hear us', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const atB = inbox(b, 'old')
  await a.node.connect(b.node.addresses())
  await hears(a, 'old', b)
  expect(kept(a, 'old')).toEqual([])
  const atA = inbox(a, 'old')
  expect(kept(a, 'old')).toEqual([b.node.peerId])
  await hears(b, 'old', a)
  expect(await a.node.pubsub.publish('old', bytes('from a'))).toBe(1)
  expect(await b.node.pubsub.publish('old', bytes('from b'))).toBe(1)
  await until(() => atA.got.length + atB.got.length === 2)
  expect([atA.got, atB.got]).toEqual([[`from b of ${b.node.peerId}`], [`from a of ${a.node.peerId}`]])
})

test('three in a row: the one in the middle, which listens, passes it on', async () => {
  await using a = await testNode()
  await using b = await testNode()
  await using c = await testNode()
  const boxes = [inbox(a, 't'), inbox(b, 't'), inbox(c, 't')]
  await a.node.connect(b.node.addresses())
  await b.node.connect(c.node.addresses())
  await hears(b, 't', a, c)
  await until(() => (b.node.libp2p.services.pubsub as unknown as { getMeshPeers(topic: string): string[] }).getMeshPeers('t').length === 2)
  await a.node.pubsub.publish('t', bytes('through'))
  await until(() => boxes[2]!.got.length === 1)
  expect(boxes.map(({ got }) => got.length)).toEqual([0, 1, 1])
})

test('two handlers of one topic both get it; when the last is gone the peer hears that nobody listens, and nothing is kept', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const [one, two] = [inbox(b, 't'), inbox(b, 't')]
  await a.node.connect(b.node.addresses())
  await hears(a, 't', b)
  await a.node.pubsub.publish('t', bytes('1'))
  await until(() => one.got.length === 1 && two.got.length === 1)
  one.end()
  one.end()
  await a.node.pubsub.publish('t', bytes('2'))
  await until(() => two.got.length === 2)
  expect(one.got.length).toBe(1)
  two.end()
  await until(() => a.node.pubsub.listeners('t').length === 0)
  expect([kept(a, 't'), kept(b, 't')]).toEqual([[], []])
})

test('a handler that throws is logged, and the next message comes', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const { got } = inbox(b, 't')
  b.node.pubsub.subscribe('t', () => { throw new Error('handler') })
  await a.node.connect(b.node.addresses())
  await hears(a, 't', b)
  for (const text of ['1', '2']) await a.node.pubsub.publish('t', bytes(text))
  await until(() => got.length === 2)
  expect(b.log.lines.filter(line => line.message === 'a pubsub handler failed').length).toBe(2)
})

test('new listeners are told of, each topic of each once', async () => {
  await using a = await testNode()
  await using b = await testNode()
  const told: string[] = []
  const end = a.node.pubsub.onListener((peer, topic) => { told.push(`${topic} ${peer === b.node.peerId}`) })
  const one = inbox(b, 'one')
  await a.node.connect(b.node.addresses())
  await hears(a, 'one', b)
  inbox(b, 'two')
  await hears(a, 'two', b)
  one.end()
  await until(() => a.node.pubsub.listeners('one').length === 0)
  inbox(b, 'one')
  await hears(a, 'one', b)
  expect(told).toEqual(['one true', 'two true', 'one true'])
  end()
  inbox(b, 'three')
  await hears(a, 'three', b)
  expect(told.length).toBe(3)
})

describe('strangers leave nothing behind in memory', () => {
  test('topics that no tool has asked for are not kept, and those of a peer that left are forgotten', async () => {
    await using b = await testNode()
    {
      await using a = await testNode()
      await a.node.connect(b.node.addresses())
      for (const topic of ['flood 1', 'flood 2']) inbox(a, topic)
      await hears(b, 'flood 2', a)
      expect(['flood 1', 'flood 2'].map(topic => kept(b, topic).length)).toEqual([0, 0])
    }
    await until(() => b.node.pubsub.listeners('flood 1').length === 0)
  })

  test('of endless topics of one peer a bounded number is noted, and a topic that is in use still works', async () => {
    await using a = await testNode()
    await using b = await testNode()
    const atB = inbox(b, 'in use')
    await a.node.connect(b.node.addresses())
    for (let i = 0; i < MAX_TOPICS_HEARD + 50; i++) a.node.libp2p.services.pubsub.subscribe(`flood ${i}`)
    await until(() => b.node.pubsub.listeners(`flood ${MAX_TOPICS_HEARD - 1}`).length === 1)
    const atA = inbox(a, 'in use')
    await until(() => kept(b, 'in use').length === 1)
    expect(b.node.pubsub.listeners(`flood ${MAX_TOPICS_HEARD + 49}`)).toEqual([])
    await b.node.pubsub.publish('in use', bytes('still'))
    await until(() => atA.got.length === 1)
    expect(atB.got).toEqual([])
  })

  test('what a peer sent and left behind is not noted: it would never be forgotten', async () => {
    await using a = await testNode()
    const gossip = a.node.libp2p.services.pubsub as unknown as { handleReceivedRpc(from: PeerId, rpc: object): Promise<void> }
    const say = async (from: PeerId, topic: string): Promise<void> => { await gossip.handleReceivedRpc(from, { subscriptions: [{ topic, subscribe: true }], messages: [] }) }
    const atA = inbox(a, 'late')
    let gone: PeerId
    {
      await using b = await testNode()
      await b.node.connect(a.node.addresses())
      await until(() => a.node.peers().length === 1)
      gone = b.node.libp2p.peerId
      await say(gone, 'early')
      expect(a.node.pubsub.listeners('early')).toEqual([gone.toString()])
    }
    await until(() => a.node.peers().length === 0)
    await say(gone, 'late')
    expect([a.node.pubsub.listeners('early'), a.node.pubsub.listeners('late'), kept(a, 'late')]).toEqual([[], [], []])
    atA.end()
  })

  test('a message over the limit never comes, and the next one does', async () => {
    await using a = await testNode()
    await using b = await testNode()
    const sizes: number[] = []
    b.node.pubsub.subscribe('t', ({ data }) => { sizes.push(data.length) })
    await a.node.connect(b.node.addresses())
    await hears(a, 't', b)
    await expect(a.node.pubsub.publish('t', new Uint8Array(MAX_PUBSUB_MESSAGE_BYTES + 1))).rejects.toThrow(RangeError)
    inbox(a, 't') // so that its gossipsub takes the large one too
    await a.node.libp2p.services.pubsub.publish('t', new Uint8Array(MAX_PUBSUB_MESSAGE_BYTES + 1))
    await a.node.pubsub.publish('t', new Uint8Array(MAX_PUBSUB_MESSAGE_BYTES))
    await until(() => sizes.length === 1)
    expect(sizes).toEqual([MAX_PUBSUB_MESSAGE_BYTES])
  })
})

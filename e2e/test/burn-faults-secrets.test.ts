import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readSlot } from '@ipkit/core/storage/erasable-slot'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import type { Person } from '@ipkit/testkit/person'
import { TcpProxy } from '@ipkit/testkit/tcp-proxy'
import { testNode } from '@ipkit/testkit/test-node'
import { addMessage, BurnScene, filesWith, getMessage, inboxFolder, killNode, listFolder, messageFolder, portOf, statusOf, until } from '../faults/burn-scene.ts'
import { armed } from '../faults/kill-point.ts'

const BITSWAP = ['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap', '/ipfs/kad/1.0.0', '/ipfs/lan/kad/1.0.0'] as const
const TEXT = 'the treasure lies forty paces north of the old oak'

let scene: BurnScene
let alice: Person
let bob: Person
beforeAll(async () => {
  scene = new BurnScene()
  alice = await scene.person('alice')
  bob = await scene.person('bob')
})
afterAll(async () => { await scene[Symbol.asyncDispose]() })

/** As it may stand in a file. */
const forms = (secret: Uint8Array): Array<string | Buffer> => {
  const bytes = Buffer.from(secret)
  return [bytes, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')]
}
const secretOf = (link: string): Uint8Array => Buffer.from(link.slice(link.indexOf('#') + 1), 'base64url').subarray(2, 34)

/** In arguments and environments of both nodes. */
const inProcesses = (needles: ReadonlyArray<string | Buffer>): string[] => [alice, bob].flatMap(who => nodeProcesses(who.home)).flatMap(pid => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
  .filter(file => { const bytes = readFileSync(file); return needles.some(needle => bytes.includes(needle)) })
const inFiles = (needles: ReadonlyArray<string | Buffer>): string[] => filesWith(scene.folder, needles)

describe('at rest', () => {
  test('before, in the middle and after a read: D is in its slot until the read and then nowhere, L and the text nowhere at all', async () => {
    const { id, link } = await addMessage(alice, TEXT)
    await using proxy = await TcpProxy.to(portOf(link))
    const slot = path.join(messageFolder(alice, id), 'slot')
    const D = forms((await readSlot(slot))!)
    const never = [...forms(secretOf(link)), link.slice(link.indexOf('#') + 1), TEXT]
    const onlySlot = [path.relative(scene.folder, slot)]
    expect([inFiles(D), inFiles(never), inProcesses([...D, ...never])]).toEqual([onlySlot, [], []])

    // Both nodes end the moment the sender's answer is on the reader's disk.
    const watch = armed({ kind: 'file', event: 'reader: answer', afterMs: 0 }, { sender: alice, reader: bob, id, proxy }, () => { killNode(bob); killNode(alice) })
    const cutShort = await getMessage(bob, link, ['--address', proxy.address, '-o', 'out'])
    watch.stop()
    if (cutShort.exit !== 0) { // else it was over before
      expect([existsSync(path.join(inboxFolder(bob, id), 'key')), inFiles(D), inFiles(never)]).toEqual([true, onlySlot, []])
    }
    await alice.run('burn', ['ls'])
    expect(inProcesses([...D, ...never])).toEqual([])
    const again = await getMessage(bob, link, ['--address', proxy.address])
    expect([again.exit, again.stdout]).toEqual(cutShort.exit === 0 ? [4, ''] : [0, TEXT])
    expect((await statusOf(alice, id)).state).toBe('read')
    expect([listFolder(messageFolder(alice, id)), listFolder(inboxFolder(bob, id))]).toEqual([['log'], []])
    expect([inFiles(D), inFiles(never).filter(file => file !== path.relative(scene.folder, path.join(bob.folder, 'out'))), inProcesses([...D, ...never])]).toEqual([[], [], []])
  })

  test.each([['revoked', ['rm']], ['expired', []]] as const)('%s: D is nowhere any more', async (state, [command]) => {
    const { id, link } = await addMessage(alice, TEXT, command === undefined ? ['--expires', '2s'] : [])
    const D = forms((await readSlot(path.join(messageFolder(alice, id), 'slot')))!)
    if (command !== undefined) await alice.run('burn', [command, id])
    await until(async () => (await statusOf(alice, id)).state, seen => seen === state)
    await until(() => listFolder(messageFolder(alice, id)), files => files.join() === 'log')
    expect([inFiles(D), (await getMessage(bob, link)).exit]).toEqual([[], 4])
  })
})

test('a peer that is connected to both nodes hears nothing of a message: no bitswap, no DHT, no pubsub, and no blocks are kept', async () => {
  await using eve = await testNode()
  const heard: string[] = []
  for (const protocol of BITSWAP) {
    await eve.node.libp2p.handle(protocol, stream => { heard.push(protocol); stream.abort(new Error('heard')) })
  }
  const { pubsub } = eve.node.libp2p.services
  pubsub.addEventListener('subscription-change', ({ detail }) => { if (detail.subscriptions.length > 0) heard.push('a subscription') })
  pubsub.addEventListener('message', () => { heard.push('a message') })
  for (const who of [alice, bob]) expect((await who.run('ipkit', ['connect', eve.node.addresses()[0]!])).exit).toBe(0)
  const { link } = await addMessage(alice, Buffer.alloc(3_000_000, 5))
  expect((await getMessage(bob, link, ['-o', 'quiet'])).exit).toBe(0)
  expect(heard).toEqual([])
  expect(eve.node.peers().length).toBe(2) // still there, so it would have heard
  for (const who of [alice, bob]) expect(listFolder(path.join(who.home, 'blocks'))).toEqual([])
})

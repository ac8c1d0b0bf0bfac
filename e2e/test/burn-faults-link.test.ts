import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { STREAM_WINDOW_BYTES } from '@ipkit/core/net/limits'
import type { Person } from '@ipkit/testkit/person'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import { TcpProxy } from '@ipkit/testkit/tcp-proxy'
import { walkOrder } from '@ipkit/testkit/walk-order'
import { LEAF_BYTES } from '../../packages/burn-cli/src/domain/limits.ts'
import { parseBurnLink } from '../../packages/burn-cli/src/domain/link.ts'
import { addMessage, BurnScene, getMessage, inboxFolder, killNode, listFolder, portOf, statusOf } from '../faults/burn-scene.ts'
import { cleanUp, soak, tally } from '../soak/burn-cuts.soak.ts'

const CUTS = 30
const SIZE = 40_000_000 // much more than may be on its way when the sender dies: a window of 2 MiB and a leaf of 1 MiB

let scene: BurnScene
let alice: Person
let bob: Person
beforeAll(async () => {
  scene = new BurnScene()
  alice = await scene.person('alice')
  bob = await scene.person('bob')
})
afterAll(async () => {
  await cleanUp()
  await scene[Symbol.asyncDispose]()
})

describe('the connection', () => {
  test(`cut at ${CUTS} bytes of the conversation, before the claim and after it: the same command then gets the message`, async () => {
    const places = walkOrder(1, await soak.lengths()).slice(0, CUTS)
    for (const place of places) await expect(soak.round(place).then(() => place)).resolves.toBe(place)
    expect(tally.beforeClaim).toBeGreaterThan(CUTS / 2)
    expect(tally.claimed + tally.acked).toBeGreaterThan(0)
  }, CUTS * 30_000)
})

describe('the sender', () => {
  test.each([['on the same port', false], ['at another port', true]])('killed in the middle of 40 MB, back %s: what was fetched is not fetched again', async (_title, moves) => {
    const content = randomBytes(SIZE)
    const { id, link } = await addMessage(alice, content)
    await using proxy = await TcpProxy.to(portOf(link))
    proxy.at('down', SIZE / 2, () => { killNode(alice) })
    const there = ['-q', '-o', 'out', '--force', '--address', proxy.address]
    const first = await getMessage(bob, link, there)
    expect([first.exit, first.stderr]).toEqual([5, expect.stringContaining('what was fetched is kept')])
    expect(listFolder(inboxFolder(bob, id))).toEqual(['content', 'hashes', 'layout'])

    const port = moves ? await freePort() : portOf(link)
    const env: Record<string, string> = moves ? { IPKIT_LISTEN: `/ip4/127.0.0.1/tcp/${port}` } : {}
    const { addresses } = await alice.json<{ addresses: string[] }>('ipkit', ['id'], { env })
    await alice.run('burn', ['ls'], { env })
    expect(addresses).toEqual([expect.stringContaining(`/tcp/${port}/`)])
    if (moves) {
      expect((await getMessage(bob, link, ['-q', '-o', 'out', '--force'])).exit).toBe(5)
      expect(listFolder(inboxFolder(bob, id))).toEqual(['content', 'hashes', 'layout'])
    }
    proxy.reset(port)
    expect(await getMessage(bob, link, there)).toMatchObject({ exit: 0 })
    expect(readFileSync(path.join(bob.folder, 'out')).equals(content)).toBe(true)
    expect(proxy.passed.down).toBeGreaterThan(SIZE / 3)
    // Of the first half is lost: what the stream's window lets be under way, a leaf that was not whole, one that was not stored; and framing is sent besides.
    expect(proxy.passed.down).toBeLessThan(SIZE / 2 + STREAM_WINDOW_BYTES + 2 * LEAF_BYTES + SIZE / 50)
    expect((await statusOf(alice, id)).state).toBe('read')
    await alice.run('ipkit', ['stop'])
  })

  test('named by two addresses: the one that answers is used', async () => {
    const port = await freePort()
    const here = await addMessage(alice, 'over here')
    await using proxy = await TcpProxy.to(portOf(here.link))
    const { link } = await addMessage(alice, 'over here too', ['--address', `/ip4/127.0.0.1/tcp/${port}`, '--address', proxy.address])
    expect(await getMessage(bob, link)).toMatchObject({ exit: 0, stdout: 'over here too' })
    expect((await alice.run('burn', ['rm', here.id])).exit).toBe(0)
  })
})

describe('one bit of the link flipped', () => {
  test('one clear line, exit 2, and nothing is dialled', async () => {
    const probe = await addMessage(alice, 'probe')
    await using proxy = await TcpProxy.to(portOf(probe.link))
    const { id, link } = await addMessage(alice, 'unharmed', ['--address', proxy.address])
    const random = seededRandom(4)
    const [p2p, cid, fragment] = [link.indexOf('/p2p/') + 5, link.indexOf('/baf') + 1, link.indexOf('#') + 1]
    const places = [
      ...[0, 1, 2].map(() => random.below(fragment)),
      ...[0, 1].map(() => p2p + random.below(cid - 1 - p2p)),
      ...[0, 1].map(() => cid + random.below(fragment - 1 - cid)),
      ...[0, 1, 2].map(() => fragment + random.below(link.length - fragment)), link.length - 1,
    ]
    for (const place of places) {
      const flipped = flip(link, place, random.below(7))
      const ran = await getMessage(bob, flipped)
      expect([place, ran.exit, ran.stdout, ran.stderr]).toEqual([place, 2, '', expect.stringMatching(/^burn: error: .+\n(burn: hint: .+\n)*$/)])
      expect(ran.stderr).not.toContain(link.slice(fragment))
    }
    expect(proxy.passed).toEqual({ up: 0, down: 0 })
    expect((await statusOf(alice, id)).state).toBe('unread')
    expect((await getMessage(bob, link)).stdout).toBe('unharmed')
  })

  test('every bit of every character is noticed', async () => {
    const { link } = await addMessage(alice, 'x')
    const unnoticed: string[] = []
    for (let place = 0; place < link.length; place++) {
      for (let bit = 0; bit < 7; bit++) {
        try { parseBurnLink(flip(link, place, bit)); unnoticed.push(`bit ${bit} of character ${place}`) } catch (e) { expect(e).toMatchObject({ exit: 'usage' }) }
      }
    }
    expect(unnoticed).toEqual([])
  })
})

const flip = (link: string, place: number, bit: number): string => link.slice(0, place) + String.fromCharCode(link.charCodeAt(place) ^ (1 << bit)) + link.slice(place + 1)

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as { port: number }
  await new Promise(resolve => { server.close(resolve) })
  return port
}

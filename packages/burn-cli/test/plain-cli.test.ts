import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import type { CliRun } from '@ipkit/testkit/run-cli/run-cli'
import { runBurn, type BurnRun } from './run-burn.ts'
import { serviceHome, type ServiceHome } from './service-home.ts'

let dir: string
let sender: ServiceHome
let reader: ServiceHome
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'burn-plain-'))
  sender = await serviceHome()
  reader = await serviceHome()
})
afterEach(async () => {
  await sender[Symbol.asyncDispose]()
  await reader[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

const run = async (home: ServiceHome, argv: readonly string[], options?: BurnRun): Promise<CliRun> => await runBurn({ dir, clock: systemClock }, home, argv, options)
const file = (name: string, content: Uint8Array): string => { writeFileSync(path.join(dir, name), content); return name }
async function add (content: Uint8Array, ...more: string[]): Promise<{ id: string, link: string, cid: string }> {
  const { exit, stdout, stderr } = await run(sender, ['add', '--plain', file('song.mp3', content), '--json', ...more])
  expect([exit, stderr]).toEqual([0, stderr])
  return JSON.parse(stdout) as { id: string, link: string, cid: string }
}

describe('burn add --plain', () => {
  test('says once that nothing is encrypted, and prints a link that names a peer and a port of its own', async () => {
    const { exit, stdout, stderr } = await run(sender, ['add', '--plain', file('song.mp3', randomBytes(10))])
    expect(exit).toBe(0)
    const [, ip, port, peer] = /^ipfs:\/\/([0-9.]+)\/tcp\/([0-9]+)\/p2p\/([^/]+)\/bafy[a-z0-9]+\n$/.exec(stdout) ?? []
    expect(ip).toBe('127.0.0.1')
    expect([port, peer]).not.toEqual([sender.net.node.addresses()[0]!.split('/')[4], sender.net.node.peerId])
    expect(stderr.match(/not encrypted/g)?.length).toBe(1)
    expect(stderr).toMatch(/ipfs swarm connect \/ip4\/127\.0\.0\.1\/tcp\/[0-9]+\/p2p\//)
  })

  test.each([['--passphrase'], ['--to', 'x'], ['--web'], ['--reads', '2'], ['--strict'], ['--volatile'], ['--no-pad']])('%s does not go with it', async (...options) => {
    const { exit, stderr } = await run(sender, ['add', '--plain', file('a', randomBytes(10)), ...options])
    expect([exit, stderr]).toEqual([2, expect.stringContaining(`${options[0]!} does not go with --plain`)])
    expect(readdirSync(path.join(sender.dataDir, 'plain'))).toEqual([])
  })

  test('a name that the folder has already, an empty file', async () => {
    expect((await run(sender, ['add', '--plain', file('burn-random', randomBytes(10))])).exit).toBe(2)
    expect((await run(sender, ['add', '--plain', file('empty', new Uint8Array(0))])).exit).toBe(2)
  })

  test('ls, status and rm treat it like any message; rm takes the link too', async () => {
    const { id, link } = await add(randomBytes(10))
    expect(JSON.parse((await run(sender, ['ls', '--json'])).stdout)).toMatchObject({ id, kind: 'plain', state: 'unread', sizeBytes: 10, name: 'song.mp3' })
    expect((await run(sender, ['status', id])).stdout).toMatch(/plain: for any IPFS client/)
    const removed = await run(sender, ['rm', '-', '--json'], { stdin: link })
    expect([removed.exit, JSON.parse(removed.stdout)]).toMatchObject([0, { id, state: 'revoked' }])
    expect((await run(sender, ['rm', id])).exit).toBe(4)
    expect((await run(reader, ['rm', '-'], { stdin: link })).exit).toBe(8)
    expect((await run(reader, ['get', link, '-o', 'x'])).exit).toBe(5)
  })
})

describe('burn get, of a plain message', () => {
  test.each([['of one leaf', 1000], ['of several', 2_500_000]])('a file %s goes over once, and the sender sees its end', async (_what, size) => {
    const content = randomBytes(size)
    const { id, cid, link } = await add(content)
    const got = await run(reader, ['get', '-', '-o', 'got', '--json'], { stdin: link })
    if (got.exit !== 0) throw new Error(got.stderr)
    expect(JSON.parse(got.stdout)).toEqual({ id: cid, file: 'got', sizeBytes: size, name: 'song.mp3', kind: 'plain' })
    expect(Buffer.compare(readFileSync(path.join(dir, 'got')), content)).toBe(0)
    expect(JSON.parse((await run(sender, ['status', id, '--json'])).stdout)).toMatchObject({ state: 'claimed', claimedAt: expect.any(String) })
    const second = await run(reader, ['get', link, '-o', 'again'])
    expect([second.exit, second.stderr]).toEqual([4, expect.stringMatching(/asked for it first/)])
    expect(readdirSync(dir)).not.toContain('again')
    expect([reader.blocks.size, sender.blocks.size]).toEqual([0, 0])
  })

  test('under its own name, and to standard output', async () => {
    const named = await run(reader, ['get', (await add(Buffer.from('hello'))).link, '-o', '.'])
    expect(named.stdout).toBe('song (2).mp3\n')
    expect((await run(reader, ['get', (await add(Buffer.from('hello'))).link, '-o', '-'])).stdout).toBe('hello')
  })

  test('on a terminal it asks before anything is fetched', async () => {
    const { id, link } = await add(Buffer.from('hello'))
    const tty = { stdin: true, stdout: true, stderr: true }
    const no = await run(reader, ['get', link, '-o', 'got'], { tty, answers: [''] })
    expect([no.exit, no.stderr]).toEqual([1, expect.stringMatching(/fetching it is reading it[^]*nothing was used up/)])
    expect(JSON.parse((await run(sender, ['status', id, '--json'])).stdout)).toMatchObject({ state: 'unread' })
    expect((await run(reader, ['get', link, '-o', 'got'], { tty, answers: ['y'] })).exit).toBe(0)
    expect(readFileSync(path.join(dir, 'got'), 'utf8')).toBe('hello')
  })

  test('a link whose end after # was lost is not taken for one', async () => {
    const { stdout } = await run(sender, ['add', file('big', randomBytes(2_000_000))])
    const got = await run(reader, ['get', stdout.trim().split('#')[0]!, '-o', 'x'])
    expect([got.exit, got.stderr]).toEqual([2, expect.stringMatching(/after it/)])
  })
})

test('no router is asked for add, get and find', async () => {
  const asked: string[] = []
  // The classes behind every libp2p host of this process, the throw-away ones too. A host copies their methods when it is made.
  const restore = [sender.net.node.libp2p.contentRouting, sender.net.node.libp2p.peerRouting].map(routing => {
    const shared = Object.getPrototypeOf(routing) as Record<string, unknown>
    const before = Object.getOwnPropertyDescriptors(shared)
    for (const name of ['findProviders', 'provide', 'cancelReprovide', 'put', 'get', 'findPeer', 'getClosestPeers']) {
      if (name in shared) shared[name] = () => { asked.push(name); throw new Error('no router') }
    }
    return () => { Object.defineProperties(shared, before) }
  })
  try {
    await sender[Symbol.asyncDispose]()
    await reader[Symbol.asyncDispose]()
    sender = await serviceHome()
    reader = await serviceHome()
    const plain = await add(randomBytes(1000))
    const sealed = (await run(sender, ['add', file('b', randomBytes(1000))])).stdout.trim()
    const at = sender.net.node.addresses()[0]!
    expect((await run(reader, ['find', plain.link, at, `/ip4/127.0.0.1/tcp/${plain.link.split('/')[4]!}`])).exit).toBe(0)
    expect((await run(reader, ['find', sealed, at])).exit).toBe(0)
    expect((await run(reader, ['get', plain.link, '-o', 'one'])).exit).toBe(0)
    expect((await run(reader, ['get', sealed, '-o', 'two'])).exit).toBe(0)
    expect(asked).toEqual([])
    const { contentRouting, peerRouting } = sender.net.node.libp2p
    expect(() => contentRouting.findProviders({} as never)).toThrow('no router')
    expect(() => peerRouting.findPeer({} as never)).toThrow('no router')
    expect(asked).toEqual(['findProviders', 'findPeer'])
  } finally {
    for (const undo of restore) undo()
  }
})

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { noNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { daemonBlocks, findDaemon } from '../../src/adapters/daemon-blocks.ts'
import { openIpfsTransport, type IpfsTransport } from '../../src/adapters/ipfs-transport.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import { addDistTree } from '../dist-on-ipfs.ts'
import { fakeDaemon } from '../fake-daemon.ts'
import { MemoryBlocks } from '../memory-blocks.ts'
import { seededBytes } from '../seeded-bytes.ts'

const signal = new AbortController().signal
const archive = seededBytes(2_000_000)
let dir: string
let blocks: MemoryBlocks
let root: string
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-'))
  blocks = new MemoryBlocks()
  const site = new DistSite()
  site.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive })
  root = await addDistTree(blocks, site)
})
afterEach(() => { rmSync(dir, { recursive: true }) })

const open = async (more: { distCid?: string, peers?: string[] } = {}): Promise<IpfsTransport> => await openIpfsTransport({
  place: { ipfsPath: dir, jsRepo: path.join(dir, 'js-repo') },
  settings: { distCid: more.distCid, peers: more.peers ?? [] },
  node: noNodeDoor,
  addressesOf: async peer => [peer],
  publicNetwork: async () => false,
  resolveTxt: async () => [],
}, signal)

async function download ({ origin }: IpfsTransport): Promise<boolean> {
  expect((await origin.versions(signal))?.versions.map(formatVersion)).toEqual(['go-v0.43.0'])
  const claim = (await origin.claim({ version: parseVersion('v0.43.0'), platform: { os: 'linux', arch: 'amd64' } }, signal))!
  const chunks: Uint8Array[] = []
  for await (const chunk of (await origin.open(claim, 0, signal)).source) chunks.push(chunk)
  return Buffer.concat(chunks).equals(archive)
}

test.each<[string, () => Promise<Awaited<ReturnType<typeof fakeDaemon>>>]>([
  ['a Kubo', async () => await fakeDaemon(dir, blocks, root)],
  ['a Kubo on a unix socket', async () => await fakeDaemon(dir, blocks, root, path.join(dir, 's'))],
  ['a js-ipfs', async () => await fakeDaemon(path.join(dir, 'js-repo'), blocks, root)],
])('%s that runs gives the name, the lists and the archive, and the shared node is left alone', async (_what, start) => {
  await using daemon = await start()
  const transport = await open()
  expect([transport.inReach, transport.from, transport.origin.name]).toEqual([true, `the daemon at ${daemon.api}`, '/ipns/dist.ipfs.tech'])
  expect(await download(transport)).toBe(true)
  expect(daemon.calls.slice(0, 2)).toEqual(['version', 'resolve?arg=%2Fipns%2Fdist.ipfs.tech'])
})

test('a pinned root is not asked for by name', async () => {
  await using daemon = await fakeDaemon(dir, blocks, root)
  const transport = await open({ distCid: root })
  expect(transport.origin.name).toBe(`/ipfs/${root}`)
  expect(await download(transport)).toBe(true)
  expect(daemon.calls.some(call => call.startsWith('resolve'))).toBe(false)
})

test('a file that a daemon left proves no daemon, and the shared node without peers is out of reach', async () => {
  { await using daemon = await fakeDaemon(dir, blocks, root); void daemon }
  expect(await open()).toMatchObject({ inReach: false, from: 'the shared node' })
  expect(await open({ peers: ['/ip4/127.0.0.1/tcp/1'] })).toMatchObject({ inReach: true, from: 'the shared node' })
})

test.each<[string, string]>([['empty', ''], ['noise', '\u0000\u0001'], ['a name', 'localhost:5001'], ['QUIC', '/ip4/127.0.0.1/udp/4001/quic-v1'], ['nobody there', '/ip4/127.0.0.1/tcp/1'], ['no socket there', '/unix/tmp/no/such/socket'], ['a long line', `/ip4/${'1'.repeat(10_000)}`]])('an address that is %s is no daemon', async (_what, api) => {
  writeFileSync(path.join(dir, 'api'), api)
  expect(await findDaemon([dir], signal)).toBeUndefined()
})

test('a repo without the file, a folder in its place and a repo that is not there are no daemon', async () => {
  mkdirSync(path.join(dir, 'api'))
  expect(await findDaemon([dir, path.join(dir, 'no')], signal)).toBeUndefined()
})

test.each([401, 403, 404, 500])('one that answers %i is passed over for the next', async status => {
  await using first = await fakeDaemon(dir, blocks, root)
  await using second = await fakeDaemon(path.join(dir, 'js-repo'), blocks, root)
  first.misbehave((_call, response) => { response.writeHead(status).end('no'); return true })
  expect((await findDaemon([dir, path.join(dir, 'js-repo')], signal))?.name).toBe(`the daemon at ${second.api}`)
})

test('one that says ever more, and never all, is passed over for the next', async () => {
  await using first = await fakeDaemon(dir, blocks, root)
  await using second = await fakeDaemon(path.join(dir, 'js-repo'), blocks, root)
  first.misbehave((_call, response) => {
    const drip = setInterval(() => { response.write(' ') }, 50)
    response.on('close', () => { clearInterval(drip) })
    return true
  })
  expect((await findDaemon([dir, path.join(dir, 'js-repo')], signal))?.name).toBe(`the daemon at ${second.api}`)
})

describe('a daemon that lies', () => {
  test.each<[string, (response: import('node:http').ServerResponse) => void, string]>([
    ['with other bytes', response => { response.end('other bytes') }, 'the bytes are not those of the CID'],
    ['with none', response => { response.end() }, 'the bytes are not those of the CID'],
    ['with too many', response => { response.end(Buffer.alloc(3 * 1024 * 1024)) }, 'over 2097152 bytes'],
    ['without end', response => { const more = (): void => { if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), more) }; more() }, 'over 2097152 bytes'],
    ['and breaks off', response => { response.writeHead(200, { 'content-length': 1000 }); response.write('x', () => { response.destroy() }) }, 'does not answer'],
    ['with a redirect', response => { response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() }, 'status 302'],
  ])('%s: the origin is out of reach, and why is said', async (_what, lie, message) => {
    await using daemon = await fakeDaemon(dir, blocks, root)
    const { origin } = await open()
    daemon.misbehave((call, response) => { if (call !== 'block/get') return false; lie(response); return true })
    await expect(origin.versions(signal)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', exit: 'unreachable', message: expect.stringContaining(message) })
  })

  test.each(['', 'nonsense', '{}', '{"Path":7}', '{"Path":"/ipfs/../etc"}', '{"Path":"/ipfs/hello"}'])('of the name with %j: DNS is asked', async answer => {
    await using daemon = await fakeDaemon(dir, blocks, root)
    daemon.misbehave((call, response) => { if (call !== 'resolve') return false; response.end(answer); return true })
    await expect((await open()).origin.versions(signal)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
  })
})

test("what it says when it has no block is told, and the signal's reason is thrown as it is", async () => {
  await using daemon = await fakeDaemon(dir, blocks, root)
  const source = daemonBlocks(daemon.api)
  await expect(source.get('bafkreidon73zkcrwdb5iafqtijxildoonbwnpv7dyd6ef3qdgads2jc4su', signal)).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE', message: expect.stringContaining('status 500: block was not found locally') })
  daemon.misbehave(call => call === 'block/get') // never answers
  await expect(source.get(root, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' })
})

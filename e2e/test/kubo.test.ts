/** What we say of "any IPFS client", with the one that most people have: IPKIT_KUBO names its binary. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { Kubo } from '@ipkit/testkit/kubo'
import { Person } from '@ipkit/testkit/person'
import { testWithGiven } from '@ipkit/testkit/test-with-program'

const test = testWithGiven('IPKIT_KUBO', 'Kubo')
const TEST_MS = 180_000
/** The sender's grace after the last block, and some. */
const READ_MS = 60_000

let folder: string
let alice: Person
let kubos: Kubo[]
beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-kubo-'))
  alice = await Person.in(folder, 'alice')
  kubos = []
})
afterEach(async () => {
  await Promise.all([alice, ...kubos].map(async it => { await it[Symbol.asyncDispose]() }))
  rmSync(folder, { recursive: true, force: true })
})

async function kubo (binary: string): Promise<Kubo> {
  const started = await Kubo.start(binary, path.join(folder, `kubo${kubos.length}`))
  kubos.push(started)
  return started
}

interface Added { readonly cid: string, readonly connect: string, readonly get: string }

/** @returns the commands as the sender's terminal shows them */
async function add (name: string, content: Uint8Array): Promise<Added> {
  writeFileSync(path.join(alice.folder, name), content)
  const { exit, stdout, stderr } = await alice.run('burn', ['add', '--plain', name])
  expect([exit, stderr]).toEqual([0, expect.stringContaining('with Kubo')])
  return { cid: stdout.trim().split('/').at(-1)!, connect: /ipfs swarm (?:connect|peering add) .*/.exec(stderr)![0], get: /ipfs get .*/.exec(stderr)![0] }
}
interface Item { readonly cid: string, readonly state: string }
const stateOf = async (cid: string): Promise<string | undefined> =>
  (await alice.run('burn', ['ls', '--json'])).stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Item).find(item => item.cid === cid)?.state

async function until (done: () => Promise<boolean>, ms: number): Promise<void> {
  for (const untilMs = Date.now() + ms; Date.now() < untilMs;) { if (await done()) return; await new Promise(resolve => { setTimeout(resolve, 250) }) }
  throw new Error('it never came about')
}
const quiet = async (): Promise<void> => { for (const it of kubos) expect(await it.outsideSockets()).toEqual([]) }

for (const [what, size] of [['a small file', 1000], ['a file of many blocks', 5_000_000]] as const) {
  test(`${what} is read with the two commands that burn add --plain prints; another Kubo gets nothing`, async binary => {
    const [reader, other] = [await kubo(binary), await kubo(binary)]
    const content = randomBytes(size)
    const { cid, connect, get } = await add('song.bin', content)
    await other.must(connect) // before the claim everybody may
    await reader.must(connect)
    await reader.must(get)
    expect(readdirSync(path.join(reader.folder, cid)).toSorted()).toEqual(['burn-random', 'song.bin'])
    expect(readFileSync(path.join(reader.folder, cid, 'song.bin')).equals(content)).toBe(true)

    const host = connect.split('/').at(-1)!
    await until(async () => !(await other.must('ipfs swarm peers')).includes(host), 5000)
    await other.paste(connect)
    expect((await other.paste(get.replace('ipfs ', 'ipfs --timeout 5s '))).exit).not.toBe(0)
    expect((await other.must('ipfs refs local')).split('\n')).not.toContain(cid)
    await quiet()
    await until(async () => await stateOf(cid) === 'read', READ_MS)
  }, TEST_MS)
}

test('ipfs cat of the file alone works too', async binary => {
  const reader = await kubo(binary)
  const content = 'hello from the other side\n'
  const { cid, connect } = await add('note.txt', Buffer.from(content))
  await reader.must(connect)
  expect((await reader.paste(`ipfs cat ${cid}/note.txt`)).stdout).toBe(content)
  expect(await stateOf(cid)).toBe('claimed') // it never asked for the random bytes
  await quiet()
}, TEST_MS)

test('burn find says what Kubo has and what it has not', async binary => {
  const holder = await kubo(binary)
  const cids: string[] = []
  for (const [name, size] of [['small', 100], ['large', 3_000_000]] as const) {
    writeFileSync(path.join(holder.folder, name), randomBytes(size))
    cids.push(await holder.must(`ipfs add --quieter --cid-version 1 ${name}`))
  }
  writeFileSync(path.join(holder.folder, 'absent'), randomBytes(100))
  const absent = await holder.must('ipfs add --quieter --cid-version 1 --only-hash absent')
  const address = await holder.address()
  const find = async (cid: string): Promise<unknown> => JSON.parse((await alice.run('burn', ['find', cid, address, '--json'])).stdout)
  for (const cid of cids) expect(await find(cid)).toMatchObject({ address, has: true })
  expect(await find(absent)).toMatchObject({ address, has: false })
  await quiet()
}, TEST_MS)

test('with kubo set to true the node is a peer of the Kubo that runs here', async binary => {
  const here = await kubo(binary)
  const env = { IPFS_PATH: here.repo }
  const kuboId = (await here.address()).split('/').at(-1)!
  expect((await alice.run('ipkit', ['config', 'set', 'kubo', 'true'], { env })).exit).toBe(0)
  const { peerId } = await alice.json<{ peerId: string }>('ipkit', ['id'], { env })
  await until(async () => (await alice.run('ipkit', ['peers', '--json'], { env })).stdout.includes(kuboId), 30_000)
  expect(await here.must('ipfs swarm peers')).toContain(peerId)
  await quiet()
}, TEST_MS)

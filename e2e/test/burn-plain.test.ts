import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createEphemeralHost } from '@ipkit/core/net/ephemeral-host'
import { memoryLog } from '@ipkit/testkit/test-node'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person } from '@ipkit/testkit/person'

interface Added { readonly id: string, readonly link: string, readonly cid: string, readonly addresses: readonly string[] }

let folder: string
let alice: Person
let bob: Person
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-plain-'))
  alice = await Person.in(folder, 'alice')
  bob = await Person.in(folder, 'bob')
})
afterAll(async () => {
  for (const person of [alice, bob]) await person[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

async function add (content: Uint8Array): Promise<Added> {
  writeFileSync(path.join(alice.folder, 'song.bin'), content)
  return await alice.json<Added>('burn', ['add', '--plain', 'song.bin'])
}
const stateOf = async (id: string): Promise<string> => (await alice.json<{ state: string }>('burn', ['status', id])).state
const killNode = (who: Person): void => { for (const pid of nodeProcesses(who.home)) process.kill(pid, 'SIGKILL') }

test('a file of 40 MB goes over once, and nothing of it lies open on the disk of the sender', async () => {
  const content = randomBytes(40_000_000)
  const { id, link } = await add(content)
  for (const entry of readdirSync(alice.home, { recursive: true, withFileTypes: true }).filter(e => e.isFile())) {
    const bytes = readFileSync(path.join(entry.parentPath, entry.name))
    for (const at of [0, 20_000_000, content.length - 24]) expect([entry.name, bytes.includes(content.subarray(at, at + 24))]).toEqual([entry.name, false])
  }
  await bob.json('burn', ['get', link, '-o', 'got.bin'])
  expect(readFileSync(path.join(bob.folder, 'got.bin')).equals(content)).toBe(true)
  expect(await stateOf(id)).toBe('claimed')
  expect(await bob.run('burn', ['get', link, '-o', 'again.bin'])).toEqual({ exit: 4, stdout: '', stderr: expect.stringContaining('asked for it first') })
  expect((await alice.run('burn', ['rm', id])).exit).toBe(0)
  expect((readdirSync(alice.home, { recursive: true }) as string[]).filter(name => path.dirname(name).endsWith(`plain/${id}`)).map(name => path.basename(name))).toEqual(['log'])
})

test('SIGKILL between the claim and the last block: the same peer goes on at the same address, another gets nothing', async () => {
  const { id, cid, addresses } = await add(randomBytes(10))
  const [reader, other] = [await peer(), await peer()]
  const root = await reader.bitswapGet(addresses, cid)
  expect(root).toBeDefined()
  killNode(alice)
  await expect(reader.bitswapGet(addresses, cid)).rejects.toMatchObject({ code: expect.stringMatching(/^PEER_/) })
  expect(await stateOf(id)).toBe('claimed') // starts the node again
  await until(async () => await reader.bitswapHas(addresses, cid).catch(() => false))
  await expect(other.bitswapGet(addresses, cid)).rejects.toMatchObject({ code: 'PEER_REFUSED' })
  expect(await reader.bitswapGet(addresses, cid)).toEqual(root)
  for (const host of [reader, other]) await host[Symbol.asyncDispose]()
})

test('SIGKILL while it waits: it waits again at the same address', async () => {
  const { link, cid, addresses } = await add(Buffer.from('hello'))
  killNode(alice)
  await alice.json('burn', ['node', 'status']).catch(() => undefined)
  await alice.run('burn', ['ls'])
  const asker = await peer()
  await until(async () => await asker.bitswapHas(addresses, cid).catch(() => false))
  await asker[Symbol.asyncDispose]()
  expect((await bob.run('burn', ['get', link, '-o', '-'])).stdout).toBe('hello')
})

const peer = async (): ReturnType<typeof createEphemeralHost> => await createEphemeralHost({}, { log: memoryLog(), randomBytes: n => new Uint8Array(randomBytes(n)) })

async function until (done: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) { if (await done()) return; await new Promise(resolve => { setTimeout(resolve, 20) }) }
  throw new Error('it never came about')
}

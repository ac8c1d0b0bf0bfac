/** Names between people with a node each, by files, by connections and by HTTP. Nobody else is there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'

const ONE = '/ipfs/bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const TWO = '/ipfs/bafkqaddwgevxmmraojswg33smq'
const THREE = '/ipfs/bafkqabtimvwgy3yk'

interface Published { name: string, value: string, sequence: string, validUntil: string, ttlMs: number, state: string, places: unknown[] }
interface Resolved { name: string, value: string, sequence: string, validUntil: string, expired: boolean, source: string, fork: boolean }
interface Imported { file: string, name: string | null, accepted: boolean, reason?: unknown }
interface Status { name: string, state: string | null, sequence: string, values: string[] }

let folder: string
let people: Person[]
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-names-')); people = [] })
afterEach(async () => {
  await Promise.all(people.map(async person => { await person[Symbol.asyncDispose]() }))
  rmSync(folder, { recursive: true, force: true })
})

async function person (name: string): Promise<Person> {
  const made = await Person.in(folder, name)
  people.push(made)
  return made
}
const publish = async (who: Person, value: string, ...more: string[]): Promise<Published> => await who.json('ipnsup', ['publish', value, ...more])
const resolve = async (who: Person, name: string, ...more: string[]): Promise<Resolved> => await who.json('ipnsup', ['resolve', name, ...more])
const lines = <T>(stdout: string): T[] => stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as T)
const statusOf = async (who: Person, name: string): Promise<Status> => lines<Status>((await who.run('ipnsup', ['status', name, '--json'])).stdout)[0]!
const addressOf = async (who: Person): Promise<string> => (await who.json<{ addresses: string[] }>('ipkit', ['id'])).addresses[0]!
const meet = async (a: Person, b: Person): Promise<void> => { expect(await a.run('ipkit', ['connect', await addressOf(b)])).toMatchObject({ exit: 0 }) }

async function until (met: () => Promise<boolean>): Promise<void> {
  while (!await met()) await sleep(200)
}

describe('without any network', () => {
  test('a record goes to a friend as a file', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const published = await publish(alice, ONE)
    expect(published).toMatchObject({ value: ONE, sequence: '0', state: 'local', ttlMs: 300_000 })
    expect(await publish(alice, TWO)).toMatchObject({ name: published.name, sequence: '1' })
    expect(await alice.run('ipnsup', ['export', published.name, '-o', path.join(bob.folder, 'stick.ipns-record')])).toMatchObject({ exit: 0 })

    expect(await bob.run('ipnsup', ['resolve', published.name, '--offline'])).toMatchObject({ exit: 4 })
    expect(lines<Imported>((await bob.run('ipnsup', ['import', 'stick.ipns-record', '--json'])).stdout)).toEqual([expect.objectContaining({ file: 'stick.ipns-record', name: published.name, accepted: true })])
    expect(await resolve(bob, published.name, '--offline')).toMatchObject({ name: published.name, value: TWO, sequence: '1', expired: false, source: 'local', fork: false })
    expect((await bob.run('ipnsup', ['inspect', 'stick.ipns-record', '--json']))).toMatchObject({ exit: 0, stdout: expect.stringContaining('"signatureV1":true') })
  })

  test('publishing says in one line that the record is local so far', async () => {
    const alice = await person('alice')
    const { exit, stdout, stderr } = await alice.run('ipnsup', ['publish', ONE])
    expect([exit, stderr.split('\n').filter(line => line.includes('local so far')).length]).toEqual([0, 1])
    expect(stdout).toContain('k51')
  })

  test('an expired record answers with a warning, or not, as the caller wants; an older one never again', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const old = await publish(alice, ONE, '--lifetime', '1h')
    const file = path.join(bob.folder, 'old')
    await alice.run('ipnsup', ['export', old.name, '-o', file])
    const { validUntil } = await publish(alice, TWO, '--lifetime', '12s')
    const newer = path.join(bob.folder, 'newer')
    await alice.run('ipnsup', ['export', old.name, '-o', newer])
    expect(lines<Imported>((await bob.run('ipnsup', ['import', 'newer', '--json'])).stdout)[0]).toMatchObject({ accepted: true })
    await sleep(Date.parse(validUntil) - Date.now() + 500)
    const { exit, stdout, stderr } = await bob.run('ipnsup', ['resolve', old.name, '--offline', '--json'])
    expect([exit, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ value: TWO, expired: true })])
    expect(stderr).toContain('"warning"')
    expect(await bob.run('ipnsup', ['resolve', old.name, '--offline', '--require-fresh'])).toMatchObject({ exit: 8, stdout: '' })
    expect(await bob.run('ipnsup', ['resolve', old.name, '--offline', '--max-stale', '1h'])).toMatchObject({ exit: 0 })
    await bob.run('ipnsup', ['import', 'old'])
    expect(await resolve(bob, old.name, '--offline')).toMatchObject({ value: TWO, sequence: '1' })

    const carol = await person('carol')
    writeFileSync(path.join(carol.folder, 'newer'), readFileSync(newer))
    const refused = await carol.run('ipnsup', ['import', 'newer', '--json'])
    expect([refused.exit, lines<Imported>(refused.stdout)[0]]).toEqual([8, expect.objectContaining({ accepted: false })])
    expect(await carol.run('ipnsup', ['resolve', old.name, '--offline'])).toMatchObject({ exit: 4 })
  })

  test('what is damaged is refused, each in its own words, and nothing changes', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const { name } = await publish(alice, ONE)
    const { name: other } = await alice.json<{ name: string }>('ipnsup', ['key', 'new', 'other'])
    await alice.run('ipnsup', ['export', name, '-o', 'good'])
    const good = readFileSync(path.join(alice.folder, 'good'))
    const cases: Record<string, Uint8Array> = {
      truncated: good.subarray(0, good.length - 7),
      oversized: Buffer.concat([good, Buffer.alloc(10_241)]),
      flipped: Buffer.from(good.map((byte, i) => i === good.length - 20 ? byte ^ 1 : byte)),
      empty: Buffer.alloc(0),
      text: Buffer.from('not a record at all\n'),
    }
    const messages = new Set<string>()
    for (const [file, bytes] of Object.entries(cases)) {
      writeFileSync(path.join(bob.folder, file), bytes)
      const { exit, stderr, stdout } = await bob.run('ipnsup', ['import', file])
      expect([file, exit]).toEqual([file, 8])
      messages.add(`${stdout}${stderr}`.replaceAll(file, ''))
      expect(`${stdout}${stderr}`).not.toContain('bug')
    }
    expect(messages.size).toBeGreaterThanOrEqual(4)
    writeFileSync(path.join(bob.folder, 'good'), good)
    expect(await bob.run('ipnsup', ['inspect', 'good', '--verify', other])).toMatchObject({ exit: 8 })
    expect((await bob.run('ipnsup', ['status', '--json'])).stdout).toBe('')
  })
})

describe('between nodes', () => {
  test('a record is handed over by itself when a peer appears, and goes on from friend to friend', async () => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')]
    const { name, state } = await publish(alice, ONE)
    expect(state).toBe('local')
    await bob.run('ipnsup', ['follow', name])
    await meet(alice, bob)
    await until(async () => (await statusOf(alice, name)).state === 'published')
    await until(async () => (await bob.run('ipnsup', ['resolve', name, '--offline'])).exit === 0)
    await alice.run('ipkit', ['stop'])
    expect(await resolve(carol, name, '--from', await addressOf(bob))).toMatchObject({ value: ONE, source: expect.not.stringMatching(/^local$/) })
    await bob.run('ipkit', ['stop'])
    expect(await resolve(carol, name)).toMatchObject({ value: ONE, source: 'local' })
  })

  test('two homes with one key that publish at once: a fork for both, healed by the next publish', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const { name } = await alice.json<{ name: string }>('ipnsup', ['key', 'new', 'shared'])
    const key = path.join(bob.folder, 'shared.key')
    expect(await alice.run('ipnsup', ['key', 'export', 'shared', '-o', key])).toMatchObject({ exit: 0 })
    expect(await bob.run('ipnsup', ['key', 'import', 'shared', key])).toMatchObject({ exit: 0 })
    await publish(alice, ONE, '--key', 'shared')
    await publish(bob, TWO, '--key', 'shared')
    await meet(alice, bob)
    for (const who of [alice, bob]) await until(async () => (await statusOf(who, name)).values.length === 2)
    const seen = [await resolve(alice, name), await resolve(bob, name)]
    expect(seen.map(s => [s.fork, s.sequence, s.value])).toEqual([[true, '0', seen[0]!.value], [true, '0', seen[0]!.value]])
    expect((await alice.run('ipnsup', ['resolve', name])).stderr).toContain('fork')
    expect(await publish(alice, THREE, '--key', 'shared')).toMatchObject({ sequence: '1' })
    await until(async () => (await statusOf(bob, name)).sequence === '1')
    expect(await resolve(bob, name)).toMatchObject({ value: THREE, fork: false })
  })

  test('over HTTP: a server gives and takes', async () => {
    const [alice, bob] = [await person('alice'), await person('bob')]
    const { name } = await publish(alice, ONE)
    const { urls: [url] } = await bob.json<{ urls: string[] }>('ipnsup', ['serve', '--http', '127.0.0.1:0'])
    const record = (): Promise<Response> => fetch(`${url!}/routing/v1/ipns/${name}`, { headers: { accept: 'application/vnd.ipfs.ipns-record' } })
    expect((await record()).status).toBe(404)
    expect(await alice.run('ipnsup', ['sync', url!])).toMatchObject({ exit: 0 })
    const got = await record()
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'application/vnd.ipfs.ipns-record'])
    expect(Number(/max-age=(\d+)/.exec(got.headers.get('cache-control')!)![1])).toBeLessThanOrEqual(48 * 3600)
    const gateway = await fetch(`${url!}/ipns/${name}?format=ipns-record`)
    expect(Buffer.from(await gateway.arrayBuffer()).equals(Buffer.from(await got.arrayBuffer()))).toBe(true)
    const carol = await person('carol')
    expect(await resolve(carol, name, '--from', url!)).toMatchObject({ value: ONE })
    await bob.run('ipkit', ['restart'])
    expect((await record()).status).toBe(200) // it serves across restarts, at the same place
    expect((await fetch(`${url!}/routing/v1/ipns/${name}`, { method: 'PUT', body: 'nonsense', headers: { 'content-type': 'application/vnd.ipfs.ipns-record' } })).status).toBe(400)
  })
})

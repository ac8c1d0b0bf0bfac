/** What goes wrong: kills, full disks, peers that go, files that change. Nothing is lost, nothing half is left. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'
import { sourceText } from '@ipkit/testkit/source-text'
import { TcpProxy } from '@ipkit/testkit/tcp-proxy'
import { testWith } from '@ipkit/testkit/test-with-program'
import { SmallDisk } from '../faults/small-disk.ts'
import { addressOf, noise, sha256Of, type Added, type Published, type Pulled } from '../faults/sync-scene.ts'
import { cleanUp, soak } from '../soak/sync-kills.soak.ts'

const ROUNDS = 4

let folder: string
let people: Person[]
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-sync-')); people = [] })
afterEach(async () => {
  await Promise.all(people.map(async person => { await person[Symbol.asyncDispose]() }))
  rmSync(folder, { recursive: true, force: true })
})
afterAll(cleanUp, 60_000)

async function person (name: string): Promise<Person> {
  const made = await Person.in(folder, name)
  people.push(made)
  return made
}
const sync = async <T>(who: Person, ...args: string[]): Promise<T> => await who.json<T>('ipfs-dedup-sync', args)

test('a node killed while it publishes, pulls, forgets or collects loses nothing', async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) await expect(soak.round(seed).then(() => seed)).resolves.toBe(seed)
})

describe('a connection that breaks off', () => {
  test('the next pull goes on with what had arrived, and fetches nothing twice', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')]
    const file = path.join(ann.folder, 'file')
    writeFileSync(file, noise(12_000_000, 0))
    const { root } = await sync<Added>(ann, 'add', file)
    const [, port, id] = /\/tcp\/(\d+)\/p2p\/(\w+)$/.exec(await addressOf(ann))!
    await using proxy = await TcpProxy.to(Number(port))
    const from = ['--from', `${proxy.address}/p2p/${id!}`]
    const output = path.join(bob.folder, 'file')
    proxy.at('down', 6_000_000, () => { void proxy[Symbol.asyncDispose]() })
    const broken = await bob.run('ipfs-dedup-sync', ['pull', root, '-o', output, ...from])
    expect([broken.exit, existsSync(output)]).toEqual([5, false])
    expect(broken.stderr).toMatch(/hint: /)
    expect(readdirSync(bob.folder).filter(name => name !== 'home')).toEqual([])
    const pulled = await sync<Pulled>(bob, 'pull', root, '-o', output, '--from', await addressOf(ann))
    expect(sha256Of(output)).toBe(sha256Of(file))
    expect(pulled.receivedBytes).toBeGreaterThan(5_000_000)
    expect(pulled.receivedBytes).toBeLessThan(9_000_000) // what was under way when it broke may come again
  })
})

describe('a disk without space', () => {
  const onSmallDisk = testWith(SmallDisk.lacking())

  onSmallDisk('at the store: one line, and it works when there is space', async () => {
    using disk = new SmallDisk(path.join(folder, 'small'), '24m')
    const ann = await Person.in(disk.folder, 'ann')
    try {
      const file = path.join(folder, 'file')
      writeFileSync(file, sourceText(3_000_000, 1))
      const before = await sync<Added>(ann, 'add', file)
      const large = path.join(folder, 'large')
      writeFileSync(large, noise(8_000_000, 1))
      disk.fill()
      const failed = await ann.run('ipfs-dedup-sync', ['add', large])
      expect([failed.exit, failed.stderr]).toEqual([1, expect.stringContaining('no space left')])
      disk.free()
      expect(await ann.run('ipfs-dedup-sync', ['verify'])).toMatchObject({ exit: 0 })
      const back = path.join(folder, 'back')
      await sync(ann, 'pull', before.root, '-o', back)
      expect(sha256Of(back)).toBe(sha256Of(file))
      await sync(ann, 'add', large)
    } finally {
      await ann[Symbol.asyncDispose]()
    }
  })

  onSmallDisk('at the output: one line, nothing is left there', async () => {
    const ann = await person('ann')
    const file = path.join(folder, 'file')
    writeFileSync(file, sourceText(3_000_000, 2))
    const { root } = await sync<Added>(ann, 'add', file)
    using disk = new SmallDisk(path.join(folder, 'small'), '1m')
    const failed = await ann.run('ipfs-dedup-sync', ['pull', root, '-o', path.join(disk.folder, 'out')])
    expect([failed.exit, failed.stderr]).toEqual([1, expect.stringContaining('no space left')])
    expect(readdirSync(disk.folder)).toEqual([])
  })
})

test('a store that was damaged is noticed, never handed out, and mended from a peer', async () => {
  const [ann, bob] = [await person('ann'), await person('bob')]
  const file = path.join(ann.folder, 'file')
  writeFileSync(file, noise(2_000_000, 2))
  const { root } = await sync<Added>(ann, 'add', file)
  const from = ['--from', await addressOf(ann)]
  await sync(bob, 'pull', root, ...from)
  await bob.run('ipkit', ['stop'])
  const packs = execFileSync('find', [bob.home, '-name', '*.pack', '-size', '+100k']).toString().trim().split('\n')
  const bytes = readFileSync(packs[0]!)
  bytes[1_000_000]! ^= 1
  writeFileSync(packs[0]!, bytes)
  const output = path.join(bob.folder, 'out')
  expect(await bob.run('ipfs-dedup-sync', ['verify'])).toMatchObject({ exit: 8 })
  const refused = await bob.run('ipfs-dedup-sync', ['pull', root, '-o', output])
  expect(existsSync(output) && !readFileSync(output).equals(readFileSync(file))).toBe(false)
  expect(refused.exit).not.toBe(70)
  const mended = await sync<Pulled>(bob, 'pull', root, '-o', output, '--overwrite', ...from)
  expect(sha256Of(output)).toBe(sha256Of(file))
  expect(mended.receivedBytes).toBeLessThan(200_000)
  expect(await bob.run('ipfs-dedup-sync', ['verify'])).toMatchObject({ exit: 0 })
})

test('a file that changes while it is read is not stored as something that never was', async () => {
  const ann = await person('ann')
  const file = path.join(ann.folder, 'file')
  writeFileSync(file, sourceText(30_000_000, 3))
  let at = 0
  const timer = setInterval(() => { writeFileSync(file, `${at++}`, { flag: 'a' }) }, 5)
  try {
    const { exit, stderr } = await ann.run('ipfs-dedup-sync', ['add', file])
    expect([exit, stderr]).toEqual([7, expect.stringMatching(/chang/)])
  } finally {
    clearInterval(timer)
  }
  expect(await sync<Published>(ann, 'publish', file)).toMatchObject({ sha256: sha256Of(file), version: 1 })
})

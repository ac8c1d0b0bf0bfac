/** The story of packages/ipnsup/README.md, "Two laptops on a train", with two homes and nobody else around. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'

interface Published { readonly name: string, readonly sequence: string, readonly state: string }
interface Resolved { readonly value: string, readonly sequence: string, readonly expired: boolean, readonly fork: boolean }

const FIRST = '/ipfs/bafkqaddwgevxmmraojswg33smq'
const SECOND = '/ipfs/bafkqaddwgexxmmraojswg33smq'
const RECORD = '.ipns-record'

let folder: string
let anna: Person
let ben: Person
let name: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-train-'))
  mkdirSync(path.join(folder, 'stick'))
  anna = await Person.in(folder, 'anna')
  ben = await Person.in(folder, 'ben')
})
afterAll(async () => {
  for (const person of [anna, ben]) await person[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const stick = (): string => path.join('../stick', readdirSync(path.join(folder, 'stick'))[0]!)
const resolve = async (who: Person, ...args: string[]): Promise<Resolved> => await who.json<Resolved>('ipnsup', ['resolve', name, ...args])

test('Anna publishes with nobody in reach', async () => {
  const published = await anna.json<Published>('ipnsup', ['publish', FIRST])
  name = published.name
  expect(published).toMatchObject({ sequence: '0', state: 'local' })
  expect((await anna.run('ipnsup', ['publish', FIRST])).stderr).toMatch(/^ipnsup: local so far: /mu)
  expect(await anna.json('ipnsup', ['status', name])).toMatchObject({ key: 'self', state: 'local' })
})

test('a stick carries the record, and Ben resolves what he could not before', async () => {
  expect((await ben.run('ipnsup', ['resolve', name])).exit).toBe(4)
  expect((await anna.run('ipnsup', ['export', 'self', '-o', '../stick/'])).exit).toBe(0)
  expect(stick()).toBe(`../stick/${name}${RECORD}`)
  expect(await ben.json('ipnsup', ['inspect', stick()])).toMatchObject({ valid: true, name, value: FIRST })
  expect(await ben.json('ipnsup', ['import', stick()])).toMatchObject({ name, accepted: true, relation: 'first' })
  expect(await resolve(ben, '--offline')).toMatchObject({ value: FIRST, sequence: '0', expired: false })
})

test('on one network his node gets what is newer, and never goes back', async () => {
  const { addresses } = await anna.json<{ addresses: string[] }>('ipkit', ['id'])
  await ben.json('ipnsup', ['follow', name])
  await anna.json('ipnsup', ['publish', SECOND])
  expect((await ben.run('ipnsup', ['sync', addresses.find(a => a.startsWith('/ip4/127.0.0.1/'))!])).exit).toBe(0)
  expect(await resolve(ben)).toMatchObject({ value: SECOND, sequence: '1' })
  expect(await ben.run('ipnsup', ['import', stick(), '--json'])).toMatchObject({ exit: 8, stdout: expect.stringContaining('"code":"RECORD_OLDER"') })
  expect(await resolve(ben, '--offline')).toMatchObject({ value: SECOND, sequence: '1' })
})

test('a record that was altered is refused and changes nothing', async () => {
  const bytes = Buffer.from((await anna.json<{ base64url: string }>('ipnsup', ['export', name])).base64url, 'base64url')
  bytes[bytes.length - 20]! ^= 1
  writeFileSync(path.join(ben.folder, 'altered'), bytes)
  expect(await ben.run('ipnsup', ['import', 'altered', '--json'])).toMatchObject({ exit: 8, stdout: expect.stringContaining('"accepted":false') })
  expect((await ben.run('ipnsup', ['inspect', 'altered'])).exit).toBe(8)
  expect(await resolve(ben, '--offline')).toMatchObject({ value: SECOND, sequence: '1' })
})

test('one key on two laptops that publish at once: both are told of the fork, and the next publish heals it', async () => {
  await anna.json('ipnsup', ['key', 'new', 'blog'])
  expect((await anna.run('ipnsup', ['key', 'export', 'blog', '-o', '../stick/'])).exit).toBe(0)
  for (const person of [anna, ben]) await person.run('ipkit', ['stop']) // apart
  const blog = await ben.json<{ name: string }>('ipnsup', ['key', 'import', 'blog', '../stick/blog.key'])
  await anna.json('ipnsup', ['publish', FIRST, '--key', 'blog'])
  await ben.json('ipnsup', ['publish', SECOND, '--key', 'blog'])
  const { addresses } = await anna.json<{ addresses: string[] }>('ipkit', ['id'])
  const meet = async (): Promise<void> => { await ben.run('ipnsup', ['sync', addresses.find(a => a.startsWith('/ip4/127.0.0.1/'))!]) }
  const both = async (): Promise<Resolved[]> => await Promise.all([anna, ben].map(async who => await who.json<Resolved>('ipnsup', ['resolve', 'blog', '--offline'])))
  await meet()
  const [hers, his] = await both()
  expect([hers!.fork, his!.fork, hers!.value === his!.value]).toEqual([true, true, true])
  expect((await ben.run('ipnsup', ['resolve', blog.name, '--offline'])).stderr).toContain('warning: a fork: records with one sequence')
  expect(await anna.json('ipnsup', ['publish', FIRST, '--key', 'blog'])).toMatchObject({ sequence: '1', healedFork: true })
  await meet()
  expect(await both()).toEqual([expect.objectContaining({ value: FIRST, sequence: '1', fork: false }), expect.objectContaining({ value: FIRST, sequence: '1', fork: false })])
})

import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { inspectKey, loadOrCreateKey, type KeyFileDeps } from '../../src/identity/key-file.ts'
import { changeHomePassphrase, Keychain, listKeyNames } from '../../src/identity/keychain.ts'
import { verifySignature } from '../../src/identity/peer-key.ts'
import type { StorageFs } from '../../src/storage/storage-fs.ts'

let dir: string
let home: { identityKey: string, keys: string }
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'keychain-')); home = { identityKey: path.join(dir, 'identity.key'), keys: path.join(dir, 'keys') } })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const deps = (passphrase?: string): KeyFileDeps => ({ randomBytes, passphrase: async () => { if (passphrase === undefined) throw new Error('must not be asked'); return passphrase } })
async function open (passphrase?: string, disk?: StorageFs): Promise<Keychain> {
  const self = await loadOrCreateKey(home.identityKey, deps(passphrase))
  return new Keychain({ dir: home.keys, identityFile: home.identityKey, self, ...deps(passphrase) }, disk)
}
const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('self is there and first; keys are made, listed in order, sign, and are there again later', async () => {
  const chain = await open()
  const self = await loadOrCreateKey(home.identityKey, deps())
  expect(await chain.list()).toEqual([{ name: 'self', publicKey: self.publicKey, peerId: self.peerId }])
  const news = await chain.create('news')
  const blog = await chain.create('Blog-1.a_b')
  expect(await chain.list()).toEqual([expect.objectContaining({ name: 'self' }), blog, news])
  const again = await open()
  expect(await again.list()).toEqual(await chain.list())
  const message = Buffer.from('signed')
  expect(verifySignature(news.peerId, message, (await again.signer('news'))!.sign(message))).toBe(true)
  expect(verifySignature(self.peerId, message, (await again.signer('self'))!.sign(message))).toBe(true)
  expect((await again.signer('news'))!.publicKey).toEqual(news.publicKey)
  expect(Object.keys((await again.signer('self'))!)).toEqual(['publicKey', 'sign'])
  expect(await again.signer('none')).toBeUndefined()
  expect(await again.signer('../identity')).toBeUndefined()
  expect((await fs.stat(home.keys)).mode & 0o777).toBe(0o700)
  expect((await fs.stat(path.join(home.keys, 'news.key'))).mode & 0o777).toBe(0o600)
})

test('import and export carry the same 32 bytes: RFC 8032, test 1', async () => {
  const chain = await open()
  const rfc = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
  const key = await chain.import('rfc', rfc)
  expect(Buffer.from(key.publicKey).toString('hex')).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  expect(Buffer.from(await (await open()).exportSeed('rfc')).equals(rfc)).toBe(true)
})

test('removing takes the key away for good', async () => {
  const chain = await open()
  const key = await chain.create('old')
  expect(await chain.remove('old')).toEqual(key)
  expect(await chain.signer('old')).toBeUndefined()
  expect(await fs.readdir(home.keys)).toEqual([])
  expect((await chain.create('old')).peerId).not.toBe(key.peerId)
})

describe('copies that a kill left behind while a key was made', () => {
  const leftover = async (file: string): Promise<void> => { await fs.link(file, path.join(path.dirname(file), `.${path.basename(file)}.0123456789ab.tmp`)) }

  test('go with the key, and those of no other key do', async () => {
    const chain = await open()
    for (const name of ['blog', 'blog.key.x']) {
      await chain.create(name)
      await leftover(path.join(home.keys, `${name}.key`))
    }
    await chain.remove('blog')
    expect((await fs.readdir(home.keys)).sort()).toEqual(['.blog.key.x.key.0123456789ab.tmp', 'blog.key.x.key'])
  })

  test('do not stay in the clear beside keys that are sealed', async () => {
    const chain = await open()
    await chain.create('blog')
    await leftover(path.join(home.keys, 'blog.key'))
    await leftover(home.identityKey)
    await changeHomePassphrase(home, 'secret', deps())
    expect([await fs.readdir(home.keys), (await fs.readdir(dir)).sort()]).toEqual([['blog.key'], ['identity.key', 'keys']])
  })
})

describe('what is refused, and leaves the keys as they were', () => {
  test.each<[string, (chain: Keychain) => Promise<unknown>, string]>([
    ['a name that is taken', async chain => await chain.create('a'), 'KEY_EXISTS'],
    ['an import over a key', async chain => await chain.import('a', seed(9)), 'KEY_EXISTS'],
    ['the same import again', async chain => await chain.import('a', seed(1)), 'KEY_EXISTS'],
    ['a key that has another name', async chain => await chain.import('b', seed(1)), 'KEY_KNOWN'],
    ['the identity under another name', async chain => await chain.import('b', (await loadOrCreateKey(home.identityKey, deps())).exportSeed()), 'KEY_KNOWN'],
    ['making self', async chain => await chain.create('self'), 'KEY_EXISTS'],
    ['importing over self', async chain => await chain.import('self', seed(2)), 'KEY_EXISTS'],
    ['exporting self', async chain => await chain.exportSeed('self'), 'KEY_IS_SELF'],
    ['removing self', async chain => await chain.remove('self'), 'KEY_IS_SELF'],
    ['exporting what is not there', async chain => await chain.exportSeed('b'), 'KEY_UNKNOWN'],
    ['removing what is not there', async chain => await chain.remove('../identity'), 'KEY_UNKNOWN'],
    ['an empty name', async chain => await chain.create(''), 'KEY_NAME_INVALID'],
    ['a name that is a path', async chain => await chain.create('../identity'), 'KEY_NAME_INVALID'],
    ['a hidden name', async chain => await chain.create('.a'), 'KEY_NAME_INVALID'],
    ['a name of 65 letters', async chain => await chain.create('a'.repeat(65)), 'KEY_NAME_INVALID'],
    ['a name with a line end', async chain => await chain.create('a\n'), 'KEY_NAME_INVALID'],
  ])('%s', async (_name, act, code) => {
    const chain = await open()
    await chain.import('a', seed(1))
    const before = await chain.list()
    await expect(act(chain)).rejects.toMatchObject({ code })
    expect(await chain.list()).toEqual(before)
  })

  test('a name of 64 letters is still one; a seed of another length is a bug of the caller', async () => {
    const chain = await open()
    await chain.create('a'.repeat(64))
    await expect(chain.import('b', new Uint8Array(31))).rejects.toThrow(RangeError)
  })

  test('ten that want one name, or bring one key, at once: one gets it', async () => {
    const chain = await open()
    const codes = async (acts: Array<Promise<unknown>>): Promise<unknown[]> => (await Promise.allSettled(acts)).map(r => r.status === 'fulfilled' ? 'made' : (r.reason as { code: string }).code).sort()
    expect(await codes(Array.from({ length: 10 }, async () => await chain.create('x')))).toEqual([...Array<string>(9).fill('KEY_EXISTS'), 'made'])
    expect(await codes(Array.from({ length: 10 }, async (_, i) => await chain.import(`k${i}`, seed(3))))).toEqual([...Array<string>(9).fill('KEY_KNOWN'), 'made'])
  })
})

test('a damaged file and one that others can read are named, and the other keys still work', async () => {
  const chain = await open()
  await chain.create('good')
  await fs.writeFile(path.join(home.keys, 'bad.key'), 'ipkit identity key 1\n', { mode: 0o600 })
  await expect(chain.signer('bad')).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED', message: expect.stringContaining("the key 'bad'") })
  for (const name of ['self', 'good']) {
    const { publicKey } = (await chain.signer(name))!
    expect((await chain.signerOf(publicKey))?.publicKey).toEqual(publicKey)
  }
  expect(await chain.signerOf(new Uint8Array(32))).toBeUndefined()
  await expect(chain.list()).rejects.toMatchObject({ code: 'KEY_FILE_DAMAGED', message: expect.stringContaining("the key 'bad'") })
  expect(await chain.signer('good')).toBeDefined()
  await fs.rm(path.join(home.keys, 'bad.key'))
  await fs.chmod(path.join(home.keys, 'good.key'), 0o644)
  await expect((await open()).signer('good')).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' })
})

test('names are those of the key files alone, sorted by their letters', async () => {
  expect(await listKeyNames(home.keys)).toEqual([])
  await fs.mkdir(home.keys)
  for (const file of ['b.key', 'a.key', 'B.key', '.a.key.0011.tmp', 'a.key~', 'note.txt', '-x.key']) await fs.writeFile(path.join(home.keys, file), '')
  expect(await listKeyNames(home.keys)).toEqual(['B', 'a', 'b'])
})

describe('under a passphrase', () => {
  test('new keys are sealed; listing asks for nothing, signing does', async () => {
    await loadOrCreateKey(home.identityKey, { ...deps(), newPassphrase: async () => 'horse' })
    const chain = await open('horse')
    const key = await chain.create('blog')
    expect(await inspectKey(path.join(home.keys, 'blog.key'))).toEqual({ peerId: key.peerId, sealed: true })
    const silent = new Keychain({ dir: home.keys, identityFile: home.identityKey, self: await loadOrCreateKey(home.identityKey, deps('horse')), ...deps() })
    expect((await silent.list()).map(({ name }) => name)).toEqual(['self', 'blog'])
    await expect(silent.signer('blog')).rejects.toThrow('must not be asked')
    expect((await (await open('horse')).signer('blog'))!.publicKey).toEqual(key.publicKey)
  })

  test('a change takes the named keys along, and so does taking it off', async () => {
    const key = await (await open()).create('blog')
    const sealed = async (): Promise<unknown> => (await inspectKey(path.join(home.keys, 'blog.key')))!.sealed
    await changeHomePassphrase(home, 'horse', deps())
    expect(await sealed()).toBe(true)
    expect((await (await open('horse')).signer('blog'))!.publicKey).toEqual(key.publicKey)
    const files = async (): Promise<string[]> => await Promise.all([home.identityKey, path.join(home.keys, 'blog.key')].map(async file => await fs.readFile(file, 'utf8')))
    const before = await files()
    await expect(changeHomePassphrase(home, 'cow', deps('donkey'))).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' })
    await expect(changeHomePassphrase(home, '', deps('horse'))).rejects.toMatchObject({ code: 'PASSPHRASE_EMPTY' })
    expect(await files()).toEqual(before)
    await changeHomePassphrase(home, undefined, deps('horse'))
    expect(await sealed()).toBe(false)
    expect((await (await open()).signer('blog'))!.publicKey).toEqual(key.publicKey)
  })

  test('a node that runs with the old one neither seals nor opens with it', async () => {
    const chain = await open()
    await chain.create('a')
    await changeHomePassphrase(home, 'horse', deps())
    const old = new Keychain({ dir: home.keys, identityFile: home.identityKey, self: await loadOrCreateKey(home.identityKey, deps('horse')), ...deps('cow') })
    await expect(old.create('b')).rejects.toMatchObject({ code: 'PASSPHRASE_CHANGED', exit: 'busy' })
    await expect(old.signer('a')).rejects.toMatchObject({ code: 'PASSPHRASE_CHANGED', exit: 'busy' })
    expect(await listKeyNames(home.keys)).toEqual(['a'])
  })

  test('a change that is killed half-way leaves the old passphrase in force, and the same change again ends it', async () => {
    const keys = [await (await open()).create('a'), await (await open()).create('b')]
    const dry = faultyFs()
    await changeHomePassphrase(home, undefined, deps(), dry) // the same steps, and no passphrase to stretch
    const at = dry.steps.indexOf('rename b.key') // a is done, b and the identity are not
    await changeHomePassphrase(home, 'old', deps())
    await expect(changeHomePassphrase(home, 'new', deps('old'), faultyFs({ at, kind: 'kill' }))).rejects.toThrow('killed at rename b.key')
    await changeHomePassphrase(home, 'new', deps('old'))
    const chain = await open('new')
    expect((await chain.signer('a'))!.publicKey).toEqual(keys[0]!.publicKey)
    expect((await chain.signer('b'))!.publicKey).toEqual(keys[1]!.publicKey)
  })
})

describe('a disk that fails', () => {
  test.each(['kill', 'full', 'fail'] as const)('%s at every step of making a key: it is there whole, or not at all', async kind => {
    await open()
    const dry = faultyFs()
    await (await open(undefined, dry)).create('x')
    for (let at = 0; at < dry.steps.length; at++) {
      await fs.rm(home.keys, { recursive: true, force: true })
      const made = await (await open(undefined, faultyFs({ at, kind }))).create('x').catch((e: unknown) => e as Error)
      const after = await open()
      const names = (await after.list()).map(({ name }) => name)
      if (!(made instanceof Error)) expect(await after.list()).toContainEqual(made)
      else if (kind === 'full') expect(made).toMatchObject({ code: 'DISK_FULL' })
      if (names.includes('x')) expect(await after.signer('x')).toBeDefined()
      else expect((await after.create('x')).name).toBe('x')
    }
  })

  test('a key whose removal is cut off is there, or gone', async () => {
    for (let at = 0; at < 2; at++) {
      const chain = await open(undefined, faultyFs({ at, kind: 'kill' }))
      const key = await (await open()).import(`x${at}`, seed(10 + at))
      await expect(chain.remove(`x${at}`)).rejects.toThrow('killed')
      expect((await (await open()).list()).some(({ peerId }) => peerId === key.peerId)).toBe(at === 0)
    }
  })
})

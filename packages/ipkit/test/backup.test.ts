import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { pathsIn, type AppPaths } from '@ipkit/core/config/app-paths'
import { loadOrCreateKey } from '@ipkit/core/identity/key-file'
import { Keychain } from '@ipkit/core/identity/keychain'
import { inHome, type InHome } from './in-home.ts'
import { PEER_A } from './memory-node-control.ts'

async function fullHome (): Promise<InHome> {
  const home = inHome()
  await home.run(['config', 'set', 'idleMinutes', '30'])
  await home.run(['contacts', 'add', 'bob', PEER_A])
  await home.run(['passphrase', 'set'], { answers: ['one', 'one'] })
  mkdirSync(path.join(home.paths.data, 'burn', 'messages', 'ab'), { recursive: true, mode: 0o700 })
  writeFileSync(path.join(home.paths.data, 'burn', 'messages', 'ab', 'slot'), 'ONE-TIME-SECRET')
  return home
}

const files = (dir: string): Record<string, string> => Object.fromEntries(['identity.key', 'config.json', 'contacts.json'].map(name => [name, readFileSync(path.join(dir, name), 'utf8')]))

test('what is backed up comes back in another home, and nothing else', async () => {
  using home = await fullHome()
  const made = await home.run(['backup', 'b.json', '--json'])
  expect(made).toMatchObject({ exit: 0, stderr: '' })
  expect(JSON.parse(made.stdout)).toMatchObject({ file: 'b.json', sealed: true, files: ['identity.key', 'config.json', 'contacts.json'], leftOut: ['burn'] })
  expect(statSync(path.join(home.dir, 'b.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(path.join(home.dir, 'b.json'), 'utf8')).not.toContain('ONE-TIME-SECRET')
  expect(await home.run(['restore', 'b.json', '--home', 'other'])).toMatchObject({ exit: 0 })
  const other = path.join(home.dir, 'other')
  expect(readdirSync(other).sort()).toEqual(['config.json', 'contacts.json', 'identity.key'])
  expect(files(other)).toEqual(files(home.paths.home))
  expect(readdirSync(other).map(name => statSync(path.join(other, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600])
  expect(statSync(other).mode & 0o777).toBe(0o700)
  expect(await home.run(['passphrase', 'clear', '--home', 'other'], { answers: ['one'] })).toMatchObject({ exit: 0 })
})

test('named keys are in it, and come back private, under the same passphrase', async () => {
  using home = await fullHome()
  const chainIn = async (paths: AppPaths): Promise<Keychain> => {
    const deps = { randomBytes, passphrase: async () => 'one' }
    return new Keychain({ dir: paths.keys, identityFile: paths.identityKey, self: await loadOrCreateKey(paths.identityKey, deps), ...deps })
  }
  const key = await (await chainIn(home.paths)).create('blog')
  const made = await home.run(['backup', 'b.json', '--json'])
  expect(JSON.parse(made.stdout)).toMatchObject({ keys: ['blog'], leftOut: ['burn'] })
  expect(JSON.parse((await home.run(['restore', 'b.json', '--home', 'other', '--json'])).stdout)).toMatchObject({ keys: ['blog'] })
  const other = pathsIn(path.join(home.dir, 'other'))
  expect((await (await chainIn(other)).signer('blog'))!.publicKey).toEqual(key.publicKey)
  expect([statSync(other.keys).mode & 0o777, statSync(path.join(other.keys, 'blog.key')).mode & 0o777]).toEqual([0o700, 0o600])
  for (const [name, text] of [['../blog', readFileSync(path.join(other.keys, 'blog.key'), 'utf8')], ['blog', 'ipkit identity key 1\n']] as const) {
    writeFileSync(path.join(home.dir, 'bad.json'), JSON.stringify({ ...JSON.parse(readFileSync(path.join(home.dir, 'b.json'), 'utf8')) as object, keys: { [name]: text } }))
    const run = await home.run(['restore', 'bad.json', '--home', 'third', '--json'])
    expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: 'BAD_BACKUP' } })
    expect(existsSync(path.join(home.dir, 'third'))).toBe(false)
  }
})

test('through standard output and standard input', async () => {
  using home = await fullHome()
  const { stdoutBytes, exit } = await home.run(['backup', '-'])
  expect(exit).toBe(0)
  expect(await home.run(['restore', '-', '--home', 'other'], { stdin: stdoutBytes })).toMatchObject({ exit: 0 })
  expect(files(path.join(home.dir, 'other'))).toEqual(files(home.paths.home))
})

test('a key without a passphrase is backed up with a warning', async () => {
  using home = inHome()
  await home.run(['passphrase', 'clear'])
  const run = await home.run(['backup', 'b.json'])
  expect(run).toMatchObject({ exit: 0, stderr: expect.stringMatching(/^ipkit: warning: the key in this backup is not encrypted/u) as unknown })
})

test('nothing is overwritten: neither a home in use nor a file', async () => {
  using home = await fullHome()
  await home.run(['backup', 'b.json'])
  const before = files(home.paths.home)
  expect(await home.run(['backup', 'b.json'])).toMatchObject({ exit: 8, stderr: expect.stringContaining("the file 'b.json' exists already") as unknown })
  expect(await home.run(['restore', 'b.json'])).toMatchObject({ exit: 8, stderr: expect.stringContaining('restoring never overwrites') as unknown })
  mkdirSync(path.join(home.dir, 'half'), { mode: 0o700 })
  writeFileSync(path.join(home.dir, 'half', 'something'), '')
  expect(await home.run(['restore', 'b.json', '--home', 'half'])).toMatchObject({ exit: 8 })
  expect(readdirSync(path.join(home.dir, 'half'))).toEqual(['something'])
  expect(files(home.paths.home)).toEqual(before)
  mkdirSync(path.join(home.dir, 'empty'), { mode: 0o700 })
  expect(await home.run(['restore', 'b.json', '--home', 'empty'])).toMatchObject({ exit: 0 })
})

test.each([
  ['cut off', (text: string) => text.slice(0, -20), 'BAD_BACKUP'],
  ['another document', () => '{"hello": 1}', 'BAD_BACKUP'],
  ['an unknown key', (text: string) => text.replace('"createdAt"', '"x": 1, "createdAt"'), 'BAD_BACKUP'],
  ['a file name that leads elsewhere', (text: string) => text.replace('"config.json"', '"../config.json"'), 'BAD_BACKUP'],
  ['another peer than its key', (text: string) => text.replace(/"peerId": "[^"]+"/u, `"peerId": "${PEER_A}"`), 'BAD_BACKUP'],
  ['a damaged key', (text: string) => text.replace('ipkit identity key 1', 'ipkit identity key'), 'BAD_BACKUP'],
  ['a later version', (text: string) => text.replace('"ipkitBackup": 1', '"ipkitBackup": 2'), 'BACKUP_TOO_NEW'],
])('a backup that is %s is refused, and no home is made', async (_what, damage, code) => {
  using home = await fullHome()
  await home.run(['backup', 'b.json'])
  writeFileSync(path.join(home.dir, 'b.json'), damage(readFileSync(path.join(home.dir, 'b.json'), 'utf8')))
  const run = await home.run(['restore', 'b.json', '--home', 'other', '--json'])
  expect([run.exit === 2 || run.exit === 8, JSON.parse(run.stderr)]).toEqual([true, { error: expect.objectContaining({ code }) as unknown }])
  expect([existsSync(path.join(home.dir, 'other')), existsSync(path.join(home.dir, 'other.restoring'))]).toEqual([false, false])
})

test('a home without a key has nothing to back up', async () => {
  using home = inHome()
  expect(await home.run(['backup', 'b.json'])).toMatchObject({ exit: 4, stderr: expect.stringContaining('has no key yet') as unknown })
  expect(existsSync(path.join(home.dir, 'b.json'))).toBe(false)
})

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Person, Ran } from '@ipkit/testkit/person'
import { testWith } from '@ipkit/testkit/test-with-program'
import { formatBurnLink, parseBurnLink } from '../../packages/burn-cli/src/domain/link.ts'
import { addMessage, BurnScene, getMessage, listFolder, statusOf } from '../faults/burn-scene.ts'

const ONE_LINE = /^burn: error: .+\n(burn: hint: .+\n)*$/
const NOBODY = 65534
const burn = fileURLToPath(new URL('../../packages/burn-cli/bin/burn.js', import.meta.url))

let scene: BurnScene
let alice: Person
let bob: Person
let nobody: Person
beforeAll(async () => {
  scene = new BurnScene()
  alice = await scene.person('alice')
  bob = await scene.person('bob')
  nobody = await scene.person('nobody')
  for (const who of [alice, bob]) expect((await who.run('burn', ['ls'])).exit).toBe(0)
})
afterAll(async () => { await scene[Symbol.asyncDispose]() })

const asNobody = ((): string | undefined => {
  if (process.getuid?.() !== 0) return 'root rights'
  return spawnSync(process.execPath, ['-e', 'require("fs").accessSync(process.argv[1])', burn], { uid: NOBODY, gid: NOBODY }).status === 0 ? undefined : 'checkout that others can read'
})()

/** All that an add or a get could leave behind. */
const traces = (who: Person): unknown => [readdirSync(who.folder).sort(), ...['messages', 'inbox'].map(name => listFolder(path.join(who.home, 'data/burn', name)))]

async function refused (exit: number, args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  const before = traces(alice)
  const ran = await alice.run('burn', args, { input })
  expect([ran.exit, ran.stdout, ran.stderr]).toEqual([exit, '', expect.stringMatching(ONE_LINE)])
  expect(traces(alice)).toEqual(before)
  return ran.stderr
}

test('a file of over 2^40 bytes: refused before a byte of it is read', async () => {
  const file = path.join(alice.folder, 'sparse')
  writeFileSync(file, '')
  truncateSync(file, 2 ** 40 + 1)
  expect(await refused(2, ['add', 'sparse'])).toMatch(/2\^40|1\.1 TB|1 TiB|1099511627776|1,099,511,627,776/)
  truncateSync(file, 256_000_001)
  expect(await refused(2, ['add', 'sparse', '--web'])).toContain('256')
})

test('things that are no files: a device, a socket, a link to nowhere', async () => {
  symlinkSync('nowhere', path.join(alice.folder, 'dangling'))
  expect(await refused(4, ['add', 'dangling'])).toContain('dangling')
  symlinkSync('.', path.join(alice.folder, 'round'))
  expect(await refused(2, ['add', 'round'])).toContain('round')
  await refused(2, ['add', path.join(alice.home, 'node.sock')])
})

test.each([['line\nbreak', 'a line break'], ['\u001b[2Jclear', 'an escape sequence'], ['a\u202etxt.exe', 'a turn of direction'], ['a/b', 'a slash'], ['..', 'two dots'], ['x'.repeat(256), '256 bytes'], ['', 'nothing']])('--name %j is refused, or cannot harm: %s', async (name) => {
  const before = traces(alice)
  const ran = await alice.run('burn', ['add', '-', `--name=${name}`], { input: 'x' })
  // oxlint-disable-next-line no-control-regex -- those are what must not come through
  expect(ran.stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202a-\u202e]/)
  if (ran.exit !== 0) {
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringMatching(ONE_LINE)])
    expect(traces(alice)).toEqual(before)
    return
  }
  const got = await getMessage(bob, ran.stdout, ['-o', './'])
  expect(got.exit).toBe(0)
  // oxlint-disable-next-line no-control-regex -- as above
  for (const saved of readdirSync(bob.folder)) expect(saved).not.toMatch(/[\u0000-\u001f\u202a-\u202e/]/)
})

test('a file whose own name has control characters is added, and saved under a harmless one', async () => {
  writeFileSync(path.join(alice.folder, 'two\nlines\u001b[0m.txt'), 'tricky')
  const { link } = await alice.json<{ link: string }>('burn', ['add', 'two\nlines\u001b[0m.txt'])
  const before = readdirSync(bob.folder)
  expect((await getMessage(bob, link, ['-o', './'])).exit).toBe(0)
  const [saved] = readdirSync(bob.folder).filter(name => !before.includes(name))
  // oxlint-disable-next-line no-control-regex -- as above
  expect(saved).not.toMatch(/[\u0000-\u001f]/)
  expect(readFileSync(path.join(bob.folder, saved!), 'utf8')).toBe('tricky')
})

test.each([
  ['nothing', ''], ['a word', 'hello'], ['a web address', 'https://example.org/#abc'], ['binary', Buffer.from([0xff, 0xfe, 0, 1, 2, 3])],
  ['a megabyte', 'ipfs://'.repeat(150_000)], ['two links', 'ipfs://127.0.0.1/tcp/1/x#y\nipfs://127.0.0.1/tcp/1/x#y'], ['no port', 'ipfs://127.0.0.1/bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e#AQ'],
])('not a link (%s): exit 2', async (_title, text) => { await refused(2, ['get', '-'], text) })

test('a link with the key of another message: told like an unknown one, and nothing is used up or kept', async () => {
  const { id, link } = await addMessage(alice, 'mine')
  const other = await addMessage(alice, 'other')
  const wrong = formatBurnLink({ ...parseBurnLink(link), L: parseBurnLink(other.link).L })
  const made = formatBurnLink({ ...parseBurnLink(link), L: new Uint8Array(32).fill(7) })
  const before = traces(bob)
  for (const each of [wrong, made]) {
    const ran = await getMessage(bob, each)
    expect([ran.exit, ran.stdout, ran.stderr]).toEqual([4, '', expect.stringMatching(ONE_LINE)])
  }
  expect([(await statusOf(alice, id)).state, (await statusOf(alice, other.id)).state]).toEqual(['unread', 'unread'])
  expect(traces(bob)).toEqual(before)
})

test('an empty passphrase, a passphrase file that is not there', async () => {
  writeFileSync(path.join(alice.folder, 'empty-pass'), '\n')
  for (const [file, exit] of [['empty-pass', 2], ['no-such-pass', 4]] as const) {
    const before = traces(alice)
    const ran = await alice.run('burn', ['add', '-', '--passphrase'], { input: 'x', env: { IPKIT_BURN_PASSPHRASE_FILE: path.join(alice.folder, file) } })
    expect([file, ran.exit, ran.stdout, ran.stderr]).toEqual([file, exit, '', expect.stringMatching(ONE_LINE)])
    expect(traces(alice)).toEqual(before)
  }
})

testWith(asNobody)('a file that may not be read, a folder that may not be written: one line, exit 8, nothing claimed', async () => {
  chmodSync(scene.folder, 0o755)
  chownSync(nobody.folder, NOBODY, NOBODY)
  const run = async (args: readonly string[], input = ''): Promise<Ran> => {
    const child = spawn(process.execPath, [burn, ...args], { cwd: nobody.folder, env: nobody.env, uid: NOBODY, gid: NOBODY })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', data => { stdout += String(data) })
    child.stderr.on('data', data => { stderr += String(data) })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    return { exit: await new Promise(resolve => { child.once('close', resolve) }), stdout, stderr }
  }
  writeFileSync(path.join(nobody.folder, 'closed'), 'secret', { mode: 0o600 })
  mkdirSync(path.join(nobody.folder, 'shut'), { mode: 0o755 })
  const add = await run(['add', 'closed'])
  expect([add.exit, add.stdout, add.stderr]).toEqual([8, '', expect.stringMatching(ONE_LINE)])
  const { id, link } = await addMessage(alice, 'still unread')
  for (const output of ['shut/out', 'shut/']) {
    const get = await run(['get', '-', '-o', output], link)
    expect([get.exit, get.stdout, get.stderr]).toEqual([8, '', expect.stringMatching(ONE_LINE)])
  }
  expect((await statusOf(alice, id)).state).toBe('unread')
  expect(listFolder(path.join(nobody.home, 'data/burn/messages'))).toEqual([])
  expect((await run(['get', '-'], link)).stdout).toBe('still unread')
})

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { appendFileSync, chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { BurnWorld, type WorldNode } from './burn-world.ts'
import { inWorld, runBurn, type BurnRun } from './run-burn.ts'

let world: BurnWorld
let alice: WorldNode
let bob: WorldNode
beforeEach(async () => {
  world = new BurnWorld()
  alice = await world.node('alice')
  bob = await world.node('bob', { addresses: ['/ip4/192.168.1.8/tcp/4101'] })
})
afterEach(async () => { await world[Symbol.asyncDispose]() })

const TTY = { stdin: true, stdout: true, stderr: true }
const at = (name: string): string => path.join(world.dir, name)
const file = (name: string, content: string | Uint8Array): string => { writeFileSync(at(name), content); return name }
/** What is in the world's folder besides the two nodes. */
const files = (): string[] => readdirSync(world.dir).filter(name => name !== 'alice' && name !== 'bob').sort()
/** Each message has randomness of its own. */
let messages = 0
const add = async (argv: readonly string[], options: BurnRun = {}): Promise<string> => {
  const salt = ++messages
  const { exit, stdout, stderr } = await runBurn(world, alice, ['add', ...argv], { randomByte: n => n * 31 + salt, ...options })
  if (exit !== 0) throw new Error(stderr)
  return stdout.trim().split('\n')[0]!
}
const state = async (): Promise<string[]> => (await runBurn(world, alice, ['ls', '--json'])).stdout.trim().split('\n').map(line => (JSON.parse(line) as { state: string }).state)

test('the README names every key of --json', async () => {
  const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8')
  const named = (command: string): string[] => {
    const row = readme.slice(readme.indexOf('## JSON')).split('\n').find(line => line.startsWith(`| \`${command}\` |`)) ?? ''
    return [...row.slice(command.length + 6).matchAll(/`([a-zA-Z]+)`/g)].map(m => m[1]!).sort()
  }
  const keys = async (node: WorldNode, argv: readonly string[], options: BurnRun = {}): Promise<string[]> =>
    Object.keys(JSON.parse((await runBurn(world, node, [...argv, '--json'], options)).stdout) as object).sort()
  expect([...await keys(alice, ['add', '-'], { stdin: 'hello' }), 'webLink'].sort()).toEqual(named('burn add'))
  expect(await keys(alice, ['ls'])).toEqual(named('burn ls'))
  const link = await add(['-'], { stdin: 'see you' })
  expect(await keys(bob, ['get', '-', '-o', 'kept'], { stdin: link })).toEqual(named('burn get -o f'))
})

describe('golden runs', () => {
  test('a message from add to read', async () => {
    const runs: string[] = []
    const on = async (node: WorldNode, argv: readonly string[], options: BurnRun = {}): Promise<string> => {
      const run = await runBurn(world, node, argv, { randomByte: n => n * 7 + 1, ...options })
      runs.push(run.transcript)
      return run.stdout
    }
    file('letter.txt', 'dear all,\nsee you at nine\n')
    const link = (await on(alice, ['add', 'letter.txt', '--expires', '2d'])).trim()
    const { id } = JSON.parse((await on(alice, ['ls', '--json']))) as { id: string }
    await on(alice, ['ls'])
    await on(bob, ['get', '-', '-o', '.', '--yes'], { stdin: link })
    await on(bob, ['get', '-'], { stdin: link })
    world.clock.advance(60_000)
    await on(alice, ['status', id.slice(0, 6)])
    await on(alice, ['status', id, '--json'])
    await on(alice, ['rm', id])
    await on(alice, ['unlock', 'ffff'])
    const transcript = runs.join('\n')
    expect(transcript).toBe(await golden(import.meta.url, 'from-add-to-read', transcript))
  })

  test.each<[name: string, argv: readonly string[], options?: BurnRun]>([
    ['add-json', ['add', '-', '--json', '--name', '../../up/notes.txt'], { stdin: 'hello' }],
    ['add-options', ['add', '-', '--reads', '3', '--strict', '--volatile', '--address', '203.0.113.9', '--address', '/ip6/2001:db8::7/tcp/9000'], { stdin: 'hello' }],
    ['add-passphrase', ['add', '-', '--passphrase'], { stdin: 'hello', answers: ['correct horse', 'correct horse'] }],
    ['add-passphrase-differs', ['add', '-', '--passphrase'], { stdin: 'hello', answers: ['correct horse', 'correct house'] }],
    ['add-to-and-web', ['add', '-', '--to', 'bob', '--web'], { stdin: 'hello' }],
    ['add-to-unknown', ['add', '-', '--to', 'bob'], { stdin: 'hello' }],
    ['add-to-address', ['add', '-', '--to', '/ip4/10.0.0.1/tcp/4101'], { stdin: 'hello' }],
    ['add-expires-over', ['add', '-', '--expires', '366d'], { stdin: 'hello' }],
    ['add-expires-past', ['add', '-', '--expires=-1h'], { stdin: 'hello' }],
    ['get-no-link', ['get', '-'], { stdin: '' }],
    ['get-web-link', ['get', 'http://192.168.1.7:4180/burn/#AAAA'], {}],
    ['get-no-terminal', ['get', 'not-a-link'], {}],
    ['ls-empty', ['ls'], {}],
    ['node-status', ['node', 'status'], {}],
    ['node-logs', ['node', 'logs'], {}],
    ['help', ['--help'], {}],
    ['help-get', ['get', '--help'], {}],
  ])('%s', async (name, argv, options) => {
    const { transcript } = await runBurn(world, alice, argv, { randomByte: n => n * 7 + 1, ...options })
    expect(transcript).toBe(await golden(import.meta.url, name, transcript))
  })

  test('a reader on a terminal is asked, and a stray Enter opens nothing', async () => {
    const link = await add(['-'], { stdin: 'hi \u001b]0;owned\u0007there' })
    const no = await runBurn(world, bob, ['get', '-'], { tty: TTY, answers: [link, ''] })
    const yes = await runBurn(world, bob, ['get', '-'], { tty: TTY, answers: [link, 'y'] })
    const transcript = `${no.transcript}\n${yes.transcript}`
    expect(transcript).toBe(await golden(import.meta.url, 'get-asks', transcript))
    expect(await state()).toEqual(['read'])
  })

  test('a wrong passphrase on a terminal is asked again', async () => {
    const link = await add(['-', '--passphrase'], { stdin: 'hi', answers: ['right', 'right'] })
    const run = await runBurn(world, bob, ['get', '-'], { tty: TTY, answers: [link, 'y', 'wrong', 'right'] })
    expect(run.transcript).toBe(await golden(import.meta.url, 'get-passphrase-again', run.transcript))
    expect(run).toMatchObject({ exit: 0, stdout: 'hi\n' })
  })

  test('a sender that is not there', async () => {
    const link = await add(['-'], { stdin: 'hi' })
    await alice.stop()
    const run = await runBurn(world, bob, ['get', '-'], { stdin: link })
    expect(run.transcript).toBe(await golden(import.meta.url, 'get-unreachable', run.transcript))
    expect(run.exit).toBe(5)
  })
})

describe('add', () => {
  test('the name is only the last part of a path', async () => {
    mkdirSync(at('deep'))
    const link = await add([file('deep/in.txt', 'x')])
    expect((await runBurn(world, bob, ['get', '-', '-o', '.', '--json'], { stdin: link })).stdout).toContain('"name":"in.txt"')
  })

  test('a file that grows while it is read leaves nothing', async () => {
    file('log.txt', new Uint8Array(3 << 20))
    let reads = 0
    const { door } = alice
    const watched: BurnRun = { node: { ...door, call: async (method, params, options = {}) => await door.call(method, params, { ...options, ...options.upload === undefined ? {} : { upload: growing(options.upload) } }) } }
    async function * growing (upload: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of upload) { if (reads++ === 1) appendFileSync(at('log.txt'), 'one more line'); yield piece }
    }
    const run = await runBurn(world, alice, ['add', 'log.txt'], watched)
    expect(run).toMatchObject({ exit: 1, stdout: '', stderr: expect.stringContaining("'log.txt' changed while it was read") })
    expect((await runBurn(world, alice, ['ls'])).stdout).toBe('no messages\n')
  })

  test('--web stops at 256 MB, for a file before anything is read', async () => {
    file('video.mp4', '')
    truncateSync(at('video.mp4'), 256_000_001)
    expect(await runBurn(world, alice, ['add', 'video.mp4', '--web'])).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringContaining('with --web the limit is 256 MB') })
  })

  test('the first line of a typed text is not followed by the question for the passphrase', async () => {
    const { exit, stderr } = await runBurn(world, alice, ['add', '-', '--passphrase'], { stdin: 'hi\nthere\n', tty: TTY, answers: ['right', 'right'] })
    expect([exit, stderr]).toEqual([0, expect.stringMatching(/^passphrase: \nthe same again: \nburn: type the message, then press Enter and Ctrl-D\n/u)])
  })

  test('a node that starts does so before a text is typed, since it may ask for its passphrase', async () => {
    let started = false
    const { door } = alice
    const node: BurnRun['node'] = { ...door, call: async (method, params, options) => { started = true; return await door.call(method, params, options) } }
    const stdin = (async function * () { yield new TextEncoder().encode(started ? 'hi' : 'too early') })()
    expect(await runBurn(world, alice, ['add', '-', '--json'], { node, stdin, tty: TTY })).toMatchObject({ exit: 0, stdout: expect.stringContaining('"sizeBytes":2') })
  })

  test('no progress stands in the middle of a text that is typed', async () => {
    const stdin = (async function * () { for (const line of ['hi\n', 'there\n']) { yield new TextEncoder().encode(line); world.clock.advance(5000) } })()
    const { exit, stderr } = await runBurn(world, alice, ['add', '-'], { stdin, tty: TTY })
    expect([exit, stderr]).toEqual([0, expect.not.stringContaining('encrypting')])
  })

  test.each(['2026-13-45', '2026-12-24T18:00+02:00'])('--expires %s is not called a bad duration alone', async expires => {
    expect(await runBurn(world, alice, ['add', '-', '--expires', expires], { stdin: 'hi' })).toMatchObject({ exit: 2, stderr: expect.stringMatching(/neither a duration nor a time in UTC\n.*2026-12-24T18:00/u) })
  })

  test('a --name that is changed is told', async () => {
    expect((await runBurn(world, alice, ['add', '-', '--name', 'up/a\u0007b'], { stdin: 'hi' })).stderr).toContain("burn: the name that readers see is 'ab'\n")
    expect(await runBurn(world, alice, ['add', '-', '--name', '..'], { stdin: 'hi' })).toMatchObject({ exit: 2, stderr: expect.stringContaining("'..' cannot be the name of a file") })
  })

  test('a passphrase file that is not there: the error says which setting names it', async () => {
    expect(await runBurn(world, alice, ['add', '-', '--passphrase'], { stdin: 'hi', env: { IPKIT_BURN_PASSPHRASE_FILE: '/nosuch' } }))
      .toMatchObject({ exit: 4, stderr: expect.stringContaining("IPKIT_BURN_PASSPHRASE_FILE: there is no file '/nosuch'") })
  })

  test('a passphrase from a file, its line end left out', async () => {
    const env = { IPKIT_BURN_PASSPHRASE_FILE: file('secret', 'correct horse\n') }
    const link = await add(['-', '--passphrase'], { stdin: 'hi', env })
    expect((await runBurn(world, bob, ['get', '-'], { stdin: link, env: { IPKIT_BURN_PASSPHRASE_FILE: file('other', 'correct horse') } })).stdout).toBe('hi')
  })
})

describe('get', () => {
  test.each([['<', '>'], ['"', '"'], ["'", "'"], ['(', ')'], [' `', '`\n']])('a link pasted with %s around it', async (before, after) => {
    const link = await add(['-'], { stdin: 'found' })
    expect(await runBurn(world, bob, ['get', '-'], { stdin: `${before}${link}${after}` })).toMatchObject({ exit: 0, stdout: 'found' })
  })

  test('a text goes over once', async () => {
    const link = await add(['-'], { stdin: 'see you at nine' })
    expect(await runBurn(world, bob, ['get', '-'], { stdin: link })).toMatchObject({ exit: 0, stdout: 'see you at nine' })
    expect(await runBurn(world, bob, ['get', '-'], { stdin: link })).toMatchObject({ exit: 4, stdout: '' })
  })

  test('a name that is taken gets a number, and -o FILE replaces only with --force', async () => {
    const link = await add([file('letter.txt', 'dear all')])
    expect(await runBurn(world, bob, ['get', '-', '-o', 'letter.txt'], { stdin: link })).toMatchObject({ exit: 8 })
    expect(await state()).toEqual(['unread'])
    const got = await runBurn(world, bob, ['get', link, '-o', '.', '--json'])
    expect(JSON.parse(got.stdout)).toEqual({ id: expect.any(String), file: 'letter (2).txt', sizeBytes: 8, name: 'letter.txt' })
    expect(await inWorld(world, 'letter (2).txt')).toBe('dear all')
    expect(statSync(at('letter (2).txt')).mode & 0o777).toBe(0o600)
    const again = await add(['-'], { stdin: 'new words' })
    expect((await runBurn(world, bob, ['get', '-', '-o', 'letter.txt', '--force'], { stdin: again })).exit).toBe(0)
    expect(await inWorld(world, 'letter.txt')).toBe('new words')
    expect(files()).toEqual(['letter (2).txt', 'letter.txt'])
  })

  test.each([['.zshenv', 'zshenv'], ['-rf', 'rf'], ['~', undefined], ['invoice\u202etxt.exe', 'invoicetxt.exe']])('a sender cannot make a start-up file or an option of it: %j is saved as %j', async (name, saved) => {
    const link = await add([file('letter.txt', 'x'), `--name=${name}`])
    const run = await runBurn(world, bob, ['get', '-', '-o', '.'], { stdin: link })
    expect(run.stdout.trim()).toEqual(saved ?? expect.stringMatching(/^burn-[0-9a-f]{12}$/))
    expect(files()).toEqual([run.stdout.trim(), 'letter.txt'].sort())
  })

  test('a sender cannot choose which file --force replaces', async () => {
    file('precious.txt', 'mine')
    const link = await add([file('letter.txt', 'x'), '--name', 'precious.txt'])
    expect((await runBurn(world, bob, ['get', '-', '-o', '.', '--force'], { stdin: link })).stdout.trim()).toBe('precious (2).txt')
    expect(await inWorld(world, 'precious.txt')).toBe('mine')
  })

  test('what is no text is saved on a terminal, not shown', async () => {
    const link = await add(['-'], { stdin: Uint8Array.of(0xff, 0, 27, 91) })
    const run = await runBurn(world, bob, ['get', '-', '--yes'], { tty: { ...TTY, stdin: false }, stdin: link })
    expect(run).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^burn-[0-9a-f]{12}\n$/) })
    expect(statSync(at(run.stdout.trim())).size).toBe(4)
  })

  test('too much for a terminal is saved here, and that is said before it is opened', async () => {
    const link = await add(['-'], { stdin: new Uint8Array(2 << 20) })
    const run = await runBurn(world, bob, ['get', '-', '--yes'], { tty: { ...TTY, stdin: false }, stdin: link })
    expect(run).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^burn-[0-9a-f]{12}\n$/), stderr: expect.stringContaining('too large to show') })
    expect(statSync(at(run.stdout.trim())).size).toBe(2 << 20)
    expect(await state()).toEqual(['read'])
  })

  test('too much for a line of JSON is refused before it is opened', async () => {
    const link = await add(['-'], { stdin: new Uint8Array(2 << 20) })
    const run = await runBurn(world, bob, ['get', '-', '--json'], { stdin: link })
    expect(run).toMatchObject({ exit: 8, stdout: '', stderr: expect.stringContaining('-o FILE') })
    expect(await state()).toEqual(['unread'])
  })

  test('--json without -o: the text itself', async () => {
    const link = await add(['-'], { stdin: 'hi "there"\n' })
    const run = await runBurn(world, bob, ['get', '-', '--json'], { stdin: link })
    expect(JSON.parse(run.stdout)).toEqual({ id: expect.any(String), name: null, sizeBytes: 11, text: 'hi "there"\n' })
    expect(await state()).toEqual(['read'])
  })

  test('nobody reads the output: nothing is confirmed, and the same command gets it after all', async () => {
    const link = await add(['-'], { stdin: 'precious' })
    expect((await runBurn(world, bob, ['get', '-'], { stdin: link, stdoutClosesAfter: 0 })).exit).toBe(1)
    expect(await state()).toEqual(['claimed'])
    expect((await runBurn(world, bob, ['get', '-'], { stdin: link })).stdout).toBe('precious')
    expect(await state()).toEqual(['read'])
  })

  test('the answer to a claim was lost on its way: the next get goes on, and does not say that it can be opened 0 times', async () => {
    const link = await add(['-'], { stdin: 'asked twice' })
    await runBurn(world, bob, ['get', '-'], { stdin: link, stdoutClosesAfter: 0 })
    const [id] = readdirSync(path.join(bob.dataDir, 'inbox'))
    rmSync(path.join(bob.dataDir, 'inbox', id!, 'answer'))
    expect(await state()).toEqual(['claimed'])
    const run = await runBurn(world, bob, ['get', '-'], { tty: TTY, answers: [link] })
    expect([run.exit, run.stdout]).toEqual([0, 'asked twice\n'])
    expect(run.stderr).toContain('an earlier try from here asked to open it, and no answer came; asking again')
    expect(run.stderr).not.toMatch(/0 times|nothing is used up|open it now/)
    expect(await state()).toEqual(['read'])
  })

  test('a place that cannot be written to is noticed before the claim', async () => {
    mkdirSync(at('locked'))
    chmodSync(at('locked'), 0o500)
    const link = await add(['-'], { stdin: 'hi' })
    const run = await runBurn(world, bob, ['get', '-', '-o', process.getuid?.() === 0 ? '/proc/nowhere' : 'locked/x'], { stdin: link })
    expect([run.exit === 0, run.stdout]).toEqual([false, ''])
    expect(await state()).toEqual(['unread'])
  })
})

test.each([[['L']], [['get', 'x', 'L']], [['get', 'L', 'L']], [['find', 'L']], [['status', 'L']], [['unlock', 'L']], [['add', '--reads', 'L', 'x']], [['add', 'L']], [['add', '-', '--to', 'L']], [['add', '-', '--expires', 'L']], [['rm', 'L']], [['get', '--address', 'L', 'x']]])('a link in the wrong place is not repeated in the error: burn %j', async words => {
  const link = await add([file('letter.txt', 'x')])
  const damaged = `${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`
  for (const given of [damaged, `http://127.0.0.1:4180/burn/#${link.split('#')[1]!}`]) {
    const { exit, stdout, stderr } = await runBurn(world, bob, words.map(word => word === 'L' ? given : word))
    expect(exit).not.toBe(0)
    expect(stdout + stderr).not.toContain(given.split('#')[1]!.slice(0, 20))
  }
})

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { endNodes } from '@ipkit/testkit/node/node-processes'
import { testWith, testWithProgram } from '@ipkit/testkit/test-with-program'

const bin = path.resolve(import.meta.dirname, '../../packages/ipkit/bin/ipkit.js')

interface Ran { readonly exit: number | null, readonly signal: NodeJS.Signals | null, readonly stdout: string, readonly stderr: string }
interface Status { readonly running: boolean, readonly pid: number, readonly peerId: string, readonly uptimeMs: number, readonly services: unknown[], readonly leases: unknown[] }

let folder: string
let homes: Set<string>
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-e2e-'))
  homes = new Set()
})
afterEach(async () => {
  for (const who of homes) await endNodes(homeOf(who))
  rmSync(folder, { recursive: true, force: true })
})

const homeOf = (who: string): string => path.join(folder, who, 'home')

function environment (who: string): Record<string, string> {
  const loopback = '/ip4/127.0.0.1/tcp/0'
  mkdirSync(path.join(folder, who), { recursive: true })
  homes.add(who)
  return { PATH: process.env['PATH']!, HOME: path.join(folder, who), IPKIT_HOME: homeOf(who), IPKIT_LISTEN: loopback, IPKIT_HTTP_LISTEN: loopback }
}

const started = (who: string, command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcessWithoutNullStreams =>
  spawn(command, args, { cwd: folder, env: { ...environment(who), ...env } })

async function ended (child: ChildProcessWithoutNullStreams): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += String(chunk) })
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  return await new Promise(resolve => { child.once('close', (exit, signal) => { resolve({ exit, signal, stdout, stderr }) }) })
}

async function ipkit (who: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const child = started(who, process.execPath, [bin, ...args], env)
  child.stdin.end()
  return await ended(child)
}

/** A shell line in which `ipkit` is the built command. */
async function shell (who: string, line: string): Promise<Ran> {
  const child = started(who, 'bash', ['-c', `ipkit () { '${process.execPath}' '${bin}' "$@"; }; ${line}`])
  child.stdin.end()
  return await ended(child)
}

async function json<T> (who: string, args: readonly string[]): Promise<T> {
  const run = await ipkit(who, [...args, '--json'])
  expect([run.exit, run.stderr]).toEqual([0, ''])
  return JSON.parse(run.stdout) as T
}

const status = async (who: string): Promise<Status> => await json<Status>(who, ['status'])

async function until (true_: () => boolean | Promise<boolean>): Promise<void> {
  while (!await true_()) await new Promise(resolve => { setTimeout(resolve, 50) })
}

describe('the shared node from the command line', () => {
  test('is started, seen, used and stopped', async () => {
    expect(await status('ann')).toEqual({ running: false, pid: null, peerId: null, uptimeMs: null, services: [], leases: [] })
    for (const args of [['--help'], ['start', '--help'], ['--version'], ['which'], ['doctor'], ['peers'], ['logs'], ['contacts', 'ls']]) expect([args, (await ipkit('ann', args)).exit]).toEqual([args, 0])
    expect(existsSync(homeOf('ann'))).toBe(false) // looking starts nothing and makes nothing

    const first = await json<Status>('ann', ['start'])
    expect(first).toMatchObject({ running: true, pid: expect.any(Number), peerId: expect.stringMatching(/^12D3Koo/u), uptimeMs: expect.any(Number), services: [], leases: [] })
    expect((await json<Status>('ann', ['start'])).pid).toBe(first.pid)
    expect((await status('ann')).pid).toBe(first.pid)
    const id = await json<{ peerId: string, addresses: string[], httpAddresses: string[] }>('ann', ['id'])
    expect(id).toEqual({ peerId: first.peerId, addresses: [expect.stringMatching(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${first.peerId}$`, 'u'))], httpAddresses: expect.any(Array) })
    expect(await json('ann', ['which'])).toMatchObject({ choice: 'own', endpoint: `unix:${homeOf('ann')}/node.sock`, running: true })

    const again = await json<Status>('ann', ['restart'])
    expect(again.pid).not.toBe(first.pid)
    expect(again.peerId).toBe(first.peerId)
    expect(await json('ann', ['id'])).toEqual(id) // the port is kept, so that links stay valid
    expect(await json('ann', ['stop'])).toEqual({ stopped: true })
    expect(await json('ann', ['stop'])).toEqual({ stopped: false })
    expect((await status('ann')).running).toBe(false)
    expect((await ipkit('ann', ['doctor'])).exit).toBe(0)
  })

  test('connects to a contact in another home', async () => {
    const ann = await json<{ peerId: string, addresses: string[] }>('ann', ['id'])
    expect((await ipkit('ben', ['contacts', 'add', 'ann', ann.peerId, ann.addresses[0]!])).exit).toBe(0)
    expect(await json('ben', ['connect', 'ann'])).toMatchObject({ peerId: ann.peerId })
    expect((await ipkit('ben', ['peers', '--json'])).stdout).toContain(ann.peerId)
    expect((await ipkit('ann', ['peers', '--json'])).stdout).toContain((await status('ben')).peerId)
    await ipkit('ann', ['stop'])
    const gone = await ipkit('ben', ['connect', 'ann', '--json'])
    expect([gone.exit, JSON.parse(gone.stderr)]).toEqual([5, { error: { code: 'PEER_UNREACHABLE', message: expect.any(String), hints: expect.any(Array) } }])
  })

  test('killed, it leaves a socket that the doctor finds and the next start takes over', async () => {
    const { pid } = await json<Status>('ann', ['start'])
    process.kill(pid, 'SIGKILL')
    await until(() => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '))
    expect((await status('ann')).running).toBe(false)
    const doctor = await ipkit('ann', ['doctor'])
    expect([doctor.exit, doctor.stdout]).toEqual([1, expect.stringContaining("is left over from a node that died\n                     cure: the next start cleans it up: 'ipkit start'\n")])
    expect((await json<Status>('ann', ['start'])).pid).not.toBe(pid)
    expect((await ipkit('ann', ['doctor'])).exit).toBe(0)
  })

  test.each([['SIGINT', 130, 'interrupted'], ['SIGTERM', 143, 'told to stop']] as const)('in the foreground it shows its log, and %s ends it', async (signal, exit, said) => {
    const child = started('ann', process.execPath, [bin, 'start', '--foreground'])
    const run = ended(child)
    await until(async () => (await status('ann')).running)
    const { pid } = await status('ann')
    child.kill(signal)
    expect(await run).toMatchObject({ exit, stdout: '', stderr: expect.stringMatching(new RegExp(`ready[^]*ipkit: ${said}\n$`, 'u')) })
    expect((await status('ann')).running).toBe(false)
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect((await ipkit('ann', ['doctor'])).exit).toBe(0) // it left in good order
  })
})

describe('the command line itself', () => {
  test('a home that others can look into is refused with the cure', async () => {
    mkdirSync(homeOf('ann'), { recursive: true })
    chmodSync(homeOf('ann'), 0o755)
    expect(await ipkit('ann', ['id'])).toMatchObject({ exit: 8, stdout: '', stderr: `ipkit: error: the home ${homeOf('ann')} has mode 0755; others must have no access (0700)\nipkit: hint: chmod 700 ${homeOf('ann')}\n` })
  })

  test('a reader that goes away ends it quietly', async () => {
    expect(await shell('ann', 'ipkit config show | head -1; echo "${PIPESTATUS[0]}"')).toMatchObject({ stdout: expect.stringMatching(/^listen .*\n0\n$/u), stderr: '' })
    expect(await shell('ann', 'ipkit --help | head -1; echo "${PIPESTATUS[0]}"')).toMatchObject({ stdout: 'ipkit <command>\n0\n', stderr: '' })
  })

  testWith(existsSync('/dev/full') ? undefined : '/dev/full')('output that cannot be written is one clear line', async () => {
    expect(await shell('ann', 'ipkit config show > /dev/full')).toMatchObject({ exit: 1, stderr: "ipkit: error: no space left on the disk while writing 'standard output'\nipkit: hint: free some space, then run the command again\n" })
  })

  test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('%s stops a command that follows the log, which has shown what came', async (signal, exit) => {
    mkdirSync(homeOf('ann'), { recursive: true, mode: 0o700 })
    const log = path.join(homeOf('ann'), 'node.log')
    writeFileSync(log, '{"level":"info","msg":"one"}\n')
    const child = started('ann', process.execPath, [bin, 'logs', '--follow'])
    let shown = ''
    child.stdout.on('data', chunk => { shown += String(chunk) })
    const run = ended(child)
    await until(() => shown.includes('one'))
    writeFileSync(log, '{"level":"info","msg":"two"}\n', { flag: 'a' })
    await until(() => shown.includes('two'))
    rmSync(log)
    writeFileSync(log, '{"level":"info","msg":"of a new file"}\n')
    await until(() => shown.includes('of a new file'))
    child.kill(signal)
    expect(await run).toMatchObject({ exit, stdout: 'info: one\ninfo: two\ninfo: of a new file\n' })
  })

  test('under --json every line of stderr is one object', async () => {
    const run = await ipkit('ann', ['start', '--json', '-vv', '--progress=json'])
    expect(run.exit).toBe(0)
    for (const line of run.stderr.split('\n').filter(text => text !== '')) expect(Object.keys(JSON.parse(line) as object)).toHaveLength(1)
    expect(JSON.parse((await ipkit('ann', ['config', 'get', 'nothing', '--json'])).stderr)).toMatchObject({ error: { code: 'UNKNOWN_CONFIG_KEY' } })
  })
})

describe('a passphrase', () => {
  /** Types `keys` on a terminal of its own, each after its question was asked. */
  async function onTerminal (who: string, line: string, answers: ReadonlyArray<readonly [question: string, keys: string]>): Promise<Ran> {
    const child = started(who, 'script', ['-qec', `bash -c '${line.replace('ipkit', `"${process.execPath}" "${bin}"`)}'`, '/dev/null'])
    let screen = ''
    child.stdout.on('data', chunk => { screen += String(chunk) })
    const run = ended(child)
    for (const [question, keys] of answers) {
      await until(() => screen.includes(question))
      screen = screen.slice(screen.indexOf(question) + question.length)
      child.stdin.write(keys)
    }
    return await run
  }

  testWithProgram('script')('is typed without echo, and a node that starts asks for it', async () => {
    const set = await onTerminal('ann', 'ipkit passphrase set', [['the new passphrase: ', 'correct horsy\u007fe\r'], ['the new passphrase once more: ', 'correct horse\r']])
    expect([set.exit, set.stdout]).toEqual([0, expect.stringContaining('the key is under the new passphrase')])
    expect(set.stdout).not.toContain('hors')

    const refused = await ipkit('ann', ['start', '--json'])
    expect([refused.exit, JSON.parse(refused.stderr)]).toEqual([8, { error: { code: 'PASSPHRASE_NEEDED', message: expect.any(String), hints: expect.any(Array) } }])
    writeFileSync(path.join(folder, 'pass'), 'wrong\n')
    expect((await ipkit('ann', ['start'], { IPKIT_PASSPHRASE_FILE: path.join(folder, 'pass') })).exit).toBe(8)
    expect((await status('ann')).running).toBe(false)

    const asked = await onTerminal('ann', 'ipkit start', [['passphrase of your ipkit identity: ', 'correct horse\r']])
    expect(asked.exit).toBe(0)
    expect(asked.stdout).not.toContain('hors')
    expect((await status('ann')).running).toBe(true)
    await ipkit('ann', ['stop'])
    writeFileSync(path.join(folder, 'pass'), 'correct horse\n')
    expect((await ipkit('ann', ['start'], { IPKIT_PASSPHRASE_FILE: path.join(folder, 'pass') })).exit).toBe(0)
  })

  test('in a file seals the identity of a new home, which then needs it', async () => {
    writeFileSync(path.join(folder, 'pass'), 'correct horse\n')
    expect((await ipkit('ann', ['start'], { IPKIT_PASSPHRASE_FILE: path.join(folder, 'pass') })).exit).toBe(0)
    await ipkit('ann', ['stop'])
    expect(JSON.parse((await ipkit('ann', ['start', '--json'])).stderr)).toMatchObject({ error: { code: 'PASSPHRASE_NEEDED' } })
    expect(readFileSync(path.join(homeOf('ann'), 'identity.key'), 'utf8')).toContain('\nsealed ')
  })

  testWithProgram('script', 'stty')('^C at the question changes nothing and leaves the terminal as it was', async () => {
    const run = await onTerminal('ann', 'ipkit passphrase set; echo "exit $?"; stty -a', [['the new passphrase: ', 'half a pass\u0003']])
    expect(run.stdout).toContain('ipkit: interrupted')
    expect(run.stdout).toContain('exit 130')
    expect(run.stdout).toMatch(/ icanon/u)
    expect(run.stdout).toMatch(/ echo /u)
    expect(run.stdout).not.toContain('half')
    expect(existsSync(path.join(homeOf('ann'), 'identity.key'))).toBe(false)
  })
})

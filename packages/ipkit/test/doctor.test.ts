import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync, spawnSync } from 'node:child_process'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ClassicLevel } from 'classic-level'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { testWith } from '@ipkit/testkit/test-with-program'
import { inHome, type InHome } from './in-home.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
const isRoot = process.geteuid?.() === 0

/** A home as a node that ended well leaves it. */
async function usedHome (): Promise<InHome> {
  const home = inHome()
  await home.run(['config', 'set', 'mdns', 'off'])
  await home.run(['passphrase', 'clear'])
  mkdirSync(home.paths.data, { mode: 0o700 })
  writeFileSync(home.paths.clockEvidence, JSON.stringify({ version: 1, latestMs: NOW - 3_600_000 }))
  return home
}

async function findings (home: InHome, options: Parameters<InHome['run']>[1] = {}): Promise<Array<{ check: string, state: string, message: string, cure?: string }>> {
  const run = await home.run(['doctor', '--json'], { clock: new ManualClock(NOW), ...options })
  const found = run.stdout.trimEnd().split('\n').map(line => JSON.parse(line) as { check: string, state: string, message: string })
  expect(run.exit).toBe(found.every(f => f.state === 'ok') ? 0 : 1)
  return found
}

const broken = async (...args: Parameters<typeof findings>): Promise<Array<{ check: string, message: string, cure?: string }>> =>
  (await findings(...args)).filter(f => f.state !== 'ok').map(({ state: _state, ...rest }) => rest)

async function listening (at: { port: number, host: string } | string): Promise<Server & AsyncDisposable> {
  const server = createServer(socket => { socket.on('error', () => {}).on('data', () => { socket.end('garbage\r\n\r\n') }) })
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(at, resolve) })
  return Object.assign(server, { [Symbol.asyncDispose]: async () => { await new Promise(resolve => { server.close(resolve) }) } })
}

test('a home that is well', async () => {
  using home = await usedHome()
  expect(await broken(home)).toEqual([])
  expect((await findings(home)).map(f => f.check)).toEqual(['home', 'disk', 'settings', 'identity', 'contacts', 'node', 'version', 'ports', 'clock', 'services'])
})

test('for people it is one line for each check, and a cure under what is broken', async () => {
  using home = await usedHome()
  chmodSync(home.paths.home, 0o755)
  const { stdout, exit } = await home.run(['doctor'], { clock: new ManualClock(NOW) })
  expect(exit).toBe(1)
  expect(stdout).toContain('broken  home         the home <dir>/home has mode 0755; others must have no access (0700)\n                     cure: chmod 700 <dir>/home\n')
  expect(stdout.split('\n').filter(line => /^(ok|broken) /u.test(line))).toHaveLength(10)
})

describe('what is known to go wrong', () => {
  test('a home that is a link', async () => {
    using home = inHome()
    mkdirSync(path.join(home.dir, 'real'), { mode: 0o700 })
    symlinkSync(path.join(home.dir, 'real'), home.paths.home)
    expect(await broken(home)).toContainEqual({ check: 'home', message: 'the home <dir>/home is a symbolic link', cure: 'name the real directory: --home DIR or IPKIT_HOME=DIR' })
  })

  testWith(isRoot ? undefined : 'right to give a folder away')('a home of another user', async () => {
    using home = await usedHome()
    chownSync(home.paths.home, 12345, 12345)
    expect((await broken(home))[0]).toMatchObject({ check: 'home', message: `the home <dir>/home belongs to user 12345, this process runs as user 0` })
  })

  test('a key that others can read', async () => {
    using home = await usedHome()
    chmodSync(home.paths.identityKey, 0o644)
    expect(await broken(home)).toEqual([{ check: 'identity', message: '<dir>/home/identity.key has mode 644; others can get at it', cure: 'chmod 600 <dir>/home/identity.key' }])
  })

  test('a damaged key', async () => {
    using home = await usedHome()
    writeFileSync(home.paths.identityKey, 'ipkit identity key 1\npeer\n', { mode: 0o600 })
    expect((await broken(home)).map(f => f.check)).toEqual(['identity'])
  })

  test('settings that are not JSON, and an address book that is not', async () => {
    using home = await usedHome()
    writeFileSync(home.paths.config, '{"listen": ')
    writeFileSync(home.paths.contacts, '[]')
    const found = await broken(home)
    expect(found.map(f => f.check)).toEqual(expect.arrayContaining(['settings', 'contacts']))
    expect(found.every(f => f.cure !== undefined)).toBe(true)
  })

  test('a socket left over by a node that died', async () => {
    using home = await usedHome()
    spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(home.paths.socket)}, () => process.kill(process.pid, 'SIGKILL'))`])
    expect(await broken(home)).toEqual([{ check: 'node', message: '<dir>/home/node.sock is left over from a node that died', cure: "the next start cleans it up: 'ipkit start'" }])
  })

  test('a node of another time', async () => {
    using home = await usedHome()
    const hello = { protocol: { min: 7, max: 9 }, version: '9.0.0', capabilities: [], pid: 4711, peerId: 'x', draining: false, busy: false, services: {} }
    const server = createHttpServer((request, response) => { response.writeHead(request.url === '/v1/hello' ? 200 : 404).end(`${JSON.stringify(hello)}\n`) })
    await new Promise<void>(resolve => { server.listen(home.paths.socket, resolve) })
    try {
      expect(await broken(home)).toEqual([{ check: 'version', message: 'the running node speaks protocol 7 to 9, this ipkit only 1', cure: 'update ipkit' }])
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  })

  test('a program that is no node of ours on the socket', async () => {
    using home = await usedHome()
    await using _foreign = await listening(home.paths.socket)
    const found = await broken(home)
    expect(found.map(f => f.check)).toContain('node')
    expect(found[0]!.message).toContain("the node's answer was not understood")
  })

  test('a link in the place of the socket', async () => {
    using home = await usedHome()
    symlinkSync('/tmp', home.paths.socket)
    expect((await broken(home))[0]).toEqual({ check: 'home', message: '<dir>/home/node.sock is a symbolic link', cure: 'look at it, then remove it: rm <dir>/home/node.sock' })
  })

  test('a process that holds the lock and answers no calls', async () => {
    using home = await usedHome()
    const held = new ClassicLevel(home.paths.datastore)
    await held.open()
    try {
      expect(await broken(home)).toEqual([{ check: 'node', message: 'a process holds the lock of <dir>/home/datastore but answers no calls', cure: 'wait a moment; if it stays so, see who it is: fuser -v <dir>/home/datastore/LOCK' }])
    } finally {
      await held.close()
    }
    expect(await broken(home)).toEqual([])
  })

  test('another program on the port', async () => {
    using home = await usedHome()
    await using foreign = await listening({ port: 0, host: '127.0.0.1' })
    const { port } = foreign.address() as AddressInfo
    expect(await broken(home, { env: { IPKIT_LISTEN: `/ip4/127.0.0.1/tcp/${port}` } })).toEqual([{
      check: 'ports',
      message: `another program uses port ${port} (/ip4/127.0.0.1/tcp/${port}); links that name it do not work`,
      cure: `see which: ss -ltnp 'sport = :${port}'; or choose another: ipkit config set listen /ip4/0.0.0.0/tcp/PORT`,
    }])
  })

  test('a clock set back, until it is accepted', async () => {
    using home = await usedHome()
    writeFileSync(home.paths.clockEvidence, JSON.stringify({ version: 1, latestMs: NOW + 86_400_000 }))
    expect(await broken(home)).toEqual([{ check: 'clock', message: 'the clock is 1 d behind what this home has already seen', cure: "set the clock; if it is right as it is: 'ipkit doctor --accept-clock'" }])
    expect(await home.run(['doctor', '--accept-clock', '-q'], { clock: new ManualClock(NOW) })).toMatchObject({ exit: 0, stderr: '' })
    expect(await broken(home)).toEqual([])
  })

  test('a clock that jumped far ahead', async () => {
    using home = await usedHome()
    writeFileSync(home.paths.clockEvidence, JSON.stringify({ version: 1, latestMs: NOW - 500 * 86_400_000 }))
    expect((await broken(home)).map(f => f.check)).toEqual(['clock'])
  })

  const canMount = isRoot && ((): boolean => {
    const probe = inHome()
    try { mount(probe.dir, '4k'); unmount(probe.dir); return true } catch { return false } finally { probe[Symbol.dispose]() }
  })()

  testWith(canMount ? undefined : 'right to mount')('a full disk, and a read-only one', async () => {
    using home = inHome()
    mount(home.dir, '256k')
    try {
      mkdirSync(home.paths.home, { mode: 0o700 })
      try { writeFileSync(path.join(home.dir, 'filler'), new Uint8Array(1_000_000)) } catch { /* full */ }
      expect(await broken(home)).toEqual([{ check: 'disk', message: 'no space left on the disk of the home <dir>/home', cure: 'df -h <dir>/home' }])
      rmSync(path.join(home.dir, 'filler'))
      expect((await broken(home))[0]!.message).toMatch(/^only \d+ kB are free on the disk of <dir>\/home; 67\.1 MB is the least$/u)
      execFileSync('mount', ['-o', 'remount,ro', home.dir])
      expect((await broken(home))[0]).toMatchObject({ check: 'disk', message: 'the home <dir>/home is on a read-only disk' })
    } finally {
      unmount(home.dir)
    }
    expect(existsSync(home.paths.home)).toBe(false)
  })
})

function mount (dir: string, size: string): void { execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' }) }
function unmount (dir: string): void { execFileSync('umount', [dir]) }

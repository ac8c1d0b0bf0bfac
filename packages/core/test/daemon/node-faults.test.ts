import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { runNodeInForeground } from '@ipkit/core/daemon/spawn-node'
import { tempHome, type BuiltNode } from '@ipkit/testkit/node/built-node'
import { endNodes, nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { testWith } from '@ipkit/testkit/test-with-program'
import { host, nodeFixture, until } from './node-fixture.ts'

const isRoot = process.geteuid?.() === 0

const on = nodeFixture()
const { node, gone } = on
let home: string
let quick: string
let built: BuiltNode
beforeEach(() => { ({ home, quick, built } = on) })

describe('what is wrong gets one clear line', () => {
  test('a node that cannot start says why, at once', async () => {
    mkdirSync(home, { mode: 0o700 })
    writeFileSync(path.join(home, 'config.json'), '{"lisen":[]}')
    await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'BAD_CONFIG', exit: 'usage', hints: ['did you mean "listen"?'] })
    rmSync(path.join(home, 'config.json'))
    writeFileSync(path.join(home, 'leases.json'), 'x')
    await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'LEASES_DAMAGED' })
    await gone()
  })

  test('a program that is no node, or missing, is reported with the log', async () => {
    const broken = path.join(path.dirname(home), 'broken.mjs')
    writeFileSync(broken, 'process.exit(3)')
    await expect(node({ nodeMain: broken }).call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_START_FAILED', message: 'the node could not start: it ended with code 3', hints: [expect.stringContaining('node.log')] })
    await expect(node({ nodeMain: '/nowhere/node-main.js' }).call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_START_FAILED' })
  })

  test('a node that accepts the connection and says nothing is not waited for without end', async () => {
    mkdirSync(home, { mode: 0o700 })
    const mute = net.createServer(socket => { socket.resume() })
    await new Promise<void>(resolve => { mute.listen(path.join(home, 'node.sock'), resolve) })
    await expect(node({ patienceMs: 200 }).call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_NOT_ANSWERING', exit: 'timedOut', message: expect.stringContaining('within 0.2 s') })
    expect(nodeProcesses(home)).toEqual([])
    await new Promise(resolve => { mute.close(resolve) })
  })

  test('a node that was told to leave is not waited for when another one stands in its place', async () => {
    mkdirSync(home, { mode: 0o700 })
    const hello = { protocol: { min: 1, max: 1 }, version: '0', capabilities: [], pid: 1, peerId: 'x', draining: false, busy: false, services: {} }
    const next = http.createServer((request, response) => {
      request.resume()
      response.setHeader('content-type', 'application/json').end(`${JSON.stringify(request.url === '/v1/drain' ? { draining: true, calls: 0, leases: 0 } : hello)}\n`)
    })
    await new Promise<void>(resolve => { next.listen(path.join(home, 'node.sock'), resolve) })
    expect(await node().stop({ ifIdle: false })).toBe(true)
    await new Promise(resolve => { next.close(resolve); next.closeAllConnections() })
  })

  test('a socket or hint file that is not ours is refused before anything is sent to it', async () => {
    mkdirSync(home, { mode: 0o700 })
    const real = path.join(path.dirname(home), 'real.sock')
    let connections = 0
    const other = net.createServer(s => { connections++; s.destroy() })
    await new Promise<void>(resolve => { other.listen(real, resolve) })
    symlinkSync(real, path.join(home, 'node.sock'))
    await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_FILE_SUSPECT', exit: 'refused' })
    rmSync(path.join(home, 'node.sock'))
    symlinkSync('/etc/hostname', path.join(home, 'node.json'))
    await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_FILE_SUSPECT' })
    expect(connections).toBe(0)
    await new Promise(resolve => { other.close(resolve) })
  })

  testWith(isRoot ? undefined : 'root rights')('a home of another user is refused, so sudo starts no node in it', async () => {
    mkdirSync(home, { mode: 0o700 })
    lchownSync(home, 65534, 65534)
    await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'HOME_NOT_OURS', exit: 'refused' })
    expect(nodeProcesses(home)).toEqual([])
  })

  testWith(isRoot ? undefined : 'root rights')('a process of another user cannot open the socket', async () => {
    await node().call('t.echo', 1)
    chmodSync(path.dirname(home), 0o755)
    const dial = (uid: number): string => {
      const run = spawnSync(process.execPath, ['-e', `require('net').connect(${JSON.stringify(path.join(home, 'node.sock'))}).on('connect',()=>{console.log('open');process.exit()}).on('error',e=>console.log(e.code))`], { uid, gid: uid, encoding: 'utf8' })
      return run.stdout.trim()
    }
    expect([dial(0), dial(65534)]).toEqual(['open', 'EACCES'])
    chmodSync(home, 0o755) // even if the folder were open
    expect(dial(65534)).toBe('EACCES')
    chmodSync(home, 0o700)
  })

  const mount = (options: string): (() => void) | undefined => {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const run = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', home])
    return run.status === 0 ? () => { execFileSync('umount', ['-l', home]) } : undefined
  }
  const canMount = ((): boolean => {
    const dir = tempHome()
    mkdirSync(dir.home)
    const ok = isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', dir.home]).status === 0 && spawnSync('umount', [dir.home]).status === 0
    dir[Symbol.dispose]()
    return ok
  })()

  testWith(canMount ? undefined : 'right to mount')('a home on a full disk', async () => {
    const unmount = mount('size=64k,mode=0700')!
    try {
      try { writeFileSync(path.join(home, 'filler'), Buffer.alloc(1 << 20)) } catch { /* that is the point */ }
      await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'DISK_FULL', exit: 'failed', message: `no space left on the disk of the home ${home}` })
      rmSync(path.join(home, 'filler'))
    } finally { unmount() }
  })

  testWith(canMount ? undefined : 'right to mount')('a home on a read-only disk, new or used before', async () => {
    const unmount = mount('size=4m,mode=0700')!
    try {
      execFileSync('mount', ['-o', 'remount,ro', home])
      await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'HOME_READ_ONLY', exit: 'refused', message: `the home ${home} is on a read-only disk` })
      await expect(node({ flags: { home: path.join(home, 'a', 'b') } }).call('t.echo', 1)).rejects.toMatchObject({ code: 'HOME_READ_ONLY' })
      execFileSync('mount', ['-o', 'remount,rw', home])
      await node().call('t.echo', 1)
      await endNodes(home)
      execFileSync('mount', ['-o', 'remount,ro', home])
      await expect(node().call('t.echo', 1)).rejects.toMatchObject({ code: 'HOME_READ_ONLY' })
    } finally { unmount() }
  })

  test('an identity under a passphrase: asked for where somebody can be asked, and handed over by a pipe', async () => {
    const nodeMain = built.testNodeMain({ needPassphrase: true })
    await expect(node({ nodeMain }).call('t.echo', 1)).rejects.toMatchObject({ code: 'PASSPHRASE_NEEDED' })
    let asked = 0
    const seen = await node({ nodeMain, askPassphrase: async () => { asked++; return 'swordfish' } }).call('t.env', {})
    expect(asked).toBe(1)
    expect(JSON.stringify(seen)).not.toContain('swordfish')
  })

  test('the node does not run under an inspector', () => {
    const run = spawnSync(process.execPath, ['--inspect=127.0.0.1:0', built.nodeMain, '--home', home, '--foreground'], { encoding: 'utf8', env: { IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0' } })
    expect(run.status).toBe(8)
    expect(run.stderr).toContain('the node does not run with an inspector open')
  })
})

describe('in the foreground', () => {
  test('it logs to stderr, is a second one only in words, and ends with its parent\'s signal', async () => {
    const child = spawn(process.execPath, [quick, '--home', home, '--foreground'], { stdio: ['ignore', 'ignore', 'pipe'] })
    let text = ''
    child.stderr.on('data', d => { text += String(d) })
    await until(() => / info: ready /.test(text))
    const second = spawnSync(process.execPath, [quick, '--home', home, '--foreground'], { encoding: 'utf8' })
    expect([second.status, second.stderr]).toEqual([7, `ipkit: error: another process is the node of ${home}\nipkit: hint: ipkit status --home ${home}\n`])
    child.kill('SIGTERM')
    expect(await new Promise(resolve => { child.once('exit', resolve) })).toBe(0)
  })

  test('stops when the command that started it is interrupted', async () => {
    const stop = new AbortController()
    mkdirSync(home, { mode: 0o700 })
    const ended = runNodeInForeground({ nodeMain: quick, home, env: {}, host }, stop.signal)
    const n = node()
    await until(async () => await n.peek() !== undefined)
    stop.abort()
    expect(await ended).toBe(0)
  })

  test.each([[[], 'the node needs --home and an absolute path'], [['--home', 'x'], 'the node needs --home'], [['--home', '/x', '--inspect'], "does not know the argument '--inspect'"]])('arguments %j are refused', (argv, message) => {
    const run = spawnSync(process.execPath, [quick, ...argv], { encoding: 'utf8' })
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(message)
  })
})

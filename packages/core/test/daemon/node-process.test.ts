import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { SharedNode } from '@ipkit/core/daemon/open-node'
import type { BuiltNode } from '@ipkit/testkit/node/built-node'
import { endNodes, nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { writeSampleService } from '@ipkit/testkit/sample-service'
import { runClient } from '../../soak/one-node.soak.ts'
import { LOOPBACK, nodeFixture, status, until } from './node-fixture.ts'

const on = nodeFixture()
const { node, gone } = on
let home: string
let quick: string
let built: BuiltNode
beforeEach(() => { ({ home, quick, built } = on) })

describe('a node', () => {
  test('starts at the first call, answers the next one from the same process, and stops when asked', async () => {
    const first = node()
    expect(await first.call('t.echo', { a: 1 })).toEqual({ a: 1 })
    const { pid, peerId } = await status(first)
    expect((await status(node()))).toMatchObject({ running: true, pid, peerId, home, leases: [], services: [], calls: 0, draining: false, clock: { state: 'ok' } })
    expect(nodeProcesses(home)).toEqual([pid])
    expect(JSON.parse(readFileSync(path.join(home, 'node.json'), 'utf8'))).toMatchObject({ pid, peerId, protocol: { min: 1, max: 1 }, endpoint: `unix:${home}/node.sock` })
    expect(statSync(path.join(home, 'node.sock')).mode & 0o777).toBe(0o600)
    for (const file of ['node.json', 'node.log', 'identity.key']) expect([file, statSync(path.join(home, file)).mode & 0o777]).toEqual([file, 0o600])
    expect(await first.call('node.stop', {})).toMatchObject({ stopping: true })
    await gone()
    expect([existsSync(path.join(home, 'node.sock')), existsSync(path.join(home, 'node.json'))]).toEqual([false, false])
    expect((await status(node()))['peerId']).toBe(peerId)
  })

  test('inherits nothing but what it needs', async () => {
    const seen = await node({ env: { PATH: '/bin', SECRET: 'hunter2', NODE_OPTIONS: '--inspect=0', IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', TZ: 'UTC' } }).call('t.env', {}) as { env: Record<string, string>, argv: string[], execArgv: string[], cwd: string, umask: number }
    expect(seen.env).toEqual({ MALLOC_ARENA_MAX: '2', PATH: '/bin', IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', TZ: 'UTC' })
    expect(seen).toMatchObject({ execArgv: [], cwd: home, umask: 0o077, argv: [process.execPath, quick, '--home', home, '--report-fd', '3'] })
  })

  test('is reached under a home whose path is over the socket limit', async () => {
    const deep = path.join(home, 'x'.repeat(60), 'y'.repeat(60))
    mkdirSync(path.dirname(deep), { recursive: true, mode: 0o700 })
    const far = node({ flags: { home: deep } })
    expect(await far.call('t.echo', 1)).toBe(1)
    expect(await far.call('t.echo', 2)).toBe(2)
    expect(await far.stop({ ifIdle: false })).toBe(true)
    await endNodes(deep)
  })

  test('leaves after its idle time, but not while a call runs or a lease holds', async () => {
    const nodeMain = built.testNodeMain({ idleMs: 200 })
    const n = node({ nodeMain })
    await n.call('t.hold', { reason: 'a message waits', untilMs: Date.now() + 3_600_000 })
    const { pid } = await status(n)
    const stop = new AbortController()
    const call = n.call('t.wait', {}, { signal: stop.signal })
    call.catch(() => {})
    await new Promise(resolve => { setTimeout(resolve, 600) })
    await node({ nodeMain }).call('t.release', {})
    await new Promise(resolve => { setTimeout(resolve, 600) })
    expect(nodeProcesses(home)).toEqual([pid])
    stop.abort(new Error('enough'))
    await gone()
    expect(existsSync(path.join(home, 'node.sock'))).toBe(false)
  })

  test('keeps its leases over kill -9', async () => {
    const untilMs = Date.now() + 3_600_000
    const n = node()
    await n.call('t.hold', { reason: 'a message waits', untilMs })
    process.kill((await status(n))['pid'] as number, 'SIGKILL')
    await gone()
    expect((await status(node()))['leases']).toEqual([{ service: 't', id: 'x', reason: 'a message waits', until: new Date(untilMs).toISOString() }])
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('leaves at %s without a trace and without waiting for anybody\'s timers', async name => {
    const n = node({ nodeMain: built.nodeMain, env: LOOPBACK })
    const { pid } = await status(n)
    const call = n.list('node.peers', {})
    process.kill(pid as number, name)
    await gone()
    expect(existsSync(path.join(home, 'node.sock'))).toBe(false)
    await call.return(undefined)
  })

  test('with the real network tells its addresses and keeps its port and identity', async () => {
    const env = LOOPBACK
    const first = await node({ nodeMain: built.nodeMain, env }).call('node.id', {}) as { peerId: string, addresses: string[] }
    expect(first.addresses[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${first.peerId}$`))
    process.kill(nodeProcesses(home)[0]!, 'SIGKILL')
    await gone()
    expect(await node({ nodeMain: built.nodeMain, env }).call('node.id', {})).toEqual(first)
  })
})

test('kill -9 of the node, then six clients at once: one node again', async () => {
  const first = await runClient(built.client, quick, home)
  process.kill(first.pid!, 'SIGKILL')
  const answers = await Promise.all(Array.from({ length: 6 }, () => runClient(built.client, quick, home)))
  expect(new Set(answers.map(a => a.pid)).size).toBe(1)
  expect(answers[0]!.pid).not.toBe(first.pid)
  await until(() => nodeProcesses(home).length === 1)
})

describe('versions', () => {
  const v2 = { min: 2, max: 2 }
  test('a newer client has an idle older node leave and starts its own', async () => {
    const old = await status(node())
    const newer = await status(node({ protocol: v2, nodeMain: built.testNodeMain({ protocol: v2 }) }))
    expect(newer['pid']).not.toBe(old['pid'])
    expect(newer['peerId']).toBe(old['peerId'])
    await until(() => nodeProcesses(home).length === 1)
  })

  test('a newer client leaves a node with a call or a lease alone, and says what to run', async () => {
    const busy = node()
    const newer = (): SharedNode => node({ protocol: v2, nodeMain: built.testNodeMain({ protocol: v2 }) })
    const refused = { code: 'NODE_BUSY', exit: 'busy', hints: [expect.stringContaining('test node stop')] }
    const stop = new AbortController()
    let started = false
    const call = busy.call('t.wait', {}, { signal: stop.signal, onProgress: () => { started = true } })
    call.catch(() => {})
    await until(() => started)
    await expect(newer().call('t.echo', 1)).rejects.toMatchObject(refused)
    await busy.call('t.hold', { reason: 'r', untilMs: Date.now() + 3_600_000 })
    stop.abort(new Error('enough'))
    await until(async () => (await status(busy))['calls'] === 0)
    await expect(newer().call('t.echo', 1)).rejects.toMatchObject(refused)
    expect(await busy.call('t.echo', 'still here')).toBe('still here')
    await busy.call('t.release', {})
    expect(await newer().call('t.echo', 1)).toBe(1)
  })

  test('an older client is told to update, and a node in the range of both is kept', async () => {
    const newer = built.testNodeMain({ protocol: { min: 2, max: 3 } })
    const { pid } = await status(node({ protocol: v2, nodeMain: newer }))
    await expect(node({ protocol: { min: 1, max: 1 } }).call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_NEWER', exit: 'busy' })
    expect((await status(node({ protocol: { min: 3, max: 9 }, nodeMain: quick })))['pid']).toBe(pid)
  })

  test('a service is loaded at the first call that needs it; a newer build than the loaded one restarts an idle node', async () => {
    const ask = (build: number): SharedNode => node({ service: { name: 't', build, manifest: '/x/service.json' } })
    const first = ask(3)
    expect(await first.call('t.echo', 1)).toBe(1)
    const before = await status(first)
    expect(before['services']).toEqual([{ name: 't', build: 3, state: 'running' }])
    expect(await ask(2).call('t.echo', 1)).toBe(1)
    expect(await ask(4).call('t.echo', 1)).toBe(1)
    const after = await status(node())
    expect(after['services']).toEqual([{ name: 't', build: 4, state: 'running' }])
    expect(after['pid']).not.toBe(before['pid'])
    await node().call('t.hold', { reason: 'r', untilMs: Date.now() + 3_600_000 })
    await expect(ask(5).call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_BUSY', exit: 'busy' })
  })

  test('a node that is asked to leave finishes its calls first', async () => {
    const n = node()
    let started = false
    const stop = new AbortController()
    const call = n.call('t.wait', {}, { signal: stop.signal, onProgress: () => { started = true } })
    call.catch(() => {})
    await until(() => started)
    expect(await n.stop({ ifIdle: true })).toBe(false)
    const leaving = node().stop({ ifIdle: false })
    await new Promise(resolve => { setTimeout(resolve, 200) })
    expect(nodeProcesses(home).length).toBe(1)
    stop.abort(new Error('enough'))
    expect(await leaving).toBe(true)
    await gone()
  })
})

describe('which node', () => {
  test('own, none, a socket: chosen by --node, then IPKIT_NODE, then config.json', async () => {
    const running = node()
    await running.call('t.echo', 1)
    const socket = path.join(home, 'node.sock')
    const elsewhere = path.join(path.dirname(home), 'other')
    mkdirSync(elsewhere, { mode: 0o700 })
    writeFileSync(path.join(elsewhere, 'config.json'), JSON.stringify({ node: `unix:${socket}` }))
    const env = { PATH: process.env['PATH'] }
    const at = (flag: string | undefined, variable?: string): SharedNode => node({ flags: { home: elsewhere, node: flag }, env: { ...env, IPKIT_NODE: variable } })
    expect(await at(undefined).which()).toMatchObject({ choice: 'unix', why: path.join(elsewhere, 'config.json'), endpoint: `unix:${socket}`, hello: { draining: false, busy: false } })
    expect(await at(undefined).call('t.echo', 5)).toBe(5)
    expect(await at(undefined, 'none').which()).toMatchObject({ choice: 'none', why: 'IPKIT_NODE', endpoint: null, hello: null })
    await expect(at(undefined, 'none').call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_NONE', exit: 'usage' })
    expect(await at('own', 'none').which()).toMatchObject({ choice: 'own', why: '--node', endpoint: `unix:${elsewhere}/node.sock`, hello: null })
    await expect(at('unix:/nowhere/node.sock').call('t.echo', 1)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', exit: 'unreachable' })
    await expect(at('both').call('t.echo', 1)).rejects.toMatchObject({ code: 'BAD_NODE_CHOICE', exit: 'usage' })
    expect(nodeProcesses(elsewhere)).toEqual([])
    expect(await node({ flags: { home, node: 'own' } }).peek()).toMatchObject({ busy: false })
  })

  test('a Kubo that left its address is named', async () => {
    const repo = path.join(path.dirname(home), 'kubo')
    mkdirSync(repo)
    writeFileSync(path.join(repo, 'api'), '/ip4/127.0.0.1/tcp/5001\n')
    expect((await node({ env: { IPFS_PATH: repo } }).which()).kubo).toEqual({ file: path.join(repo, 'api'), api: '/ip4/127.0.0.1/tcp/5001' })
    expect((await node({ env: { IPFS_PATH: '/nowhere' } }).which()).kubo).toBeNull()
  })
})

test('an error that a service throws where nobody catches it is logged, and the node goes on', async () => {
  const manifest = await writeSampleService(path.join(path.dirname(home), 'tools', 'stray'), {
    name: 'stray',
    body: "scope.rpc('stray.throw', async () => { setImmediate(() => { throw new Error('stray error') }); Promise.reject(new Error('stray rejection')); return { kind: 'result', value: 1 } })",
  })
  const n = node({ nodeMain: built.nodeMain, service: { name: 'stray', build: 1, manifest } })
  expect(await n.call('stray.throw', {})).toBe(1)
  const { pid } = await status(n)
  await until(() => { const log = readFileSync(path.join(home, 'node.log'), 'utf8'); return log.includes('stray error') && log.includes('stray rejection') })
  expect(await n.call('stray.echo', 2)).toBe(2)
  expect(nodeProcesses(home)).toEqual([pid])
})

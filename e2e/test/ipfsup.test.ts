/** ipfsup end to end: built commands, the real shim, releases over HTTPS with an authority of the test's own, a real repo on disk. */
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect } from '@jest/globals'
import { heliaBlockStore } from '@ipkit/core/blocks/helia-block-store'
import { cidOf, unixfsTree } from '@ipkit/testkit/releases/unixfs-tree'
import { testNode } from '@ipkit/testkit/test-node'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { ARCH, ARCHITECTURE, IpfsupScene, SYSTEM, type Updated } from '../faults/ipfsup-scene.ts'

const test = testWithProgram('openssl', 'tar')
const MS = 120_000

let scene: IpfsupScene
beforeEach(async () => { scene = await IpfsupScene.open() }, MS)
afterEach(async () => { await scene[Symbol.asyncDispose]() }, MS)

const line = async (...args: string[]): Promise<string> => (await scene.ipfs(args)).stdout.split('\n')[0]!
const archivesFetched = (): string[] => [...scene.dist.requests, ...scene.github.requests].filter(request => /tar\.gz( |$)/.test(request))

describe('a release', () => {
  test('is fetched, checked and made the default, and says so to scripts', async () => {
    const archive = await scene.release('0.43.0', 18)
    await scene.release('0.42.0', 18)
    scene.site.list('v0.44.0-rc1')
    scene.site.list('nightly-2026-11-20')
    scene.site.list('master')
    const updated = await scene.json<Updated>(['update'])
    expect(updated).toEqual({ version: 'go-v0.43.0', previous: null, transport: 'https', path: path.dirname(scene.programOf('go-v0.43.0')), sha512: expect.stringMatching(/^[0-9a-f]{128}$/), cid: expect.stringMatching(/^bafkrei/), resumedBytes: 0 })
    expect(archive.length).toBeGreaterThan(0)
    expect((await scene.person.runProgram(scene.programOf('go-v0.43.0'), ['version'])).stdout).toBe('ipfs version 0.43.0\n')
    expect(await scene.json(['ls'])).toEqual({ installed: [{ version: 'go-v0.43.0', path: updated.path, sizeBytes: expect.any(Number), default: true }], default: 'go-v0.43.0' })
    expect(await scene.json<Updated>(['update', 'v0.42.0'])).toMatchObject({ version: 'go-v0.42.0', previous: 'go-v0.43.0' })
    expect(await scene.json<Updated>(['rollback'])).toMatchObject({ version: 'go-v0.43.0', previous: 'go-v0.42.0' })
    expect(archivesFetched()).toHaveLength(2)
  }, MS)

  test('that nobody lists is exit 4, one for another machine too, and without an origin it is exit 5', async () => {
    await scene.release('0.43.0', 18)
    scene.site.add({ version: 'v0.42.0', os: 'plan9', arch: 'mips', archive: Buffer.from('x') })
    expect((await scene.ipfsup(['update', 'v0.99.0'])).exit).toBe(4)
    expect((await scene.ipfsup(['update', 'v0.42.0'])).exit).toBe(4)
    expect((await scene.ipfsup(['update', 'rs-v0.1.0'])).exit).toBe(2)
    await scene.dist[Symbol.asyncDispose]()
    await scene.github[Symbol.asyncDispose]()
    const ran = await scene.ipfsup(['update', 'v0.43.0'])
    expect([ran.exit, ran.stderr]).toEqual([5, expect.stringMatching(/^ipfsup: error: /)])
    expect(existsSync(path.join(scene.ipfsPath, 'releases/go-v0.43.0'))).toBe(false)
  }, MS)

  test('that is broken in any way is exit 8, and leaves nothing that runs', async () => {
    const archive = await scene.release('0.43.0', 18)
    const other = await scene.release('0.42.0', 18)
    const name = scene.site.add({ version: 'v0.43.0', os: SYSTEM, arch: ARCH, archive, cid: await cidOf(archive) })
    const half = Buffer.from(archive)
    half[archive.length >> 1]! ^= 1
    const cases: ReadonlyArray<readonly [what: string, code: string, spoil: () => void]> = [
      ['other bytes than were told', 'HASH_MISMATCH', () => { for (const served of [scene.dist, scene.github]) served.misbehave(at => at.endsWith(name) ? { body: half } : undefined) }],
      ['origins of two opinions', 'ORIGINS_DISAGREE', () => { scene.github.misbehave(at => at.endsWith('.sha512') ? { body: Buffer.from(`${'0'.repeat(128)}  ${name}\n`) } : undefined) }],
      ['one origin alone', 'ORIGIN_ALONE', () => { scene.github.misbehave(() => ({ status: 404 })) }],
      ['a CID of something else', 'CID_MISMATCH', () => { scene.site.add({ version: 'v0.43.0', os: SYSTEM, arch: ARCH, archive, cid: 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq' }) }],
      ['a program that is of another version', 'RELEASE_BROKEN', () => { scene.site.add({ version: 'v0.43.0', os: SYSTEM, arch: ARCH, archive: other }) }],
      ['an archive that leads out of its folder', 'ARCHIVE_REFUSED', () => { scene.site.add({ version: 'v0.43.0', os: SYSTEM, arch: ARCH, archive: escaping(scene.folder) }) }],
    ]
    for (const [what, code, spoil] of cases) {
      scene.site.add({ version: 'v0.43.0', os: SYSTEM, arch: ARCH, archive, cid: await cidOf(archive) })
      for (const served of [scene.dist, scene.github]) served.misbehave(undefined)
      spoil()
      const ran = await scene.ipfsup(['update', 'v0.43.0', '--json'])
      expect([what, ran.exit, ran.stdout, errorOf(ran.stderr)]).toEqual([what, 8, '', code])
      expect([what, existsSync(path.join(scene.ipfsPath, 'releases/go-v0.43.0')), existsSync(path.join(scene.folder, 'escaped'))]).toEqual([what, false, false])
      rmSync(path.join(scene.ipfsupHome, 'releases.lock.json'), { force: true })
    }
  }, MS)

  test('that changes under its name is refused, also after it was uninstalled', async () => {
    await scene.release('0.43.0', 18)
    await scene.release('0.42.0', 18)
    await scene.json(['update'])
    await scene.json(['update', 'v0.42.0'])
    expect((await scene.ipfsup(['uninstall', 'v0.43.0'])).exit).toBe(0)
    await scene.release('0.43.0', 18, 10)
    const ran = await scene.ipfsup(['update', 'v0.43.0', '--json'])
    expect([ran.exit, errorOf(ran.stderr)]).toEqual([8, 'RELEASE_CHANGED'])
  }, MS)

  test('comes whole after the download was killed, and what had arrived is not fetched again', async () => {
    const archive = await scene.release('0.43.0', 18, 6_000_000)
    const part = path.join(scene.ipfsPath, 'releases/.partial', `go-v0.43.0-${ARCHITECTURE}.part`)
    const keptBytes = 3_000_000
    for (const served of [scene.dist, scene.github]) served.misbehave(at => at.endsWith('.tar.gz') ? { stallAfter: keptBytes } : undefined)
    await scene.ipfsup(['update'], { onStart: child => { void (async () => {
      while (child.exitCode === null && (statSync(part, { throwIfNoEntry: false })?.size ?? 0) < keptBytes) await sleep(5)
      child.kill('SIGKILL')
    })() } })
    expect(existsSync(path.join(scene.ipfsPath, 'releases/go-v0.43.0'))).toBe(false)
    for (const served of [scene.dist, scene.github]) served.misbehave(undefined)
    const before = scene.dist.bytesSent() + scene.github.bytesSent()
    const { resumedBytes } = await scene.json<Updated>(['update'])
    expect(resumedBytes).toBeGreaterThanOrEqual(0.95 * keptBytes)
    expect(scene.dist.bytesSent() + scene.github.bytesSent() - before).toBeLessThan(archive.length - resumedBytes + 20_000)
    expect((await scene.person.runProgram(scene.programOf('go-v0.43.0'), ['version'])).stdout).toBe('ipfs version 0.43.0\n')
  }, MS)

  test('is fetched once by eight first runs at the same time', async () => {
    await scene.release('0.43.0', 18, 2_000_000)
    await scene.ipfsup(['init', '--yes'])
    for (const served of [scene.dist, scene.github]) served.misbehave(at => at.endsWith('.tar.gz') ? { bytesPerSecond: 4_000_000 } : undefined)
    const runs = await Promise.all(Array.from({ length: 8 }, async () => await scene.ipfs(['+v0.43.0', 'version'])))
    expect(runs.map(({ exit, stdout }) => [exit, stdout])).toEqual(runs.map(() => [0, 'ipfs version 0.43.0\n']))
    expect(archivesFetched()).toHaveLength(1)
  }, MS)
})

describe('ipfs', () => {
  beforeEach(async () => {
    for (const [version, repo] of [['0.43.0', 18], ['0.40.0', 18], ['0.36.0', 16]] as const) await scene.release(version, repo)
    await scene.ipfsup(['init', '--yes'])
    await scene.json(['update'])
  }, MS)

  test('runs what +, the environment, the folder and the default say, in this order', async () => {
    const project = path.join(scene.person.folder, 'project')
    mkdirSync(path.join(project, 'deep'), { recursive: true })
    for (const version of ['v0.40.0', 'v0.36.0']) await scene.ipfsup(['update', version])
    await scene.ipfsup(['default', 'v0.43.0'])
    const versionIn = async (cwd: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<string> => (await scene.ipfs([...args, 'version', '--number'], { cwd, env })).stdout.trim()
    expect(await versionIn(project)).toBe('0.43.0')
    writeFileSync(path.join(project, '.ipfs-version'), '# for this project\nv0.40.0\n')
    expect(await versionIn(path.join(project, 'deep'))).toBe('0.40.0')
    await scene.ipfsup(['use', 'v0.36.0'], { cwd: project })
    expect(await versionIn(path.join(project, 'deep'))).toBe('0.36.0')
    expect(await versionIn(project, [], { IPFSUP_VERSION: 'latest' })).toBe('0.43.0')
    expect(await versionIn(project, ['+0.40.0'], { IPFSUP_VERSION: 'latest' })).toBe('0.40.0')
    await scene.ipfsup(['unuse'], { cwd: project })
    expect(await versionIn(project)).toBe('0.40.0')
  }, MS)

  test('installs what is asked for and missing, but what a pin file names only after a yes', async () => {
    expect(await line('+v0.40.0', 'version')).toBe('ipfs version 0.40.0')
    scene.write('project/.ipfs-version', 'v0.36.0\n')
    const ran = await scene.ipfs(['version'], { cwd: path.join(scene.person.folder, 'project') })
    expect([ran.exit, ran.stdout]).toEqual([4, ''])
    expect(existsSync(scene.programOf('go-v0.36.0'))).toBe(false)
  }, MS)

  test('passes arguments, input, exit codes and signals through', async () => {
    expect((await scene.ipfs(['exit', '37'])).exit).toBe(37)
    expect((await scene.ipfs(['cat'], { input: 'what comes in' })).stdout).toBe('what comes in')
    expect((await scene.ipfs(['echo', '', 'a b', '*', '$HOME', '-x'])).stdout.split('\n').slice(3, -1)).toEqual(['arg=', 'arg=a b', 'arg=*', 'arg=$HOME', 'arg=-x'])
    await scene.initRepo('v0.43.0')
    const ran = await scene.ipfs(['daemon'], { onStart: child => { child.stdout.once('data', () => { child.kill('SIGTERM') }) } })
    expect([ran.exit, ran.stdout]).toEqual([0, 'Daemon is ready\ngot TERM\n'])
  }, MS)

  test('update is the same as ipfsup update, and what is Kubo\'s own goes to Kubo', async () => {
    expect(JSON.parse((await scene.ipfs(['update', 'v0.40.0', '--json'])).stdout)).toMatchObject({ version: 'go-v0.40.0' })
    const own = await scene.ipfs(['update', 'check'])
    expect([own.exit, own.stderr]).toEqual([1, 'Error: unknown command update\n'])
  }, MS)

  test('goes down through a migration by the newer program, back up without one, and keeps a copy of the config', async () => {
    await scene.initRepo('v0.43.0')
    const at = (name: string): string => path.join(scene.ipfsPath, name)
    await scene.json(['update', 'v0.36.0'])
    expect([readFileSync(at('version'), 'utf8'), readFileSync(at('migrations'), 'utf8')]).toEqual(['16\n', '0.43.0 18 to 16\n'])
    expect((JSON.parse(readFileSync(at('config'), 'utf8')) as { Update: unknown }).Update).toEqual({ Version: 'go-v0.36.0' })
    expect(statSync(at('config')).mode & 0o777).toBe(0o600)
    expect(await scene.json(['rollback'])).toMatchObject({ version: 'go-v0.43.0' })
    expect(readFileSync(at('migrations'), 'utf8')).toBe('0.43.0 18 to 16\n')
    expect(await line('version', '--number')).toBe('0.43.0')
  }, MS)

  test('stays where it is when the migration fails, or while a daemon has the repo', async () => {
    await scene.initRepo('v0.43.0')
    writeFileSync(path.join(scene.ipfsPath, 'fail-migration'), '')
    const failed = await scene.ipfsup(['update', 'v0.36.0', '--json'])
    expect([failed.exit, errorOf(failed.stderr)]).toEqual([1, 'MIGRATION_FAILED'])
    expect([await line('version', '--number'), readFileSync(path.join(scene.ipfsPath, 'version'), 'utf8')]).toEqual(['0.43.0', '18\n'])
    rmSync(path.join(scene.ipfsPath, 'fail-migration'))
    await using daemon = await listen()
    writeFileSync(path.join(scene.ipfsPath, 'api'), `/ip4/127.0.0.1/tcp/${daemon.port}`)
    const busy = await scene.ipfsup(['update', 'v0.36.0', '--json'])
    expect([busy.exit, errorOf(busy.stderr)]).toEqual([7, 'REPO_BUSY'])
    expect(await line('version', '--number')).toBe('0.43.0')
  }, MS)

  test('works offline, and latest is the last answer, with its age', async () => {
    await scene.dist[Symbol.asyncDispose]()
    await scene.github[Symbol.asyncDispose]()
    expect(await line('version', '--number')).toBe('0.43.0')
    const ran = await scene.ipfsup(['update', '--offline'])
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringMatching(/last (asked|answer|known)/)])
    expect((await scene.ipfsup(['update', 'v0.40.0', '--offline'])).exit).toBe(5)
  }, MS)

  test('is gone after self uninstall, with the shell\'s file as it was, and the releases stay', async () => {
    const rc = path.join(scene.person.folder, '.bashrc')
    await scene.ipfsup(['self', 'uninstall', '--yes'])
    expect([existsSync(scene.ipfsupHome), existsSync(rc) ? readFileSync(rc, 'utf8') : '']).toEqual([false, ''])
    expect(existsSync(scene.programOf('go-v0.43.0'))).toBe(true)
  }, MS)

  test('is looked after by verify, gc and doctor', async () => {
    await scene.json(['update', 'v0.40.0'])
    expect((await scene.ipfsup(['verify'])).exit).toBe(0)
    chmodSync(scene.programOf('go-v0.43.0'), 0o755)
    writeFileSync(scene.programOf('go-v0.43.0'), '#!/bin/sh\necho stolen\n')
    expect((await scene.ipfsup(['verify'])).exit).toBe(8)
    expect((await scene.ipfsup(['update', 'v0.43.0'])).exit).toBe(0)
    expect((await scene.ipfsup(['gc'])).exit).toBe(0)
    const findings = (await scene.ipfsup(['doctor', '--json'])).stdout.trim().split('\n').map(text => JSON.parse(text) as { check: string, ok: boolean })
    expect(findings.filter(({ check, ok }) => !ok && check !== 'path')).toEqual([])
  }, MS)
})

describe('over IPFS', () => {
  test('a release comes from a peer, block by block, by a root that is pinned', async () => {
    await scene.release('0.43.0', 18, 5_000_000)
    const tree = await unixfsTree(scene.site.files)
    await using peer = await testNode()
    await using blocks = await heliaBlockStore({ dir: path.join(peer.dir, 'blocks'), libp2p: peer.node.libp2p, routed: false })
    for (const [cid, bytes] of tree.blocks) await blocks.put(cid, bytes)
    const env = { IPFSUP_DIST_CID: tree.root, IPFSUP_PEERS: peer.node.addresses()[0]! }
    const updated = await scene.json<Updated>(['update', '--transport=ipfs'], { env })
    expect(updated).toMatchObject({ version: 'go-v0.43.0', transport: 'ipfs' })
    expect(archivesFetched()).toEqual([])
    expect((await scene.person.runProgram(scene.programOf('go-v0.43.0'), ['version'])).stdout).toBe('ipfs version 0.43.0\n')
  }, MS)

  test('auto goes on over https when nobody has it, and says why', async () => {
    await scene.release('0.43.0', 18)
    const { root } = await unixfsTree(scene.site.files)
    await using peer = await testNode()
    const ran = await scene.ipfsup(['update'], { env: { IPFSUP_DIST_CID: root, IPFSUP_PEERS: peer.node.addresses()[0]! } })
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringMatching(/over https.*ipfs/s)])
  }, MS)
})

const errorOf = (stderr: string): string | undefined => stderr.split('\n').filter(text => text.startsWith('{')).map(text => (JSON.parse(text) as { error?: { code: string } }).error?.code).find(code => code !== undefined)

/** A tar that would write beside the folder it is unpacked into. */
function escaping (folder: string): Uint8Array {
  const file = path.join(folder, 'escaped.tar.gz')
  writeFileSync(path.join(folder, 'payload'), 'out')
  execFileSync('tar', ['-czPf', file, '-C', folder, '--transform', 's,payload,kubo/../../../../escaped,', 'payload'])
  return new Uint8Array(readFileSync(file))
}

async function listen (): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((_request, response) => { response.end('{"Version":"0.43.0"}') })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', () => { resolve() }) })
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose] () {
      server.closeAllConnections()
      await new Promise<void>(resolve => { server.close(() => { resolve() }) })
    },
  }
}

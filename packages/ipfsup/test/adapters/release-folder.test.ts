import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { build } from 'esbuild'
import type { InstalledRelease } from '../../src/domain/release-store.ts'
import { parseVersion } from '../../src/domain/version.ts'
import { ARCHITECTURE, factsOf, publishFake, storeIn } from './published-release.ts'

const V = parseVersion('v0.43.0')
const signal = new AbortController().signal
let built: string
let dir: string
let folder: string
beforeAll(async () => {
  // Beside the packages that stay outside of the bundle.
  built = await fs.mkdtemp(path.join(import.meta.dirname, '../../../../node_modules/.cache-'))
  const script = (name: string): string => path.join(import.meta.dirname, name)
  await build({ entryPoints: [script('killed-publisher.ts'), script('first-runner.ts')], outdir: built, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent', external: ['classic-level'] })
})
afterAll(async () => { await fs.rm(built, { recursive: true }) })
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'releases-'))
  folder = path.join(dir, 'releases')
})
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const home = (): string => path.join(folder, 'go-v0.43.0', ARCHITECTURE)
const names = async (at: string): Promise<string[]> => await fs.readdir(path.join(folder, at)).catch(() => [])
const install = async (text = 'v0.43.0', repoVersion = 18): Promise<InstalledRelease> => await publishFake(storeIn(folder), diskFs, text, repoVersion)

/** What somebody who runs the program at the release's place gets: the right one, or nothing. */
async function checkRunnable (): Promise<boolean> {
  const release = await storeIn(folder).find(V)
  const { status, stdout } = spawnSync(path.join(home(), 'ipfs'), ['version'], { encoding: 'utf8' })
  if (release === undefined) { expect(status).not.toBe(0); return false }
  expect([status, stdout]).toEqual([0, 'ipfs version 0.43.0\n'])
  expect(await storeIn(folder).verify(release, signal)).toEqual([])
  return true
}

test('appears whole, with what is known of it and sums that sha256sum reads', async () => {
  const store = storeIn(folder)
  await fs.writeFile(await store.partFile(V), 'part')
  await fs.writeFile(`${await store.partFile(V)}.json`, '{}')
  const release = await install()
  expect(release).toEqual({ ...factsOf(V), path: home(), program: path.join(home(), 'ipfs') })
  expect(await store.find(V)).toEqual(release)
  expect(await store.list()).toEqual([release])
  expect(execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: home(), encoding: 'utf8' })).toBe('docs/README.md: OK\nipfs: OK\n')
  expect(JSON.parse(await fs.readFile(path.join(home(), 'release.json'), 'utf8'))).toMatchObject({ format: 1, version: 'go-v0.43.0', installedAt: '2026-03-01T00:00:00.000Z' })
  expect([await names('.staging'), await names('.partial')]).toEqual([[], []])
  expect(await store.sizeBytes(release)).toBeGreaterThan(1000)
})

test('lists by version, and passes over what is none', async () => {
  for (const text of ['v0.9.0', 'v0.44.0-rc10', 'v0.44.0-rc9', 'js-v0.66.1', 'v0.10.0']) await install(text)
  for (const odd of ['v0.1.0', 'go-v1', 'go-v0.8.0', 'x']) await fs.mkdir(path.join(folder, odd))
  await fs.mkdir(path.join(folder, 'go-v0.7.0', 'plan9-mips'), { recursive: true })
  await fs.writeFile(path.join(folder, 'go-v0.6.0'), 'a file')
  expect((await storeIn(folder).list()).map(r => `${r.version.lang} ${r.version.semver}`)).toEqual(['go 0.9.0', 'go 0.10.0', 'go 0.44.0-rc9', 'go 0.44.0-rc10', 'js 0.66.1'])
  expect(await storeIn(path.join(dir, 'none')).list()).toEqual([])
})

test('when filling fails nothing is left, and a whole release stays', async () => {
  const failing = storeIn(folder).publish(V, async temp => {
    await fs.writeFile(path.join(temp, 'ipfs'), '#!/bin/sh\n', { mode: 0o755 })
    throw new Error('broken archive')
  })
  await expect(failing).rejects.toThrow('broken archive')
  expect([await names('.staging'), await names('go-v0.43.0')]).toEqual([[], []])
  await install()
  await expect(storeIn(folder).publish(V, async () => { throw new Error('no') })).rejects.toThrow('no')
  expect(await checkRunnable()).toBe(true)
})

test.each([
  ['no program', async () => {}],
  ['a link out of it', async (temp: string) => { await fs.symlink('/etc/passwd', path.join(temp, 'x')) }],
  ['a link above it', async (temp: string) => { await fs.symlink('..', path.join(temp, 'x')) }],
  ['a link to nowhere', async (temp: string) => { await fs.symlink('none', path.join(temp, 'x')) }],
  ['a pipe', async (temp: string) => { execFileSync('mkfifo', [path.join(temp, 'x')]) }],
])('is not published with %s', async (what, spoil) => {
  const publishing = storeIn(folder).publish(V, async temp => {
    if (what !== 'no program') await fs.writeFile(path.join(temp, 'ipfs'), '#!/bin/sh\n', { mode: 0o755 })
    await spoil(temp)
    return factsOf(V)
  })
  await expect(publishing).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED', exit: 'refused' })
  expect([await names('.staging'), await names('go-v0.43.0')]).toEqual([[], []])
})

describe('verify', () => {
  test.each([
    ['a changed byte', async () => { await fs.writeFile(path.join(home(), 'docs/README.md'), '# About\n') }, ['docs/README.md: was changed']],
    ['a missing file', async () => { await fs.rm(path.join(home(), 'docs/README.md')) }, ['docs/README.md: is missing']],
    ['another file', async () => { await fs.writeFile(path.join(home(), 'docs/x'), '') }, ['docs/x: does not belong to it']],
    ['a program that may not be run', async () => { await fs.chmod(path.join(home(), 'ipfs'), 0o644) }, ['ipfs: may not be run']],
    ['a file that became a link', async () => { await fs.rm(path.join(home(), 'ipfs')); await fs.symlink('/bin/true', path.join(home(), 'ipfs')) }, ['ipfs: is a link that leads out of the release']],
    ['sums that fit a changed file', async () => {
      await fs.writeFile(path.join(home(), 'docs/README.md'), '# About\n')
      await fs.writeFile(path.join(home(), 'SHA256SUMS'), execFileSync('sha256sum', ['docs/README.md', 'ipfs'], { cwd: home() }))
    }, ['SHA256SUMS: is not what release.json says']],
    ['no sums', async () => { await fs.rm(path.join(home(), 'SHA256SUMS')) }, [expect.stringContaining('ENOENT')]],
    ['half of release.json', async () => { await fs.truncate(path.join(home(), 'release.json'), 100) }, [expect.stringContaining('release.json is not JSON')]],
  ])('tells of %s', async (_, damage, faults) => {
    const release = await install()
    await damage()
    expect(await storeIn(folder).verify(release, signal)).toEqual(faults)
    await install() // and installing it anew mends it
    expect(await checkRunnable()).toBe(true)
    expect(await names('.staging')).toEqual([])
  })

  test('stops with the signal', async () => {
    const release = await install()
    const reason = new Error('enough')
    await expect(storeIn(folder).verify(release, AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

test('a disk that is full or fails at any step leaves the right program or none, says so, and the next try succeeds', async () => {
  const whole = faultyFs()
  await publishFake(storeIn(folder, whole), whole, 'v0.43.0')
  expect(whole.steps.length).toBeGreaterThan(15)
  for (const kind of ['full', 'fail'] as const) {
    for (let at = 0; at < whole.steps.length; at++) {
      await fs.rm(folder, { recursive: true, force: true })
      const faulty = faultyFs({ at, kind })
      const failure: unknown = await publishFake(storeIn(folder, faulty), faulty, 'v0.43.0').then(() => undefined, (e: unknown) => e)
      if (kind === 'full' && failure !== undefined) expect(failure).toMatchObject({ code: 'DISK_FULL' })
      if (kind === 'fail') expect(failure).toMatchObject({ code: 'EIO' })
      await checkRunnable()
      expect(await names('.staging')).toEqual([])
      await install()
      expect(await checkRunnable()).toBe(true)
    }
  }
})

test('SIGKILL at any step leaves the right program or none, and the next try succeeds, also where a damaged one is replaced', async () => {
  const run = (at: number): { killed: boolean, steps: number } => {
    const { signal, stdout, stderr, status } = spawnSync(process.execPath, [path.join(built, 'killed-publisher.mjs'), folder, String(at)], { encoding: 'utf8' })
    if (signal === null && status !== 0) throw new Error(stderr)
    return { killed: signal === 'SIGKILL', steps: Number(/steps (\d+)/.exec(stdout)?.[1]) }
  }
  const seen = new Set<boolean>()
  for (const damaged of [false, true]) {
    const spoil = async (): Promise<void> => {
      await fs.rm(folder, { recursive: true, force: true })
      if (!damaged) return
      await install()
      await fs.writeFile(path.join(home(), 'release.json'), '')
      await fs.writeFile(path.join(home(), 'ipfs'), '#!/bin/sh\nexit 1\n')
    }
    await spoil()
    const { steps } = run(-1)
    for (let at = 0; at < steps; at++) {
      await spoil()
      expect(run(at).killed).toBe(true)
      seen.add(await checkRunnable())
      await install()
      expect(await checkRunnable()).toBe(true)
      expect(await names('.staging')).toEqual([])
    }
  }
  expect(seen).toEqual(new Set([true, false]))
})

test('of many first runs at once one installs, and the others wait and find it', async () => {
  const log = path.join(dir, 'downloads')
  const runs = await Promise.all(Array.from({ length: 6 }, async () => {
    const child = spawn(process.execPath, [path.join(built, 'first-runner.mjs'), folder, log], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => { said += String(chunk) })
    const [code] = await once(child, 'close') as [number]
    return `${code} ${said.trim().split('\n').join(', ')}`
  }))
  expect(await fs.readFile(log, 'utf8')).toBe('download\n')
  expect(runs.filter(said => said === '0 installed')).toHaveLength(1)
  expect(runs.filter(said => /^0 (waits, )?is there$/.test(said))).toHaveLength(5)
  expect(runs.filter(said => said.includes('waits')).length).toBeGreaterThan(0)
  expect(await checkRunnable()).toBe(true)
})

describe('remove', () => {
  test('takes it away, and the version where no other architecture is', async () => {
    const release = await install()
    await fs.mkdir(path.join(folder, 'go-v0.43.0', 'darwin-arm64'))
    await storeIn(folder).remove(release)
    expect([await names('go-v0.43.0'), await names('.staging')]).toEqual([['darwin-arm64'], []])
    await fs.rmdir(path.join(folder, 'go-v0.43.0', 'darwin-arm64'))
    await storeIn(folder).remove(await install())
    expect(await names('')).not.toContain('go-v0.43.0')
  })

  test('refuses while it runs, or is being installed', async () => {
    const release = await install()
    await fs.writeFile(path.join(dir, 'version'), '18\n')
    const child = spawn(release.program, ['daemon'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, IPFS_PATH: dir } })
    const ended = once(child, 'exit')
    try {
      await once(child.stdout, 'data') // it is ready
      await expect(storeIn(folder).remove(release)).rejects.toMatchObject({ code: 'RELEASE_IN_USE', exit: 'busy' })
    } finally {
      child.kill('SIGKILL')
      await ended
    }
    await storeIn(folder).locked(V, () => {}, signal, async () => {
      await expect(storeIn(folder).remove(release)).rejects.toMatchObject({ code: 'RELEASE_IN_USE', exit: 'busy' })
    })
    await storeIn(folder).remove(release)
    expect(await storeIn(folder).find(V)).toBeUndefined()
  })
})

test('cleans what nobody works on, and tells of it first', async () => {
  const store = storeIn(folder)
  const other = parseVersion('v0.44.0-rc1')
  await fs.writeFile(await store.partFile(V), 'part')
  await fs.writeFile(`${await store.partFile(V)}.json`, '{}')
  await fs.writeFile(await store.partFile(other), 'busy')
  const staged = path.join(folder, '.staging', `go-v0.43.0-${ARCHITECTURE}-0123456789ab`)
  await fs.mkdir(staged, { recursive: true })
  await fs.writeFile(path.join(staged, 'ipfs'), 'x'.repeat(10))
  const expected = [{ path: await store.partFile(V), sizeBytes: 4 }, { path: staged, sizeBytes: 10 }]
  await store.locked(other, () => {}, signal, async () => {
    expect(await store.clean(true)).toEqual(expected)
    expect(await names('.partial')).toHaveLength(3)
    expect(await store.clean(false)).toEqual(expected)
  })
  expect([await names('.partial'), await names('.staging')]).toEqual([[`go-v0.44.0-rc1-${ARCHITECTURE}.part`], []])
})

describe('a repo of somebody else', () => {
  test('is not used: neither is what is in it run, nor anything written through its links', async () => {
    const release = await install()
    const { uid } = await fs.stat(dir)
    if (uid === 0) await fs.chown(dir, 65_534, 65_534) // what is root's is for everybody
    const store = storeIn(folder, diskFs, uid === 0 ? 0 : uid + 1)
    const before = await fs.readdir(folder, { recursive: true })
    const uses: Array<() => Promise<unknown>> = [
      async () => await store.find(V), async () => await store.list(), async () => await store.partFile(V), async () => await store.remove(release), async () => await store.clean(false),
      async () => await store.locked(V, () => {}, signal, async () => {}), async () => await publishFake(store, diskFs, 'v0.44.0'),
    ]
    for (const use of uses) await expect(use()).rejects.toMatchObject({ code: 'RELEASES_NOT_OURS', exit: 'refused', message: expect.stringContaining(`${dir} belongs to user`) })
    expect(await fs.readdir(folder, { recursive: true })).toEqual(before)
  })

  test('may be that of root, whose releases are for everybody', async () => {
    await install()
    const { uid } = await fs.stat(dir)
    if (uid === 0) expect(await storeIn(folder, diskFs, 65_534).find(V)).toBeDefined()
    expect(await storeIn(folder).find(V)).toBeDefined()
  })
})

import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { takeFolderLock } from '@ipkit/core/storage/folder-lock'
import { systemClock } from '@ipkit/core/time/clock'
import { homeFiles } from '../../src/adapters/home-files.ts'
import { kuboRepo } from '../../src/adapters/kubo-repo.ts'
import type { HomeState } from '../../src/domain/home-state.ts'
import { rollback, switchTo, type SwitchDeps, type Switched } from '../../src/domain/switch-release.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import { publishFake, storeIn } from '../adapters/published-release.ts'

const signal = new AbortController().signal
let dir: string
let ipfsPath: string
let state: HomeState
let deps: SwitchDeps
let steps: string[]
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'switch-'))
  ipfsPath = path.join(dir, 'ipfs')
  const releases = path.join(ipfsPath, 'releases')
  state = await homeFiles({ home: path.join(dir, 'home'), euid: process.geteuid!(), clock: systemClock })
  steps = []
  deps = {
    state, releases: storeIn(releases), repo: kuboRepo({ place: { ipfsPath, releases }, env: { PATH: process.env['PATH'] }, clock: systemClock }),
    report: { progress: ({ step }) => { steps.push(step) } },
  }
})
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const REPO_VERSIONS: Readonly<Record<string, number>> = { 'v0.29.0': 15, 'v0.35.0': 16, 'v0.36.0': 16, 'v0.37.0': 17, 'v0.43.0': 18, 'v0.44.0': 18 }
const install = async (...versions: string[]): Promise<void> => { for (const text of versions) await publishFake(storeIn(path.join(ipfsPath, 'releases')), diskFs, text, REPO_VERSIONS[text]) }
const at = (name: string): string => path.join(ipfsPath, name)
const read = async (name: string): Promise<string> => await fs.readFile(at(name), 'utf8')
const to = async (text: string): Promise<Switched> => await switchTo(deps, parseVersion(text), signal)
const back = async (): Promise<string> => formatVersion((await rollback(deps, signal)).version)
const now = async (): Promise<string | undefined> => { const version = await state.default(); return version === undefined ? undefined : formatVersion(version) }
/** As the default does it. */
async function init (): Promise<void> {
  const release = await deps.releases.find((await state.default())!)
  execFileSync(release!.program, ['init'], { env: { IPFS_PATH: ipfsPath, PATH: process.env['PATH'] } })
}

test('without a repo only the pointer moves, and nothing is made that init would stumble over', async () => {
  await install('v0.36.0', 'v0.43.0')
  expect(await to('v0.43.0')).toEqual({ version: parseVersion('v0.43.0'), previous: undefined, migrated: undefined, configCopy: undefined, mirror: 'pending' })
  expect(await to('v0.36.0')).toEqual({ version: parseVersion('v0.36.0'), previous: parseVersion('v0.43.0'), migrated: undefined, configCopy: undefined, mirror: 'pending' })
  expect(await fs.readdir(ipfsPath)).toEqual(['releases'])
  await init()
  expect((await to('v0.36.0')).mirror).toBe('written')
})

test('down: the newest that can migrates, the config is kept as it was, then the pointer moves', async () => {
  await install('v0.36.0', 'v0.37.0', 'v0.43.0', 'v0.44.0')
  await to('v0.43.0')
  await init()
  await to('v0.43.0')
  const config = await read('config')
  const switched = await to('v0.36.0')
  expect(switched).toMatchObject({ previous: parseVersion('v0.43.0'), migrated: { from: 18, to: 16 }, mirror: 'written' })
  expect([await read('version'), await read('migrations'), await now()]).toEqual(['16\n', '0.44.0 18 to 16\n', 'go-v0.36.0'])
  expect([await fs.readFile(switched.configCopy!, 'utf8'), (await fs.stat(switched.configCopy!)).mode & 0o777]).toEqual([config, 0o600])
  expect(steps).toEqual(['migrating the repo from version 18 to 16 with go-v0.44.0'])
  expect(await read('config')).toContain('"Version": "go-v0.36.0"')
})

test('up: Kubo migrates by itself', async () => {
  await install('v0.36.0', 'v0.43.0')
  await to('v0.36.0')
  await init()
  expect(await to('v0.43.0')).toMatchObject({ migrated: undefined, configCopy: undefined })
  expect(await read('version')).toBe('16\n')
})

test('js never touches the repo of Kubo', async () => {
  await install('v0.43.0', 'js-v0.66.1')
  await to('v0.43.0')
  await init()
  await fs.writeFile(at('version'), '99\n')
  expect(await to('js-v0.66.1')).toMatchObject({ migrated: undefined, configCopy: undefined })
  expect(await now()).toBe('js-v0.66.1')
})

test('a busy repo stays as it is, and so does the default; without a migration it may be busy', async () => {
  await install('v0.36.0', 'v0.43.0', 'v0.44.0')
  await to('v0.43.0')
  await init()
  const lock = (await takeFolderLock(path.join(dir, 'level')))!
  await fs.rm(at('repo.lock'))
  await fs.link(path.join(dir, 'level', 'LOCK'), at('repo.lock'))
  await expect(to('v0.36.0')).rejects.toMatchObject({ code: 'REPO_BUSY', exit: 'busy', message: expect.stringContaining(`process ${process.pid}`) })
  expect([await read('version'), await now(), (await fs.readdir(ipfsPath)).filter(name => name.includes('ipfsup'))]).toEqual(['18\n', 'go-v0.43.0', []])
  expect(await to('v0.44.0')).toMatchObject({ mirror: 'pending' })
  await lock.release()
})

test('a migration that fails leaves repo, default and history as they were', async () => {
  await install('v0.36.0', 'v0.43.0')
  await to('v0.43.0')
  await init()
  await fs.writeFile(at('fail-migration'), '17')
  const before = [await read('version'), await read('config'), await now(), await state.history()]
  await expect(to('v0.36.0')).rejects.toMatchObject({ code: 'MIGRATION_FAILED', exit: 'failed' })
  expect([await read('version'), await read('config'), await now(), await state.history()]).toEqual(before)
})

test('nobody installed can migrate: said with what to install', async () => {
  await install('v0.35.0', 'v0.36.0')
  await to('v0.36.0')
  await init()
  await fs.writeFile(at('version'), '18\n')
  await expect(to('v0.35.0')).rejects.toMatchObject({ code: 'MIGRATION_IMPOSSIBLE', exit: 'refused', hints: ["get one that can: 'ipfsup update latest'", "then 'ipfsup default go-v0.35.0'"] })
  await install('v0.37.0') // too old for a repo of version 18
  await expect(to('v0.35.0')).rejects.toMatchObject({ code: 'MIGRATION_IMPOSSIBLE' })
  await install('v0.43.0')
  expect(await to('v0.35.0')).toMatchObject({ migrated: { from: 18, to: 16 } })
})

test('a release of before 0.37 knows no way down, so another is needed', async () => {
  await install('v0.29.0', 'v0.36.0')
  await to('v0.36.0')
  await init()
  await expect(to('v0.29.0')).rejects.toMatchObject({ code: 'MIGRATION_IMPOSSIBLE' })
  await install('v0.43.0')
  expect(await to('v0.29.0')).toMatchObject({ migrated: { from: 16, to: 15 } })
  expect(await read('migrations')).toBe('0.43.0 16 to 15\n')
})

test('what is not installed', async () => {
  await expect(to('v0.43.0')).rejects.toMatchObject({ code: 'NOT_INSTALLED', exit: 'notFound', hints: ["install it: 'ipfsup update go-v0.43.0'"] })
  expect([await now(), await state.history()]).toEqual([undefined, []])
})

test('rollback, and again, and again: along what was the default, with the repo', async () => {
  await install('v0.36.0', 'v0.37.0', 'v0.43.0', 'js-v0.66.1')
  await to('v0.36.0')
  await to('v0.43.0')
  await init() // made at version 18
  await to('js-v0.66.1')
  await to('v0.37.0')
  expect(await read('version')).toBe('17\n')
  expect([await back(), await read('version')]).toEqual(['js-v0.66.1', '17\n'])
  expect([await back(), await read('version')]).toEqual(['go-v0.43.0', '17\n']) // Kubo goes up by itself
  expect([await back(), await read('version')]).toEqual(['go-v0.36.0', '16\n'])
  await expect(back()).rejects.toMatchObject({ code: 'NOTHING_TO_ROLL_BACK', exit: 'notFound' })
  expect(await now()).toBe('go-v0.36.0')
  await to('v0.43.0') // and from here on a new history
  expect(await back()).toBe('go-v0.36.0')
})

test('rollback goes over what is no longer installed, and mends a history that a crash cut off', async () => {
  await install('v0.36.0', 'v0.37.0', 'v0.43.0')
  for (const version of ['v0.36.0', 'v0.37.0', 'v0.43.0']) await to(version)
  await storeIn(at('releases')).remove((await deps.releases.find(parseVersion('v0.37.0')))!)
  await fs.writeFile(path.join(dir, 'home', 'history.json'), '{"format": 1, "versions": ["go-v0.36.0", "go-v0.37.0"]}') // killed between history and pointer
  expect(await now()).toBe('go-v0.43.0')
  expect(await back()).toBe('go-v0.36.0')
})

test('what was rolled back from is remembered until it, or what is above it, is the default again', async () => {
  await install('v0.36.0', 'v0.37.0', 'v0.43.0', 'js-v0.66.1')
  const left = async (): Promise<string | undefined> => { const version = await state.left(); return version === undefined ? undefined : formatVersion(version) }
  for (const version of ['v0.36.0', 'v0.37.0', 'js-v0.66.1']) await to(version)
  await back()
  expect([await now(), await left()]).toEqual(['go-v0.37.0', undefined]) // js-ipfs is not above Kubo
  await back()
  expect(await left()).toBe('go-v0.37.0')
  await to('js-v0.66.1')
  expect(await left()).toBe('go-v0.37.0')
  await to('v0.43.0')
  expect(await left()).toBeUndefined()
})

test('go-latest follows when the last answer becomes the default, and only then', async () => {
  await install('v0.36.0', 'v0.43.0')
  await state.setLatest('go', false, { version: parseVersion('v0.43.0'), sinceMs: 0, answer: parseVersion('v0.43.0'), answeredMs: 0 })
  await to('v0.36.0')
  expect(await state.alias('go')).toBeUndefined()
  await to('v0.43.0')
  expect(await state.alias('go')).toEqual(parseVersion('v0.43.0'))
  await to('v0.36.0')
  expect(await state.alias('go')).toEqual(parseVersion('v0.43.0'))
})

test('a default that cannot be read is mended by setting it', async () => {
  await install('v0.36.0', 'v0.43.0')
  await to('v0.36.0')
  await fs.writeFile(path.join(dir, 'home', 'default'), 'rubbish')
  expect((await to('v0.43.0')).previous).toBeUndefined()
  expect([await now(), await back()]).toEqual(['go-v0.43.0', 'go-v0.36.0'])
})

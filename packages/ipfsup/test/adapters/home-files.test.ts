import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { homeFiles } from '../../src/adapters/home-files.ts'
import { homeSettings } from '../../src/adapters/home-settings.ts'
import type { HomeState } from '../../src/domain/home-state.ts'
import { BUILT_IN_ORIGINS } from '../../src/domain/settings.ts'
import { formatVersion, parseVersion, type Version } from '../../src/domain/version.ts'

const euid = process.geteuid!()
const signal = new AbortController().signal
const v = (...words: string[]): Version[] => words.map(parseVersion)
const shown = (versions: readonly Version[]): string[] => versions.map(formatVersion)
let dir: string
let home: string
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'ipfsup-home-'))
  home = path.join(dir, 'deep', '.ipfsup')
})
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const open = async (faults?: Parameters<typeof faultyFs>[0]): Promise<HomeState> => await homeFiles({ home, euid, clock: systemClock, ...faults === undefined ? {} : { fs: faultyFs(faults) } })
const read = async (name: string): Promise<string> => await fs.readFile(path.join(home, name), 'utf8')

test('a home that is not there says nothing, and reading does not make it', async () => {
  const state = await open()
  expect([await state.default(), await state.history(), await state.alias('go'), await state.latest('go', false), await state.override('/x'), await state.overrides(), await state.lockedHash(v('0.43.0')[0]!, 'linux-amd64'), await state.auto(), await state.checkedMs()])
    .toEqual([undefined, [], undefined, undefined, undefined, [], undefined, false, undefined])
  await state.setNotice(undefined)
  await expect(fs.access(home)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(await homeSettings(home, {}, euid)).toMatchObject({ origins: BUILT_IN_ORIGINS })
})

test('the files are as docs/formats/ipfsup.md says, and nobody else may read them', async () => {
  const state = await open()
  const [a, b] = v('0.42.0', '0.43.0') as [Version, Version]
  await state.setDefault(b, [a, b])
  await state.setAlias('js', parseVersion('js-v0.66.1'))
  await state.setLatest('go', false, { version: b, sinceMs: Date.UTC(2026, 2, 1), answer: a, answeredMs: Date.UTC(2026, 2, 2) })
  await state.setLatest('js', true, { version: parseVersion('js-v0.66.1'), sinceMs: 0, answer: parseVersion('js-v0.66.1'), answeredMs: 0 })
  await state.setOverride('/tmp/a b', 'v0.42.0')
  await state.setCheckedMs(Date.UTC(2026, 2, 3))
  await state.setNotice('a new\nrelease: \u001b[31mgo-v0.43.0')
  expect([await read('default'), await read('aliases/js-latest'), await read('overrides/tmp/a b/version'), await read('notice')]).toEqual(['go-v0.43.0\n', 'js-v0.66.1\n', 'v0.42.0\n', 'a new release: [31mgo-v0.43.0\n'])
  expect(JSON.parse(await read('history.json'))).toEqual({ format: 1, versions: ['go-v0.42.0', 'go-v0.43.0'] })
  expect(JSON.parse(await read('latest.json'))).toEqual({
    format: 1, go: { version: 'go-v0.43.0', sinceAt: '2026-03-01T00:00:00.000Z', answer: 'go-v0.42.0', answeredAt: '2026-03-02T00:00:00.000Z' },
    jsPre: { version: 'js-v0.66.1', sinceAt: '1970-01-01T00:00:00.000Z', answer: 'js-v0.66.1', answeredAt: '1970-01-01T00:00:00.000Z' },
  })
  expect(JSON.parse(await read('auto.json'))).toEqual({ format: 1, checkedAt: '2026-03-03T00:00:00.000Z' })
  expect((await fs.stat(home)).mode & 0o777).toBe(0o700)
  for (const name of ['default', 'history.json', 'latest.json']) expect((await fs.stat(path.join(home, name))).mode & 0o777).toBe(0o600)

  const again = await open()
  expect([await again.default(), shown(await again.history()), await again.latest('go', false), await again.latest('go', true), await again.override('/tmp/a b'), await again.checkedMs()])
    .toEqual([b, ['go-v0.42.0', 'go-v0.43.0'], { version: b, sinceMs: Date.UTC(2026, 2, 1), answer: a, answeredMs: Date.UTC(2026, 2, 2) }, undefined, 'v0.42.0', Date.UTC(2026, 2, 3)])
  await again.setNotice(undefined)
  await expect(read('notice')).rejects.toMatchObject({ code: 'ENOENT' })
})

describe('the home', () => {
  test.each([0o770, 0o702, 0o777])('others must not write in it: %o', async mode => {
    await fs.mkdir(home, { recursive: true })
    await fs.chmod(home, mode)
    await expect(open()).rejects.toMatchObject({ code: 'HOME_TOO_OPEN', exit: 'refused', hints: [`chmod 700 ${home}`] })
  })

  test('somebody else\'s, and what is no folder', async () => {
    await fs.mkdir(home, { recursive: true })
    await expect(homeFiles({ home, euid: euid + 1, clock: systemClock })).rejects.toMatchObject({ code: 'HOME_NOT_OURS', exit: 'refused' })
    await fs.rmdir(home)
    await fs.writeFile(home, '')
    await expect(open()).rejects.toMatchObject({ code: 'HOME_NOT_DIRECTORY' })
  })

  test('may be a link, and others may read it', async () => {
    await fs.mkdir(path.join(dir, 'real'), { mode: 0o755 })
    await fs.mkdir(path.dirname(home))
    await fs.symlink(path.join(dir, 'real'), home)
    await (await open()).setAuto(true)
    expect(await (await open()).auto()).toBe(true)
  })
})

describe('the default', () => {
  test('killed at any step of a switch: the old or the new, and the history ends with it', async () => {
    const [a, b, c] = v('0.41.0', '0.42.0', '0.43.0') as [Version, Version, Version]
    const count = faultyFs()
    await (await homeFiles({ home, euid, clock: systemClock, fs: count })).setDefault(a, [a])
    const seen = new Set<string>()
    for (const kind of ['kill', 'torn', 'full', 'fail'] as const) {
      for (const [to, history] of [[c, [a, b, c]], [a, [a]]] as const) { // forward, and back
        for (let at = 0; at <= count.steps.length; at++) {
          const whole = await open()
          await whole.setDefault(b, [a, b])
          await (await open({ at, kind })).setDefault(to, history).catch(() => {})
          const now = (await whole.default())!
          seen.add(now.semver)
          expect(shown(await whole.history())).toEqual(now === b || now.semver === b.semver ? shown([a, b]) : shown(history))
        }
      }
    }
    expect(seen).toEqual(new Set(['0.41.0', '0.42.0', '0.43.0']))
  })

  test.each(['', 'v0.43.0\n', 'go-latest\n', '../../bin/sh\n', 'go-v0.43.0\ngo-v0.44.0\n'])('that cannot be read says so, and the history is still there: %j', async text => {
    const state = await open()
    await state.setDefault(v('0.43.0')[0], v('0.42.0', '0.43.0'))
    await fs.writeFile(path.join(home, 'default'), text)
    await expect(state.default()).rejects.toMatchObject({ code: 'DEFAULT_DAMAGED' })
    expect(shown(await state.history())).toEqual(['go-v0.42.0', 'go-v0.43.0'])
  })

  test('is taken away, and the history stays', async () => {
    const state = await open()
    await state.setDefault(v('0.43.0')[0], v('0.42.0', '0.43.0'))
    await state.setDefault(undefined, v('0.42.0'))
    expect([await state.default(), shown(await state.history())]).toEqual([undefined, ['go-v0.42.0']])
  })
})

describe('the lock file', () => {
  const [version] = v('0.43.0') as [Version]
  const hash = { sha512: 'a'.repeat(128), cid: undefined, seenMs: 5 }

  test('keeps the first hash of each architecture', async () => {
    const state = await open()
    await state.lockHash(version, 'linux-amd64', hash)
    await state.lockHash(version, 'linux-amd64', { ...hash, seenMs: 9 })
    await state.lockHash(version, 'darwin-arm64', { ...hash, sha512: 'b'.repeat(128) })
    expect(await state.lockedHash(version, 'linux-amd64')).toEqual(hash)
    const before = await read('releases.lock.json')
    await expect(state.lockHash(version, 'linux-amd64', { ...hash, sha512: 'c'.repeat(128) })).rejects.toMatchObject({ code: 'RELEASE_CHANGED', exit: 'refused' })
    expect(await read('releases.lock.json')).toBe(before)
  })

  test('loses nothing when many write at once', async () => {
    const state = await open()
    const versions = v(...Array.from({ length: 12 }, (_, i) => `0.${i + 20}.0`))
    await Promise.all(versions.map(async each => { await state.lockHash(each, 'linux-amd64', hash) }))
    expect(await Promise.all(versions.map(async each => await state.lockedHash(each, 'linux-amd64')))).toEqual(versions.map(() => hash))
  })

  test('that is damaged is no lock file, and is not written over', async () => {
    const state = await open()
    await state.lockHash(version, 'linux-amd64', hash)
    await fs.truncate(path.join(home, 'releases.lock.json'), 60)
    await expect(state.lockedHash(version, 'linux-amd64')).rejects.toMatchObject({ code: 'LOCK_FILE_DAMAGED', exit: 'refused' })
    await expect(state.lockHash(version, 'linux-amd64', hash)).rejects.toMatchObject({ code: 'LOCK_FILE_DAMAGED' })
    expect((await read('releases.lock.json')).length).toBe(60)
  })
})

test('overrides of a folder, of one above it, and of one called version', async () => {
  const state = await open()
  for (const folder of ['/srv', '/srv/a/b', '/srv/ü b']) await state.setOverride(folder, 'js-latest')
  expect(await state.overrides()).toEqual(['/srv', '/srv/a/b', '/srv/ü b'].map(folder => ({ folder, version: 'js-latest' })))
  await state.setOverride('/srv/a/b', undefined)
  await state.setOverride('/srv/a/b', undefined)
  expect(await fs.readdir(path.join(home, 'overrides/srv'))).not.toContain('a')
  expect([await state.override('/srv/a/b'), await state.override('/srv')]).toEqual([undefined, 'js-latest'])
  await expect(state.setOverride('/srv/version', 'v0.43.0')).rejects.toMatchObject({ code: 'FOLDER_INVALID', exit: 'usage' })
  for (const odd of ['relative', '/a/../b', '/a/', '/a\nb']) await expect(state.setOverride(odd, 'v0.43.0')).rejects.toMatchObject({ code: 'FOLDER_INVALID' })
})

test('auto on keeps what a person wrote, and refuses what is not right', async () => {
  const state = await open()
  await state.setAuto(true)
  await fs.writeFile(path.join(home, 'config.json'), JSON.stringify({ origins: ['https://a.example'], auto: false }))
  await state.setAuto(true)
  expect(JSON.parse(await read('config.json'))).toEqual({ origins: ['https://a.example'], auto: true })
  expect([await state.auto(), await homeSettings(home, {}, euid)]).toEqual([true, expect.objectContaining({ origins: ['https://a.example'] })])
  await fs.writeFile(path.join(home, 'config.json'), '{"orgins": []}')
  await expect(state.setAuto(false)).rejects.toMatchObject({ code: 'BAD_CONFIG', hints: ['did you mean "origins"?'] })
  await expect(homeSettings(home, {}, euid)).rejects.toMatchObject({ code: 'BAD_CONFIG' })
})

test('settings that somebody else may have written are not taken', async () => {
  await fs.mkdir(home, { recursive: true })
  await fs.writeFile(path.join(home, 'config.json'), JSON.stringify({ npmRegistry: 'https://evil.example' }))
  await expect(homeSettings(home, {}, euid + 1)).rejects.toMatchObject({ code: 'HOME_NOT_OURS', exit: 'refused' })
  await fs.chmod(home, 0o777)
  await expect(homeSettings(home, {}, euid)).rejects.toMatchObject({ code: 'HOME_TOO_OPEN', exit: 'refused' })
})

test('one at a time changes the default', async () => {
  const [one, other] = [await open(), await open()]
  const steps: string[] = []
  await Promise.all([one, other].map(async (state, i) => {
    await state.locked(signal, async () => {
      steps.push(`in ${i}`)
      await state.lockHash(parseVersion('0.43.0'), 'linux-amd64', { sha512: 'a'.repeat(128), cid: undefined, seenMs: 0 }) // has a lock of its own
      await systemClock.sleep(5)
      steps.push(`out ${i}`)
    })
  }))
  expect(steps.map(step => step.split(' ')[0])).toEqual(['in', 'out', 'in', 'out'])
})

import { describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { autoUpdate, type AutoResult } from '../../src/domain/auto-update.ts'
import { formatVersion, type Version } from '../../src/domain/version.ts'
import { MemoryWorld, NOW, releaseOf, v } from '../memory-world.ts'

const DAY_MS = 24 * 3_600_000

function worldOf (change: (world: MemoryWorld) => void): MemoryWorld {
  const world = new MemoryWorld()
  world.autoOn = true
  world.byDefault = v('v0.42.0')
  world.installed = [releaseOf('v0.42.0')]
  change(world)
  return world
}

async function look (world: MemoryWorld, now = false): Promise<AutoResult> {
  return await autoUpdate({
    state: world.state, repo: world.repo, nowMs: NOW,
    latest: { versions: async () => [], latest: async (lang, options) => await world.latest(lang, options) },
    installer: { install: async ask => await world.install(ask) },
    switchTo: async version => { world.did.push(`to ${formatVersion(version)}`) },
  }, { now }, new AbortController().signal)
}

describe('a look for updates', () => {
  test('installs what is newer, makes it the default and tells it once', async () => {
    const world = worldOf(() => {})
    expect(await look(world)).toEqual({ did: 'switched', from: v('v0.42.0'), to: v('v0.43.0') })
    expect([world.did, world.checked, world.aliases.get('go'), world.notice]).toEqual([['to go-v0.43.0'], NOW, v('v0.43.0'), expect.stringMatching(/go-v0\.43\.0 now.*rollback/)])
  })

  test('only installs while the repo is in use, and tells what to do', async () => {
    const world = worldOf(w => { w.busy = 'a daemon' })
    expect(await look(world)).toEqual({ did: 'installed', from: v('v0.42.0'), to: v('v0.43.0'), because: 'a daemon' })
    expect([world.did, world.installed.length, world.notice]).toEqual([[], 2, expect.stringMatching(/'ipfsup default go-v0\.43\.0'/)])
  })

  test.each<[string, (world: MemoryWorld) => void, string]>([
    ['where it is off', w => { w.autoOn = false }, 'off'],
    ['without a default', w => { w.byDefault = undefined }, 'no-default'],
    ['a moment before a day has passed', w => { w.checked = NOW - DAY_MS + 1 }, 'waited'],
  ])('asks nobody %s', async (_title, change, did) => {
    const world = worldOf(change)
    world.latest = async () => { throw new Error('asked') }
    expect(await look(world)).toMatchObject({ did })
  })

  test.each<[string, (world: MemoryWorld) => void]>([
    ['there is nothing newer', w => { w.byDefault = v('v0.43.0') }],
    ['the default is newer than the latest', w => { w.byDefault = v('v0.44.0-rc1') }],
    ['origins took back what is the default', w => { w.byDefault = v('v0.43.0'); w.remote = [v('v0.41.0'), v('v0.42.0')] }],
    ['origins took back what `latest` stands for', w => { w.aliases.set('go', v('v0.43.1')) }],
    ['the latest is what a person went back from', w => { w.leftBehind = v('v0.43.0') }],
    ['js-ipfs is the default, which ended', w => { w.byDefault = v('js-v0.66.1') }],
  ])('changes nothing when %s', async (_title, change) => {
    const world = worldOf(change)
    expect(await look(world)).toMatchObject({ did: 'nothing' })
    expect([world.did, world.installed.length, world.notice]).toEqual([[], 1, undefined])
  })

  test.each<[string, (world: MemoryWorld) => void, boolean]>([
    ['a day after the last one', w => { w.checked = NOW - DAY_MS }, false],
    ['when the clock was set back since', w => { w.checked = NOW + 1 }, false],
    ['when it is told to, on or off', w => { w.autoOn = false; w.checked = NOW }, true],
  ])('is made %s', async (_title, change, now) => { expect(await look(worldOf(change), now)).toMatchObject({ did: 'switched' }) })

  test.each<[string, Version | undefined]>([['another', v('v0.41.0')], ['of the other language', v('js-v0.66.1')], ['gone', undefined]])('leaves a default that became %s during the download', async (_title, chosen) => {
    const world = worldOf(() => {})
    const { install } = world
    world.install = async ask => {
      world.byDefault = chosen
      return await install.call(world, ask)
    }
    expect(await look(world)).toMatchObject({ did: 'nothing' })
    expect([world.did, world.byDefault, world.aliases.size, world.notice]).toEqual([[], chosen, 0, undefined])
  })

  test('that fails is not made again on the same day', async () => {
    const world = worldOf(w => { w.unreachable = true })
    await expect(look(world)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
    expect(await look(world)).toMatchObject({ did: 'waited' })
  })

  test('that gets a bad release leaves everything as it was', async () => {
    const world = worldOf(w => { w.installError = new AppError('HASH_MISMATCH', 'bad', { exit: 'refused' }) })
    await expect(look(world)).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    expect([world.did, world.notice, world.aliases.size]).toEqual([[], undefined, 0])
  })
})

import { expect, test } from '@jest/globals'
import { keepReleases } from '../../src/domain/keep-releases.ts'
import { formatVersion } from '../../src/domain/version.ts'
import { MemoryWorld, releaseOf, v } from '../memory-world.ts'

const ALL = ['v0.36.0', 'v0.38.0', 'v0.40.0', 'v0.43.0', 'js-v0.66.1']

test.each<[title: string, change: (world: MemoryWorld) => void, kept: string[]]>([
  ['nothing where nothing means anything', () => {}, []],
  ['the default', world => { world.byDefault = v('v0.38.0') }, ['go-v0.38.0']],
  ['what a rollback goes back to, and nothing before it', world => { world.past = ['v0.36.0', 'v0.38.0', 'v0.40.0'].map(v); world.byDefault = v('v0.40.0') }, ['go-v0.38.0', 'go-v0.40.0']],
  ['what a rollback goes back to where the one before is gone', world => { world.past = ['v0.36.0', 'v0.41.0', 'v0.40.0'].map(v); world.byDefault = v('v0.40.0') }, ['go-v0.36.0', 'go-v0.40.0']],
  ['what latest means', world => { world.aliases.set('go', v('v0.43.0')); world.aliases.set('js', v('js-v0.66.1')) }, ['go-v0.43.0', 'js-v0.66.1']],
  ['what a folder uses', world => { world.overrides.set('/a', 'v0.36.0'); world.overrides.set('/b', 'js-latest'); world.aliases.set('js', v('js-v0.66.1')) }, ['go-v0.36.0', 'js-v0.66.1']],
  ['the newest that can take the repo down', world => { world.repoVersion = 16; world.byDefault = v('v0.36.0') }, ['go-v0.36.0', 'go-v0.43.0']],
  ['an override that is no version keeps nothing', world => { world.overrides.set('/a', '../..') }, []],
])('%s', async (_title, change, kept) => {
  const world = new MemoryWorld()
  change(world)
  const meant = await keepReleases(world, ALL.map(text => releaseOf(text, { repoVersion: undefined })))
  expect(meant.map(({ release }) => formatVersion(release.version))).toEqual(kept)
})

test('a repo that no release here reads keeps none', async () => {
  const world = new MemoryWorld()
  world.repoVersion = 19
  expect(await keepReleases(world, ALL.map(text => releaseOf(text, { repoVersion: undefined })))).toEqual([])
})

/** The same with real Kubo archives of at least two versions, `kubo_v<version>_<os>-<arch>.tar.gz`: IPKIT_KUBO_ARCHIVES names their folder. */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect } from '@jest/globals'
import { cidOf } from '@ipkit/testkit/releases/unixfs-tree'
import { testWithGiven } from '@ipkit/testkit/test-with-program'
import { compareSemver } from '../../packages/ipfsup/src/domain/version.ts'
import { repoVersionByTable } from '../../packages/ipfsup/src/domain/repo-versions.ts'
import { ARCH, IpfsupScene, SYSTEM, type Updated } from '../faults/ipfsup-scene.ts'

const test = testWithGiven('IPKIT_KUBO_ARCHIVES', 'archives of Kubo')

test('real Kubos are installed, run, and taken down and up through a migration of the repo', async folder => {
  await using scene = await IpfsupScene.open()
  const versions = readdirSync(folder).flatMap(name => new RegExp(`^kubo_v(.+)_${SYSTEM}-${ARCH}\\.tar\\.gz$`).exec(name)?.[1] ?? []).sort(compareSemver)
  const [low, high] = [versions[0], versions.at(-1)]
  if (low === undefined || high === undefined || low === high) throw new Error(`${folder} holds fewer than two versions for ${SYSTEM}-${ARCH}`)
  for (const version of [low, high]) {
    const archive = readFileSync(path.join(folder, `kubo_v${version}_${SYSTEM}-${ARCH}.tar.gz`))
    scene.site.add({ version: `v${version}`, os: SYSTEM, arch: ARCH, archive, cid: await cidOf(archive) })
  }
  const repo = (): number => Number(readFileSync(path.join(scene.ipfsPath, 'version'), 'utf8'))
  const repoOf = (semver: string): number => repoVersionByTable({ lang: 'go', semver })!
  await scene.ipfsup(['init', '--yes'])
  expect(await scene.json<Updated>(['update', `v${low}`])).toMatchObject({ version: `go-v${low}` })
  expect((await scene.ipfs(['init', '--profile', 'test'])).exit).toBe(0)
  const letter = scene.write('letter.txt', 'once upon a time')
  const cid = (await scene.ipfs(['add', '-Q', letter])).stdout.trim()
  const expectVersion = async (semver: string): Promise<void> => {
    expect([repo(), (await scene.ipfs(['version', '--number'])).stdout.trim()]).toEqual([repoOf(semver), semver])
    expect((await scene.ipfs(['--offline', 'cat', cid])).stdout).toBe('once upon a time')
  }
  await expectVersion(low)
  expect(await scene.json<Updated>(['update'])).toMatchObject({ version: `go-v${high}`, previous: `go-v${low}` })
  expect((await scene.ipfs(['repo', 'migrate'])).exit).toBe(0) // what its daemon would do; the way down needs what this leaves
  await expectVersion(high)
  await scene.json(['rollback'])
  await expectVersion(low)
  await scene.json(['default', `v${high}`])
  expect((await scene.ipfs(['repo', 'migrate'])).exit).toBe(0)
  await expectVersion(high)
}, 600_000)

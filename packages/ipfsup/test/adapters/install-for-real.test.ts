import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { systemClock } from '@ipkit/core/time/clock'
import { DistSite, fakeArchive } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { downloadArchive } from '../../src/adapters/download.ts'
import { homeFiles } from '../../src/adapters/home-files.ts'
import { httpsOrigin } from '../../src/adapters/https-origin.ts'
import { tryRelease } from '../../src/adapters/try-release.ts'
import { installer, type Installed } from '../../src/domain/install-release.ts'
import { parseVersion } from '../../src/domain/version.ts'
import { ARCHITECTURE, storeIn } from './published-release.ts'

const signal = new AbortController().signal
const V = parseVersion('v0.43.0')
let dir: string
let sites: ServedSite[]
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'install-')); sites = [] })
afterEach(async () => {
  for (const site of sites) await site[Symbol.asyncDispose]()
  await fs.rm(dir, { recursive: true })
})

async function serve (archive: Uint8Array, sha512?: string): Promise<void> {
  const site = new DistSite()
  site.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive, ...sha512 === undefined ? {} : { sha512 } })
  sites.push(await serveSite(site))
}

/** Everything real but the way over ipfs, and the unpacking, which is the system's. */
async function install (): Promise<Installed> {
  const env = {}
  return await installer({
    platform: { os: 'linux', arch: 'amd64' },
    httpsOrigins: sites.map(({ url }) => httpsOrigin({ env, clock: systemClock }, url)),
    ipfsOrigin: async () => { throw new AppError('ORIGIN_UNREACHABLE', 'nobody to ask', { exit: 'unreachable' }) },
    download: async (what, options) => await downloadArchive({ fs: diskFs, clock: systemClock }, what, options),
    unpack: async (file, _, folder) => { execFileSync('tar', ['-xzf', file, '-C', folder, '--strip-components=1', '--no-same-owner']) },
    npm: { fill: async () => { throw new Error('not asked for') } },
    tryRelease: async (folder, version, stop) => await tryRelease(folder, version, { path: process.env['PATH']!, signal: stop }),
    state: await homeFiles({ home: path.join(dir, 'home'), euid: process.geteuid!(), clock: systemClock }),
    shippedHash: () => undefined,
    releases: storeIn(path.join(dir, 'releases')),
    clock: systemClock,
    report: { progress: () => {}, warn: () => {} },
  }).install({ version: V, transport: 'auto', trusted: [], offline: false }, signal)
}

const names = async (...at: string[]): Promise<string[]> => await fs.readdir(path.join(dir, 'releases', ...at)).catch(() => [])

test('from two origins that agree: the release runs, sha256sum agrees, and the download is gone', async () => {
  const archive = fakeArchive({ version: '0.43.0', repoVersion: 18 })
  await serve(archive)
  await serve(archive)
  const { release, fresh, because } = await install()
  expect(fresh).toBe(true)
  expect(because).toEqual(['not over ipfs: nobody to ask', expect.stringMatching(/^http:.+ and http:.+ say the same$/)])
  expect(execFileSync(release.program, ['version'], { encoding: 'utf8' })).toBe('ipfs version 0.43.0\n')
  execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: release.path, stdio: 'ignore' })
  expect([release.repoVersion, await names('.partial'), await names('.staging')]).toEqual([18, [], []])
  expect((await install()).fresh).toBe(false)
})

test('what was uninstalled and is another archive now is refused, by the lock file alone', async () => {
  await serve(fakeArchive({ version: '0.43.0', repoVersion: 18 }))
  const { release } = await install()
  await storeIn(path.join(dir, 'releases')).remove(release)
  await sites.pop()![Symbol.asyncDispose]()
  await serve(fakeArchive({ version: '0.43.0', repoVersion: 18 }, 100))
  await expect(install()).rejects.toMatchObject({ code: 'RELEASE_CHANGED', exit: 'refused' })
  expect(await names('go-v0.43.0')).toEqual([])
})

test.each([
  ['a wrong hash', async () => { await serve(fakeArchive({ version: '0.43.0', repoVersion: 18 }), 'a'.repeat(128)) }, 'HASH_MISMATCH'],
  ['another program than its name says', async () => { await serve(fakeArchive({ version: '0.42.0', repoVersion: 18 })) }, 'RELEASE_BROKEN'],
])('%s leaves nothing that can be run', async (_, arrange, code) => {
  await arrange()
  await expect(install()).rejects.toMatchObject({ code, exit: 'refused' })
  expect([await names('go-v0.43.0', ARCHITECTURE), await names('.staging')]).toEqual([[], []])
})

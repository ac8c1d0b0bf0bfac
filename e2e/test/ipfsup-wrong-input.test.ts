/** What a person reads who asks ipfsup for what cannot be: built commands, a real server, real disks. One golden file a case. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'
import { DistSite, fakeArchive } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { testWith } from '@ipkit/testkit/test-with-program'
import { platformOf } from '../../packages/ipfsup/src/domain/platform.ts'
import { SmallDisk } from '../faults/small-disk.ts'

const MS = 60_000
const NOBODY = 65534
const { os: system, arch } = platformOf(process.platform, process.arch)
const ipfsup = fileURLToPath(new URL('../../packages/ipfsup/bin/ipfsup.js', import.meta.url))

let folder: string
let site: DistSite
let served: ServedSite
let kim: Person
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-wrong-'))
  site = new DistSite()
  for (const [version, repoVersion] of [['0.36.0', 16], ['0.42.0', 18], ['0.43.0', 18]] as const) site.add({ version: `v${version}`, os: system, arch, archive: fakeArchive({ version, repoVersion }) })
  site.add({ version: 'v0.41.0', os: 'plan9', arch: 'mips', archive: Buffer.from('x') })
  served = await serveSite(site)
  kim = await Person.in(folder, 'kim')
  expect(await run('update')).toMatch(/^\$ ipfsup update\n\[exit 0\]/)
}, MS)
afterAll(async () => {
  await kim[Symbol.asyncDispose]()
  await served[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
}, MS)

type Env = Readonly<Record<string, string>>

const envOf = (more: Env): Env => ({ ...kim.env, IPFSUP_ORIGINS: served.url, ...more })
const shown = (text: string): string => text.replaceAll(served.url, '<origin>').replaceAll(folder, '<folder>').replaceAll(`${system}-${arch}`, '<machine>').replaceAll(` ${system} on ${arch}`, ' <machine>').replace(/tcp\/\d+/g, 'tcp/<port>')
const transcript = (words: string, ran: { readonly exit: number | null, readonly stdout: string, readonly stderr: string }): string => shown(`$ ipfsup ${words}\n[exit ${ran.exit}]\n--- stdout\n${ran.stdout}--- stderr\n${ran.stderr}`)

async function run (words: string, more: Env = {}): Promise<string> {
  return transcript(words, await kim.run('ipfsup', words.split(' '), { env: envOf(more) }))
}

async function check (name: string, got: string, exit: number): Promise<void> {
  expect(got).toContain(`\n[exit ${exit}]\n--- stdout\n--- stderr\nipfsup: error: `)
  expect(got.match(/error:/g)).toHaveLength(1)
  expect(got).toMatch(/\nipfsup: hint: /)
  expect(got).toBe(await golden(import.meta.url, `ipfsup-${name}`, got))
}

describe('each wrong input has its line, its hint and its exit code', () => {
  test.each<[name: string, exit: number, words: string, env?: Env]>([
    ['version-unknown', 4, 'update v0.42.7'],
    ['version-unknown-js', 4, 'update js-v0.1.0'],
    ['version-odd', 2, 'update 0.43'],
    ['version-in-env', 2, 'which', { IPFSUP_VERSION: '../../bin' }],
    ['language-unknown', 2, 'update rs-v0.1.0'],
    ['no-build', 4, 'update v0.41.0'],
    ['offline-version', 5, 'update v0.42.0 --offline'],
    ['offline-network', 5, 'update v0.42.0', { IPFSUP_ORIGINS: 'http://127.0.0.1:1' }],
    ['offline-latest', 5, 'update --offline', { IPFSUP_HOME: '/tmp/no-such-ipfsup-home' }],
    ['ipfs-nobody', 5, 'update v0.42.0 --transport=ipfs'],
    ['origin-insecure', 2, 'update', { IPFSUP_ORIGINS: 'http://dist.example' }],
    ['home-is-a-file', 8, 'show', { IPFSUP_HOME: ipfsup }],
    ['uninstall-default', 8, 'uninstall latest'],
    ['not-installed', 4, 'which v0.42.0'],
    ['rollback-nothing', 4, 'rollback'],
  ])('%s', async (name, exit, words, env = {}) => { await check(name, (await run(words, env)).replaceAll(ipfsup, '<file>'), exit) }, MS)

  test('a pin file that nobody can read a version in', async () => {
    const file = path.join(kim.folder, '.ipfs-version')
    writeFileSync(file, '$(reboot)\n')
    try { await check('version-in-pin', await run('which'), 2) } finally { rmSync(file) }
  }, MS)

  test('a repo that is in use', async () => {
    const repo = path.join(folder, 'busy')
    const daemon = createServer((_request, response) => { response.end('{"Version":"0.43.0"}') })
    await new Promise<void>(resolve => { daemon.listen(0, '127.0.0.1', () => { resolve() }) })
    try {
      expect(await run('update', { IPFS_PATH: repo })).toContain('[exit 0]')
      writeFileSync(path.join(repo, 'version'), '18\n')
      writeFileSync(path.join(repo, 'config'), '{}\n')
      writeFileSync(path.join(repo, 'api'), `/ip4/127.0.0.1/tcp/${(daemon.address() as AddressInfo).port}`)
      await check('repo-busy', (await run('update v0.36.0 --quiet', { IPFS_PATH: repo })), 7)
    } finally {
      daemon.closeAllConnections()
      await new Promise<void>(resolve => { daemon.close(() => { resolve() }) })
      await run('default v0.43.0')
    }
  }, MS)

  testWith(SmallDisk.lacking())('a disk without space', async () => {
    using disk = new SmallDisk(path.join(folder, 'small'), '256k')
    disk.fill()
    await check('no-space', await run('update v0.42.0', { IPFS_PATH: disk.folder }), 1)
  }, MS)

  const asNobody = process.getuid?.() !== 0 ? 'root rights'
    : spawnSync(process.execPath, ['-e', 'require("fs").accessSync(process.argv[1])', ipfsup], { uid: NOBODY, gid: NOBODY }).status === 0 ? undefined : 'checkout that others can read'
  testWith(asNobody)('a folder that this user may not write in', async () => {
    const [theirs, home] = [path.join(folder, 'theirs'), path.join(folder, 'home')]
    for (const made of [theirs, home]) mkdirSync(made, { mode: 0o755 })
    chownSync(home, NOBODY, NOBODY)
    chmodSync(folder, 0o755)
    const env = { ...envOf({ HOME: home, IPKIT_HOME: path.join(home, 'node') }) }
    const go = async (words: string, more: Env): Promise<string> => {
      const child = spawn(process.execPath, [ipfsup, ...words.split(' ')], { uid: NOBODY, gid: NOBODY, cwd: '/', env: { ...env, ...more } })
      const [stdout, stderr] = [child.stdout, child.stderr].map(stream => stream.setEncoding('utf8').toArray())
      const [exit] = await once(child, 'close') as [number | null]
      return transcript(words, { exit, stdout: (await stdout!).join(''), stderr: (await stderr!).join('') })
    }
    await check('no-permission', await go('update v0.42.0', { IPFS_PATH: theirs }), 8)
    await check('no-permission-home', await go('auto on', { IPFSUP_HOME: path.join(theirs, 'up') }), 8)
  }, MS)
})

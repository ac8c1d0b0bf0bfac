import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { takeFolderLock } from '@ipkit/core/storage/folder-lock'
import { systemClock } from '@ipkit/core/time/clock'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { kuboRepo } from '../../src/adapters/kubo-repo.ts'
import { lockHolders } from '../../src/adapters/lock-holders.ts'
import type { IpfsRepo } from '../../src/domain/ipfs-repo.ts'
import type { InstalledRelease } from '../../src/domain/release-store.ts'
import { publishFake, storeIn } from './published-release.ts'

const signal = new AbortController().signal
let dir: string
let ipfsPath: string
let repo: IpfsRepo
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'kubo-repo-'))
  ipfsPath = path.join(dir, 'ipfs')
  await fs.mkdir(ipfsPath)
  repo = kuboRepo({ place: { ipfsPath, releases: path.join(ipfsPath, 'releases') }, env: { PATH: process.env['PATH'] }, clock: systemClock })
})
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const at = (name: string): string => path.join(ipfsPath, name)
const read = async (name: string): Promise<string> => await fs.readFile(at(name), 'utf8')
const release = async (text: string, repoVersion: number): Promise<InstalledRelease> => await publishFake(storeIn(at('releases')), diskFs, text, repoVersion)
async function init (text = 'v0.43.0', repoVersion = 18): Promise<InstalledRelease> {
  const kubo = await release(text, repoVersion)
  execFileSync(kubo.program, ['init'], { env: { IPFS_PATH: ipfsPath, PATH: process.env['PATH'] } })
  return kubo
}

describe('version', () => {
  test('of no repo, of one, and of one that is none', async () => {
    expect(await repo.version()).toBeUndefined()
    await init()
    expect(await repo.version()).toBe(18)
    await fs.writeFile(at('version'), '18') // as migrations of Kubo write it
    expect(await repo.version()).toBe(18)
    await fs.writeFile(at('version'), 'x18\n')
    await expect(repo.version()).rejects.toMatchObject({ code: 'REPO_UNREADABLE' })
  })
})

describe('busy', () => {
  let server: Server | undefined
  afterEach(async () => { if (server !== undefined) { const closed = once(server, 'close'); server.closeAllConnections(); server.close(); await closed } })
  const serve = async (status: number, body: string | undefined): Promise<void> => {
    server = createServer((_, response) => { if (body !== undefined) response.writeHead(status).end(body) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await fs.writeFile(at('api'), `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}\n`)
  }

  test('nobody: no lock, no api, an api of a daemon that was killed', async () => {
    expect(await repo.busy()).toBeUndefined()
    await fs.writeFile(at('repo.lock'), '')
    await serve(200, '')
    const closed = once(server!, 'close')
    server!.close()
    await closed
    server = undefined
    expect(await repo.busy()).toBeUndefined()
    await fs.writeFile(at('api'), 'nonsense')
    expect(await repo.busy()).toBeUndefined()
  })

  test.each([
    ['a daemon', 200, '{"Version":"0.43.0","Commit":""}', true],
    ['one that wants to know who asks', 403, '', true],
    ['another program on its old port', 200, '<html>', false],
    ['one that says nothing', 0, undefined, true],
    ['another program without such a page', 404, '{"Version"', false],
  ])('%s at the api', async (_, status, body, isBusy) => {
    await serve(status, body)
    expect(await repo.busy() !== undefined).toBe(isBusy)
  })

  test('one with a lock of fcntl, as Kubo has it', async () => {
    const lock = (await takeFolderLock(path.join(dir, 'level')))! // LevelDB locks as Kubo does
    await fs.link(path.join(dir, 'level', 'LOCK'), at('repo.lock'))
    expect(await repo.busy()).toBe(`process ${process.pid} has the lock of ${ipfsPath}`)
    await lock.release()
    expect(await repo.busy()).toBeUndefined()
  })

  testWithProgram('lsof')('where no /proc is, whoever has the lock file open', async () => {
    await fs.writeFile(at('repo.lock'), '')
    expect(await lockHolders(at('repo.lock'), 'darwin')).toEqual([])
    const child = spawn('sh', ['-c', 'exec 3<> "$1"; echo on; read x', 'sh', at('repo.lock')], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    await once(child.stdout, 'data')
    expect(await lockHolders(at('repo.lock'), 'darwin')).toEqual([child.pid])
    child.kill()
    await ended
    expect(await lockHolders(at('none'), 'darwin')).toEqual([])
  })
})

describe('migrateDown', () => {
  test('has the newer binary do it, and reads the version again', async () => {
    const kubo = await init()
    await repo.migrateDown(kubo, 16, signal)
    expect([await read('version'), await read('migrations')]).toEqual(['16\n', '0.43.0 18 to 16\n'])
  })

  test('a failure leaves the repo as it was and says what Kubo said', async () => {
    const kubo = await init()
    const config = await read('config')
    await fs.writeFile(at('fail-migration'), '')
    await expect(repo.migrateDown(kubo, 16, signal)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', exit: 'failed', message: expect.stringContaining('the migration failed'), hints: ['the repo is as it was'] })
    expect([await read('version'), await read('config')]).toEqual(['18\n', config])
  })

  test('a failure half-way is undone, and the config gets back what was edited', async () => {
    const kubo = await init()
    await fs.chmod(at('config'), 0o640)
    const config = await read('config')
    await fs.writeFile(at('fail-migration'), '17')
    await expect(repo.migrateDown(kubo, 16, signal)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', hints: ['the repo is as it was'] })
    expect([await read('version'), await read('config'), await read('migrations')]).toEqual(['18\n', config, '0.43.0 17 to 18\n'])
    expect((await fs.stat(at('config'))).mode & 0o777).toBe(0o640)
  })

  test('a binary that says it did and did not is no success', async () => {
    const kubo = await init()
    await fs.writeFile(kubo.program, '#!/bin/sh\nexit 0\n')
    await expect(repo.migrateDown(kubo, 16, signal)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('the version is 18') })
  })

  test('a binary that is gone', async () => {
    const kubo = await init()
    await fs.rm(kubo.program)
    await expect(repo.migrateDown(kubo, 16, signal)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('ENOENT') })
  })

  test('not while somebody uses the repo', async () => {
    const kubo = await init()
    const lock = (await takeFolderLock(path.join(dir, 'level')))!
    await fs.rm(at('repo.lock'))
    await fs.link(path.join(dir, 'level', 'LOCK'), at('repo.lock'))
    await expect(repo.migrateDown(kubo, 16, signal)).rejects.toMatchObject({ code: 'REPO_BUSY', exit: 'busy' })
    await lock.release()
    expect(await read('version')).toBe('18\n')
  })

  test('^C ends it and leaves the repo as it was', async () => {
    const kubo = await init()
    await fs.writeFile(kubo.program, `#!/bin/sh\ncase $* in *--to=18*) echo 18 > '${at('version')}' ;; *) echo 17 > '${at('version')}'; touch '${at('started')}'; sleep 1000 ;; esac\n`)
    const stop = new AbortController()
    const reason = new Error('interrupted')
    const migrating = repo.migrateDown(kubo, 16, stop.signal)
    migrating.catch(() => {})
    while (await fs.access(at('started')).then(() => false, () => true)) await systemClock.sleep(10)
    stop.abort(reason)
    await expect(migrating).rejects.toBe(reason)
    expect(await read('version')).toBe('18\n')
  })
})

describe('the config', () => {
  test('is copied for its user alone, again and again', async () => {
    expect(await repo.backUpConfig()).toBeUndefined()
    await init()
    await fs.chmod(at('config'), 0o664)
    const copies = [await repo.backUpConfig(), await repo.backUpConfig()]
    expect(new Set(copies).size).toBe(2)
    for (const copy of copies) {
      expect(path.basename(copy!)).toMatch(/^config\.ipfsup-\d{8}T\d{6}Z(-2)?$/)
      expect([await fs.readFile(copy!, 'utf8'), (await fs.stat(copy!)).mode & 0o777]).toEqual([await read('config'), 0o600])
    }
  })

  test('gets the version: mode, indentation and big numbers stay', async () => {
    await init()
    await fs.writeFile(at('config'), '{\n    "Big": 12345678901234567890\n}\n')
    await fs.chmod(at('config'), 0o664)
    const umask = process.umask(0o077)
    try { expect(await repo.mirror('go-v0.43.0')).toBe('written') } finally { process.umask(umask) }
    expect(await read('config')).toBe('{\n    "Big": 12345678901234567890,\n    "Update": {\n        "Version": "go-v0.43.0"\n    }\n}\n')
    expect((await fs.stat(at('config'))).mode & 0o777).toBe(0o664)
    expect(await repo.mirror('go-v0.43.0')).toBe('same')
    expect(await repo.mirrored()).toEqual({ config: 'go-v0.43.0', written: 'go-v0.43.0' })
  })

  test('is written through a link', async () => {
    await init()
    await fs.rename(at('config'), path.join(dir, 'elsewhere'))
    await fs.symlink(path.join(dir, 'elsewhere'), at('config'))
    expect(await repo.mirror('go-v0.43.0')).toBe('written')
    expect((await fs.lstat(at('config'))).isSymbolicLink()).toBe(true)
    expect(await fs.readFile(path.join(dir, 'elsewhere'), 'utf8')).toContain('go-v0.43.0')
  })

  test('is never made: init would fail', async () => {
    expect(await repo.mirror('go-v0.43.0')).toBe('pending')
    expect(await fs.readdir(ipfsPath)).toEqual([])
    await init()
    expect(await repo.mirror('go-v0.43.0')).toBe('written')
  })

  test('is not written while somebody uses the repo', async () => {
    await init()
    const lock = (await takeFolderLock(path.join(dir, 'level')))!
    await fs.rm(at('repo.lock'))
    await fs.link(path.join(dir, 'level', 'LOCK'), at('repo.lock'))
    expect(await repo.mirror('go-v0.43.0')).toBe('pending')
    expect(await read('config')).not.toContain('Update')
    await lock.release()
    expect(await repo.mirror('go-v0.43.0')).toBe('written')
  })

  test('a value that somebody else wrote stays, one that we wrote once does not', async () => {
    await init()
    expect(await repo.mirror('go-v0.42.0')).toBe('written')
    const old = await read('config')
    expect(await repo.mirror('go-v0.43.0')).toBe('written')
    await fs.writeFile(at('config'), old) // as a migration down brings it back
    expect(await repo.mirror('go-v0.41.0')).toBe('written')
    await fs.writeFile(at('config'), old.replace('go-v0.42.0', 'mine'))
    expect(await repo.mirror('go-v0.43.0')).toBe('edited')
    expect(await repo.mirrored()).toEqual({ config: 'mine', written: 'go-v0.41.0' })
  })

  test.each(['', '{', '{"Update": 1}', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])])('what is not as Kubo writes it stays: %j', async content => {
    await init()
    await fs.writeFile(at('config'), content)
    expect(await repo.mirror('go-v0.43.0')).toBe('edited')
    expect(await fs.readFile(at('config'))).toEqual(Buffer.from(content))
  })
})

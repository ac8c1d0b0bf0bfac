import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { writeSampleService } from '@ipkit/testkit/sample-service'
import { installService, readInstalled, removeOldCopies } from '../../src/daemon/install-service.ts'
import { NEEDS, parseManifest } from '../../src/daemon/service-manifest.ts'
import type { Owner } from '../../src/daemon/trusted-file.ts'

const us: Owner = { uid: process.geteuid!(), gid: process.getegid!() }
const asRoot = us.uid === 0
let dir: string
let services: string
let tool: string
let manifest: string
beforeEach(async () => {
  dir = await fs.realpath(await fs.mkdtemp(path.join(os.tmpdir(), 'install-')))
  services = path.join(dir, 'services')
  tool = path.join(dir, 'node_modules/tool/dist')
  manifest = await writeSampleService(tool, { name: 'tool' })
  await fs.mkdir(services, { mode: 0o700 })
})
afterEach(async () => { await fs.rm(dir, { recursive: true }) })
const install = async (file = manifest, owner = us): ReturnType<typeof installService> => await installService(file, services, owner, n => new Uint8Array(randomBytes(n)))

test('the copy is whole, private, and named after the list of its files', async () => {
  const { entry, manifest: installed } = await install()
  expect(installed).toMatchObject({ name: 'tool', build: 1 })
  expect(entry.startsWith(path.join(services, 'tool') + path.sep)).toBe(true)
  expect(await fs.readFile(entry, 'utf8')).toBe(await fs.readFile(path.join(tool, 'service.js'), 'utf8'))
  for (const [file, mode] of [[path.join(services, 'tool'), 0o700], [path.dirname(entry), 0o700], [entry, 0o600]] as const) expect((await fs.stat(file)).mode & 0o777).toBe(mode)
  expect((await readInstalled(services, 'tool')).entry).toBe(entry)
  expect((await install()).entry).toBe(entry)
  expect((await fs.readdir(path.join(services, 'tool'))).length).toBe(2)
})

test('a link to the package is followed, as package managers make them', async () => {
  await fs.symlink(path.dirname(tool), path.join(dir, 'linked'))
  expect((await install(path.join(dir, 'linked/dist/service.json'))).manifest.name).toBe('tool')
})

test('old copies and half-made ones go, the installed one stays', async () => {
  await install()
  await writeSampleService(tool, { name: 'tool', build: 2 })
  const { entry } = await install()
  await fs.mkdir(path.join(services, 'tool/.abc.tmp'))
  expect((await fs.readdir(path.join(services, 'tool'))).length).toBe(4)
  await removeOldCopies(services, 'tool')
  expect((await fs.readdir(path.join(services, 'tool'))).sort()).toEqual([path.basename(path.dirname(entry)), 'installed.json'].sort())
})

describe('is refused', () => {
  const refused = async (code: string, file = manifest, owner = us): Promise<void> => {
    await expect(install(file, owner)).rejects.toMatchObject({ code })
    expect(await fs.readdir(services).then(async names => (await Promise.all(names.map(async name => await fs.readdir(path.join(services, name))))).flat())).toEqual([])
  }

  test('a file that is not there', async () => { await refused('SERVICE_NOT_FOUND', path.join(dir, 'none.json')) })
  test('a folder', async () => { await refused('SERVICE_NOT_TRUSTED', tool) })
  test('a file that others can write', async () => { await fs.chmod(manifest, 0o666); await refused('SERVICE_NOT_TRUSTED') })
  test('code that others can write', async () => { await fs.chmod(path.join(tool, 'service.js'), 0o646); await refused('SERVICE_NOT_TRUSTED') })
  test('a folder above that others can write', async () => { await fs.chmod(path.join(dir, 'node_modules'), 0o777); await refused('SERVICE_NOT_TRUSTED') })
  test('a folder above that others can write, although it is sticky, when it is not root\'s', async () => {
    if (asRoot) await fs.chown(path.join(dir, 'node_modules'), 65534, 65534)
    await fs.chmod(path.join(dir, 'node_modules'), 0o1777)
    await refused('SERVICE_NOT_TRUSTED', manifest, asRoot ? { uid: 65534, gid: 65534 } : us)
  })
  test('a file of another user', async () => {
    if (!asRoot) return
    await fs.chown(manifest, 65533, 0)
    await refused('SERVICE_NOT_TRUSTED')
  })
  test('a file that a foreign group can write', async () => {
    if (!asRoot) return
    await fs.chown(manifest, 0, 65533)
    await fs.chmod(manifest, 0o664)
    await refused('SERVICE_NOT_TRUSTED', manifest, { uid: 0, gid: 0 })
  })
  test('code that is a link', async () => {
    await fs.rename(path.join(tool, 'service.js'), path.join(tool, 'real.js'))
    await fs.symlink('real.js', path.join(tool, 'service.js'))
    await refused('SERVICE_NOT_FOUND')
  })
  test('code that is not what the list says', async () => { await fs.appendFile(path.join(tool, 'service.js'), '//'); await refused('SERVICE_DAMAGED') })
  test('code that is missing', async () => { await fs.rm(path.join(tool, 'service.js')); await refused('SERVICE_NOT_FOUND') })
})

test('a group of our own may write', async () => {
  await fs.chmod(manifest, 0o664)
  expect((await install()).manifest.name).toBe('tool')
})

describe('service.json', () => {
  const good = { name: 'burn', build: 1, contract: 1, needs: ['http'], protocols: ['/x/1'], entry: 'service.js', files: { 'service.js': 'a'.repeat(64) } }

  test('as it should be', () => { expect(parseManifest(JSON.stringify(good))).toEqual(good) })

  test('a need that no member of the scope stands for', () => {
    expect(() => parseManifest(JSON.stringify({ ...good, needs: ['http', 'printer'] }))).toThrow(expect.objectContaining({
      code: 'SERVICE_NEED_UNKNOWN', exit: 'refused', message: `service.json.needs[1] is 'printer', which this node does not offer; it offers ${NEEDS.join(', ')}`,
    }))
    expect(parseManifest(JSON.stringify({ ...good, needs: NEEDS })).needs).toEqual(NEEDS)
  })

  test.each<[string, object | string]>([
    ['not JSON', '{'],
    ['a list', '[]'],
    ['another contract', { contract: 2 }],
    ['build 0', { build: 0 }],
    ['a build that is text', { build: '1' }],
    ['a need that is no name', { needs: ['Root access'] }],
    ['an unknown key', { extra: 1 }],
    ['a name that leaves the folder', { name: '../x' }],
    ['a name in upper case', { name: 'Burn' }],
    ['a file that leaves the folder', { files: { '../x': 'a'.repeat(64), 'service.js': 'a'.repeat(64) } }],
    ['a hidden file', { files: { '.x': 'a'.repeat(64), 'service.js': 'a'.repeat(64) } }],
    ['a hash cut short', { files: { 'service.js': 'a'.repeat(63) } }],
    ['an entry that is not listed', { entry: 'other.js' }],
    ['a protocol of another tool', { protocols: ['/ipkit/mail/1.0.0'] }],
    ['a protocol that is none', { protocols: ['x'] }],
  ])('%s', (_name, part) => {
    expect(() => parseManifest(typeof part === 'string' ? part : JSON.stringify({ ...good, ...part }))).toThrow(expect.objectContaining({ code: 'SERVICE_INVALID' }))
  })
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { Io } from '@ipkit/core/cli/io'
import { machineDoctor } from '../../src/adapters/machine-doctor.ts'
import { machineProbes, type MachineProbes } from '../../src/adapters/machine-probes.ts'
import type { Finding } from '../../src/domain/doctor.ts'
import { MemoryWorld, NOW, releaseOf, usedWorld, v } from '../memory-world.ts'

const WELL: MachineProbes = { npm: async () => '10.8.2', folderTrouble: async () => undefined, exists: async file => file.endsWith('/keystore') }

async function look (world: MemoryWorld, probes: Partial<MachineProbes> = {}, ipfsPath?: string): Promise<Finding[]> {
  const deps = world.deps()
  const place = deps.place({} as Io)
  const doctor = machineDoctor({ ...deps, place: () => ({ ...place, ...ipfsPath === undefined ? {} : { ipfsPath } }) }, {} as Io, { ...WELL, ...probes })
  const found: Finding[] = []
  for await (const finding of doctor.look(new AbortController().signal)) found.push(finding)
  return found
}

describe('the doctor', () => {
  test.each([['a used machine', usedWorld], ['a new one, with the command set up', () => new MemoryWorld()]])('finds nothing wrong with %s', async (_title, world) => {
    const found = await look(world())
    expect(found.map(f => f.check)).toEqual(['permissions', 'shim', 'path', 'default', 'mirror', 'repo', 'js-repo', 'leftovers', 'lock-file', 'origins', 'npm'])
    expect(found.filter(f => !f.ok || f.cure !== undefined)).toEqual([])
  })

  test.each<[title: string, check: string, change: (world: MemoryWorld) => void, message: RegExp, cure: RegExp, probes?: Partial<MachineProbes>, ipfsPath?: string]>([
    ['others may write', 'permissions', () => {}, /others may write/, /chmod/, { folderTrouble: async folder => ({ message: `others may write in ${folder}`, cure: 'chmod go-w' }) }],
    ['no shim', 'shim', w => { w.plan = { ...w.plan, shimState: 'missing' } }, /not set up/, /ipfsup init/],
    ['an old shim', 'shim', w => { w.plan = { ...w.plan, shimState: 'outdated' } }, /another version/, /ipfsup init/],
    ["somebody else's ipfs at its place", 'shim', w => { w.plan = { ...w.plan, shimState: 'foreign' } }, /not of ipfsup/, /move it away/],
    ['another ipfs first', 'path', w => { w.plan = { ...w.plan, found: '/usr/bin/ipfs' } }, /\/usr\/bin\/ipfs/, /\. \/home\/kim\/\.bashrc/],
    ['no ipfs in PATH', 'path', w => { w.plan = { ...w.plan, found: undefined, blockState: 'missing' } }, /not in PATH/, /ipfsup init/],
    ['a default that is gone', 'default', w => { w.installed = [] }, /go-v0\.43\.0 is the default, and is not installed/, /ipfsup install go-v0\.43\.0/],
    ['a config edited by hand', 'mirror', w => { w.mirrored = { config: 'go-v0.42.0', written: 'go-v0.43.0' } }, /edited by hand.*go-v0\.42\.0/, /ipfsup default go-v0\.42\.0/],
    ['a config with nonsense', 'mirror', w => { w.mirrored = { config: 'new', written: undefined } }, /edited by hand.*'new'/, /take it out of \/home\/kim\/\.ipfs\/config/],
    ['a config that was in use', 'mirror', w => { w.mirrored = { config: 'go-v0.42.0', written: 'go-v0.42.0' } }, /still/, /ipfsup default go-v0\.43\.0/],
    ['a repo that is too new', 'repo', w => { w.byDefault = v('v0.36.0'); w.mirrored = { config: undefined, written: undefined }; w.installed.push(releaseOf('v0.36.0', { repoVersion: 16 })) }, /version 18, and go-v0\.36\.0 reads 16/, /ipfsup default go-v0\.43\.0/],
    ['a repo that nothing here reads', 'repo', w => { w.repoVersion = 19 }, /version 19/, /ipfsup update/],
    ['js-ipfs in the place of Kubo', 'js-repo', () => {}, /repo of js-ipfs/, /js-repo/, { exists: async file => /\/(pins|keys|datastore_spec)$/.test(file) }],
    ['IPFS_PATH inside', 'js-repo', () => {}, /IPFS_PATH is/, /export IPFS_PATH=\/home\/kim\/\.ipfs$/, {}, '/home/kim/.ipfs/js-repo'],
    ['a broken download', 'leftovers', w => { w.leftovers = [{ path: '/x.part', sizeBytes: 5e6 - 300 }, { path: '/x.part.json', sizeBytes: 300 }] }, /^a download that was broken off, 5\.00 MB/, /ipfsup gc/],
    ['a release that changed', 'lock-file', w => { w.locked.set('go-v0.42.0', { sha512: '00', cid: undefined, seenMs: NOW }) }, /go-v0\.42\.0 is not what was seen/, /ipfsup uninstall/],
    ['a lock file that is damaged', 'lock-file', w => { w.state.lockedHash = async () => { throw new AppError('LOCK_FILE_DAMAGED', 'releases.lock.json is damaged', { exit: 'refused', hints: ['restore it'] }) } }, /is damaged/, /restore it/],
    ['an origin that is silent', 'origins', w => { w.failures = [{ origin: 'https://x.example', message: 'no route' }] }, /x\.example gave no answer: no route/, /curl -I https:\/\/x\.example/],
    ['no origin at all', 'origins', w => { w.unreachable = true; w.seen.clear() }, /no origin/, /network/],
    ['a version that is hidden', 'origins', w => { w.remote = [v('v0.41.0')] }, /go-v0\.41\.0 the latest, and go-v0\.43\.0 has been seen/, /IPFSUP_ORIGINS/],
    ['no npm', 'npm', () => {}, /npm is not there/, /install npm/, { npm: async () => undefined }],
  ])('finds %s, with a cure, and goes on', async (_title, check, change, message, cure, probes = {}, ipfsPath = undefined) => { // defaults: jest gives its own callback to a parameter that a row leaves out
    const world = usedWorld()
    change(world)
    const found = await look(world, probes, ipfsPath)
    expect(found.length).toBe(11)
    expect(found.filter(f => !f.ok)).toEqual([{ check, ok: false, message: expect.stringMatching(message), cure: expect.stringMatching(cure) }])
  })

  test('does not take an error of the program for trouble of the machine', async () => {
    const world = usedWorld()
    world.releases.clean = async () => { throw new TypeError('a bug') }
    await expect(look(world)).rejects.toThrow('a bug')
  })
})

describe('folders', () => {
  let folder: string
  beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-doctor-')) })
  afterEach(() => { rmSync(folder, { recursive: true, force: true }) })
  const trouble = async (at = folder, euid = process.geteuid!()): Promise<{ readonly message: string, readonly cure: string } | undefined> =>
    await machineProbes({ ...processFacts(), euid }, {}).folderTrouble(at)

  test('of the user alone are fine, and so are missing ones', async () => {
    expect([await trouble(), await trouble(path.join(folder, 'missing'))]).toEqual([undefined, undefined])
  })

  test.each([[0o777, 'go-w'], [0o720, 'go-w'], [0o500, 'u+rwx']])('with mode %o are not', async (mode, cure) => {
    chmodSync(folder, mode)
    expect(await trouble()).toEqual({ message: expect.stringContaining(`0${mode.toString(8)}`), cure: `chmod ${cure} ${folder}` })
  })

  test('of somebody else are not, and files are none', async () => {
    expect(await trouble(folder, process.geteuid!() + 1)).toMatchObject({ message: expect.stringContaining('belongs to user') })
    writeFileSync(path.join(folder, 'file'), '')
    expect(await trouble(path.join(folder, 'file'))).toMatchObject({ message: expect.stringContaining('is no folder') })
  })

  test('npm says its version, and that it is not there', async () => {
    const signal = new AbortController().signal
    expect(await machineProbes(processFacts(), process.env).npm(signal)).toMatch(/^\d+\.\d+/)
    expect(await machineProbes({ ...processFacts(), execPath: path.join(folder, 'node') }, { PATH: folder }).npm(signal)).toBeUndefined()
  })
})

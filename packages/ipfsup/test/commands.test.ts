/** What a run leaves behind, beside what it prints. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { HOUR, MemoryWorld, NOW, releaseOf, usedWorld, v } from './memory-world.ts'

const FOLDER = '/home/kim/project'

const errorOf = (stderr: string): string | undefined => stderr.split('\n').filter(line => line.startsWith('{"error"')).map(line => (JSON.parse(line) as { error: { code: string } }).error.code)[0]

describe('update', () => {
  test('makes what it installs the default, and what latest means to the shim', async () => {
    const world = new MemoryWorld()
    expect((await world.run(['update'])).exit).toBe(0)
    expect([world.byDefault, world.aliases.get('go'), world.past]).toEqual([v('v0.43.0'), v('v0.43.0'), [v('v0.43.0')]])
  })

  test('leaves what latest means alone for a prerelease and for a version by its name', async () => {
    for (const argv of [['update', '--pre'], ['update', 'v0.42.0']]) {
      const world = new MemoryWorld()
      expect((await world.run(argv)).exit).toBe(0)
      expect(world.aliases.get('go')).toBeUndefined()
    }
  })

  test('asks nobody when it is told to', async () => {
    const world = usedWorld()
    const asked: unknown[] = []
    world.install = async ask => { asked.push(ask); return { release: releaseOf('v0.43.0'), fresh: false, resumedBytes: 0, because: [] } }
    await world.run(['update', '--offline', '--transport', 'ipfs', '--trust-origin', 'https://dist.ipfs.tech/'])
    expect(asked).toEqual([{ version: v('v0.43.0'), transport: 'ipfs', trusted: ['https://dist.ipfs.tech'], offline: true }])
  })

  test('keeps the default where the repo is in use, and says how to go on', async () => {
    const world = usedWorld()
    world.installed[0] = releaseOf('v0.42.0', { repoVersion: 17 })
    world.busy = 'a daemon'
    const ran = await world.run(['update', 'v0.42.0', '--json'])
    expect([ran.exit, ran.stdout, errorOf(ran.stderr), world.byDefault]).toEqual([7, '', 'REPO_BUSY', v('v0.43.0')])
  })
})

describe('use', () => {
  let folder: string
  beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-use-')) })
  afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

  test('sets the version for the working folder, as the shim reads it', async () => {
    const world = usedWorld()
    await world.run(['use', '0.42.0'])
    expect([...world.overrides]).toEqual([[FOLDER, 'go-v0.42.0']])
    await world.run(['unuse'])
    expect([...world.overrides]).toEqual([])
  })

  test('sets nothing when the version cannot be had', async () => {
    const world = usedWorld()
    expect((await world.run(['use', 'v0.42.9'])).exit).toBe(4)
    expect((await world.run(['use', 'v0.41.0', '--offline'])).exit).toBe(5)
    expect([...world.overrides]).toEqual([])
  })

  test('--pin writes the file that goes with the folder, in place of an older one or a link', async () => {
    const world = usedWorld()
    const file = path.join(folder, '.ipfs-version')
    writeFileSync(path.join(folder, 'elsewhere'), 'kept')
    for (const prepare of [() => {}, () => { writeFileSync(file, 'v0.1.0\n') }, () => { rmSync(file); symlinkSync('elsewhere', file) }]) {
      prepare()
      const ran = await world.run(['use', 'v0.42.0', '--pin', '--json'], { cwd: folder })
      expect([ran.exit, JSON.parse(ran.stdout)]).toEqual([0, { version: 'go-v0.42.0', folder, file }])
      expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o111, readFileSync(path.join(folder, 'elsewhere'), 'utf8')]).toEqual(['go-v0.42.0\n', 0, 'kept'])
    }
    expect([...world.overrides]).toEqual([])
  })

  test('--pin warns where an override goes before the file', async () => {
    const world = usedWorld()
    world.overrides.set(folder, 'go-v0.43.0')
    const ran = await world.run(['use', 'v0.42.0', '--pin'], { cwd: folder })
    expect(ran.stdout).toBe(`wrote go-v0.42.0 to ${path.join(folder, '.ipfs-version')}\n`)
    expect(ran.stderr).toMatch(/here ipfs is go-v0\.43\.0 all the same: 'ipfsup use' set it .*'ipfsup unuse'/)
  })
})

describe('which --install', () => {
  const pin = ['which', '--install', '--from', 'pin', '--pin-file', `${FOLDER}/.ipfs-version`, 'go-v0.41.0']

  test.each([
    ['nobody can be asked', {}],
    ['the answer is no', { tty: { stdin: true, stderr: true }, answers: ['n'] }],
  ])('installs nothing that only a pin names when %s', async (_title, options) => {
    const world = usedWorld()
    const ran = await world.run([...pin, '--json'], options)
    expect([ran.exit, ran.stdout, errorOf(ran.stderr), world.installed.length]).toEqual([4, '', 'NOT_INSTALLED', 3])
  })

  test('does not ask for what is installed', async () => {
    const world = usedWorld()
    expect(await world.run([...pin.slice(0, -1), 'go-v0.42.0'])).toMatchObject({ exit: 0, stderr: '', stdout: '/home/kim/.ipfs/releases/go-v0.42.0/linux-amd64/ipfs\n' })
  })

  test.each(['arg', 'env', 'default'])('installs what %s names without a question', async from => {
    const world = usedWorld()
    expect((await world.run(['which', '--install', '--from', from, 'go-v0.41.0'])).exit).toBe(0)
    expect(world.installed.map(r => r.version)).toContainEqual(v('v0.41.0'))
  })
})

test('run hands the arguments on and takes the exit code over', async () => {
  const world = usedWorld()
  const ran = await world.run(['run', 'v0.42.0', '--', '--json', '-h', '', 'a b'])
  expect([ran.exit, ran.stdout, ran.stderr, world.did]).toEqual([37, '', '', ['ran go-v0.42.0 --json -h  a b']])
})

describe('uninstall', () => {
  test('of the default makes the one that is named the default first', async () => {
    const world = usedWorld()
    expect((await world.run(['uninstall', 'v0.43.0', '--default', 'v0.42.0'])).exit).toBe(0)
    expect([world.byDefault, world.installed.map(r => r.version)]).toEqual([v('v0.42.0'), [v('v0.42.0'), v('js-v0.66.1')]])
  })

  test('of the default changes nothing where nothing takes its place', async () => {
    for (const argv of [['uninstall', 'v0.43.0'], ['uninstall', 'v0.43.0', '--default', 'v0.43.0'], ['uninstall', 'v0.43.0', '--default', 'v0.41.0']]) {
      const world = usedWorld()
      expect((await world.run(argv)).exit).toBeGreaterThan(0)
      expect([world.byDefault, world.installed.length]).toEqual([v('v0.43.0'), 3])
    }
  })

  test('of another version leaves the default alone', async () => {
    const world = usedWorld()
    expect((await world.run(['uninstall', 'v0.42.0', '--default', 'js-v0.66.1'])).exit).toBe(0)
    expect(world.byDefault).toEqual(v('v0.43.0'))
  })
})

test('gc --dry-run removes nothing', async () => {
  const world = usedWorld()
  world.leftovers = [{ path: '/x.part', sizeBytes: 7 }]
  expect((await world.run(['gc', '--dry-run'])).exit).toBe(0)
  expect([world.installed.length, world.leftovers.length]).toEqual([3, 1])
})

describe('auto', () => {
  test('on asks the scheduler, off takes it back', async () => {
    const world = usedWorld()
    await world.run(['auto', 'on'])
    expect([world.autoOn, world.scheduledOn]).toEqual([true, true])
    await world.run(['auto', 'off'])
    expect([world.autoOn, world.scheduledOn]).toEqual([false, false])
  })

  test('looks behind commands of a person only while it is on', async () => {
    const world = usedWorld()
    await world.run(['show'])
    expect(world.lookedBehind).toBe(0)
    world.autoOn = true
    for (const argv of [['ls'], ['show'], ['default'], ['use', 'v0.42.0']]) await world.run(argv)
    expect(world.lookedBehind).toBe(4)
    for (const argv of [['which'], ['run', 'v0.42.0'], ['update'], ['auto', 'status']]) await world.run(argv)
    expect(world.lookedBehind).toBe(4)
  })
})

describe('init', () => {
  const missing = (): MemoryWorld => {
    const world = new MemoryWorld()
    world.plan = { ...world.plan, shimState: 'missing', blockState: 'missing', found: undefined }
    return world
  }

  test.each([
    ['with a yes', ['init', '--yes'], ['wrote the shim', 'wrote the block']],
    ['leaving the file of the shell alone', ['init', '--no-modify-path'], ['wrote the shim']],
    ['unasked', ['init'], []],
  ])('%s', async (_title, argv, did) => {
    const world = missing()
    await world.run(argv)
    expect(world.did).toEqual(did)
  })

  test('never overwrites what is not of ipfsup', async () => {
    const world = missing()
    world.plan = { ...world.plan, shimState: 'foreign' }
    expect(await world.run(['init', '--yes'])).toMatchObject({ exit: 8 })
    expect(world.did).toEqual([])
  })
})

test('self uninstall takes the schedule, the lines and the home away, in this order, and nothing before it may', async () => {
  const world = usedWorld()
  world.scheduledOn = true
  expect((await world.run(['self', 'uninstall'])).exit).toBe(8)
  expect([world.did, world.scheduledOn]).toEqual([[], true])
  expect((await world.run(['self', 'uninstall', '--yes'])).exit).toBe(0)
  expect([world.did, world.scheduledOn, world.installed.length]).toEqual([['removed the block', 'removed the home'], false, 3])
})

test('text from outside reaches the terminal without its escape codes', async () => {
  const world = usedWorld()
  world.pins.set(FOLDER, { file: `${FOLDER}/.ipfs-version`, line: '\u001b]0;owned\u0007', passedOver: undefined })
  world.failures = [{ origin: 'https://x.example', message: '\u001b[2Jgone' }]
  world.damaged.set('go-v0.42.0', ['\u001b[31mfile'])
  for (const argv of [['show'], ['update'], ['verify']]) {
    const { stdout, stderr } = await world.run(argv)
    // eslint-disable-next-line no-control-regex
    expect(stdout + stderr).not.toMatch(/[\u001b\u0007]/u)
  }
})

test('what origins took back is told with both dates, also to scripts', async () => {
  const world = usedWorld()
  world.seen.set('go false', { version: v('v0.44.0'), sinceMs: NOW - 72 * HOUR, answer: v('v0.44.0'), answeredMs: NOW - HOUR })
  const { stderr, exit } = await world.run(['update', '--json'])
  expect(exit).toBe(0)
  expect(JSON.parse(stderr)).toEqual({ warning: { code: 'LATEST_LOWER', message: expect.stringMatching(/go-v0\.43\.0 \(2026-01-15 12:00 UTC\).*go-v0\.44\.0.*\(2026-01-12 12:00 UTC\)/) } })
})

test.each(['show', 'which', 'ls', 'default', 'unuse', 'verify', 'gc', 'doctor', 'rollback'])('%s works where no origin can be reached', async command => {
  const world = usedWorld()
  world.unreachable = true
  world.latest = async () => { throw new Error('nobody is asked here') }
  expect((await world.run([command])).exit).toBe(0)
})

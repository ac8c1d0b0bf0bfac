import { execFileSync, spawnSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { installPacked, sizeBelow } from '../packing/install-packed.ts'

/** A root of a tree of releases that nobody here has, and somebody to ask who is not there. */
const NOBODY = { IPFSUP_DIST_CID: 'bafybeibml5uieyxa5tufngvg7fgwbkwvlsuntwbxgtskoqynbt7wlchmfm', IPFSUP_ORIGINS: 'http://127.0.0.1:1', IPFSUP_PEERS: '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV' }

const root = path.resolve(import.meta.dirname, '../..')
const MAX_INSTALLED_BYTES = 15_000_000
/** A command of each tool that starts the node; ipfsup has it fetch something from nobody. */
const FIRST: Readonly<Record<string, readonly string[]>> = { burn: ['ls'], ipkit: ['start'], ipnsup: ['status'], ipfsup: ['update', 'v0.43.0', '--transport=ipfs'], 'ipfs-dedup-sync': ['stat'] }

describe.each([['burn-cli', 'burn', ['node']], ['ipfs-dedup-sync', 'ipfs-dedup-sync', ['node']], ['ipfsup', 'ipfsup', ['node']], ['ipkit', 'ipkit', []], ['ipnsup', 'ipnsup', ['node']]])('%s, packed and installed with npm in an empty folder', (name, binary, ownNodeCommands) => {
  let folder: string
  let installed: string
  const loopback = '/ip4/127.0.0.1/tcp/0'
  const command = (): string => path.join(installed, 'node_modules/.bin', binary)
  const options = (user: string, input = ''): ExecFileSyncOptionsWithStringEncoding => ({
    encoding: 'utf8', cwd: folder, input, stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: path.join(folder, user), IPKIT_HOME: path.join(folder, user, 'home'), IPKIT_LISTEN: loopback, IPKIT_HTTP_LISTEN: loopback, ...NOBODY },
  })
  const runAs = (user: string, args: readonly string[], input = ''): string => execFileSync(command(), args, options(user, input))
  const run = (...args: string[]): string => runAs('user', args)

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-packed-'))
    for (const user of ['user', 'reader']) mkdirSync(path.join(folder, user))
    installed = path.join(folder, 'installed')
    installPacked(path.join(root, 'packages', name), folder)
  })
  afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

  test('takes less than 15 MB with everything it needs', () => {
    expect(sizeBelow(installed)).toBeLessThan(MAX_INSTALLED_BYTES)
  })

  test('answers --version and --help, and makes no home for that', () => {
    expect(run('--version')).toBe(`${(JSON.parse(readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8')) as { version: string }).version}\n`)
    expect(run('--help')).toContain(`${binary} <command>`)
    expect(existsSync(path.join(folder, 'user/home'))).toBe(false)
  })

  test('starts its own node and stops it', () => {
    const running = (): unknown => (JSON.parse(run(...ownNodeCommands, 'status', '--json')) as { running: unknown }).running
    try {
      if (binary === 'ipfsup') expect(() => run(...FIRST[binary]!)).toThrow()
      else run(...FIRST[binary]!)
      expect(running()).toBe(true)
    } finally {
      run(...ownNodeCommands, 'stop')
    }
    expect(running()).toBe(false)
  })

  if (binary === 'ipfsup') {
    test('makes the command ipfs, which says what to do first', () => {
      expect(run('init', '--no-modify-path')).toContain('/.ipfsup/bin/ipfs')
      const shim = spawnSync(path.join(folder, 'user/.ipfsup/bin/ipfs'), ['version'], options('user'))
      expect([shim.status, shim.stdout]).toEqual([4, ''])
      expect(run('ls', '--json')).toBe('{"installed":[],"default":null}\n')
    })

    test('brings the lock file of js-ipfs, and no address in it', () => {
      const lock = readFileSync(path.join(installed, 'node_modules/ipfsup/data/js-0.66.1/package-lock.json'), 'utf8')
      expect(lock).toContain('"integrity"')
      expect(lock).not.toContain('"resolved"')
    })
  }

  if (binary === 'burn') {
    test('sends a message, with nothing but itself at both ends', () => {
      const { link } = JSON.parse(runAs('user', ['add', '-', '--json'], 'once upon a time')) as { link: string }
      try {
        runAs('reader', ['get', '-', '-o', 'story.txt'], `${link}\n`)
        expect(readFileSync(path.join(folder, 'story.txt'), 'utf8')).toBe('once upon a time')
      } finally {
        for (const user of ['user', 'reader']) runAs(user, ['node', 'stop'])
      }
    })
  }

  if (binary === 'ipfs-dedup-sync') {
    test('publishes a .gz and gives it back byte by byte on another home, with nothing but itself at both ends', () => {
      const zipped = gzipSync(Buffer.from('once upon a time\n'.repeat(10_000)))
      writeFileSync(path.join(folder, 'story.gz'), zipped)
      try {
        const { name } = JSON.parse(runAs('user', ['publish', 'story.gz', '--json'])) as { name: string }
        const { addresses } = JSON.parse(runAs('user', ['node', 'status', '--json'])) as { addresses: string[] }
        runAs('reader', ['pull', name, '--from', addresses[0]!, '-o', 'again.gz'])
        expect(readFileSync(path.join(folder, 'again.gz')).equals(zipped)).toBe(true)
      } finally {
        for (const user of ['user', 'reader']) runAs(user, ['node', 'stop'])
      }
    }, 60_000)
  }

  test('brings its licence, those of what it holds, and no source of the workspace', () => {
    const own = path.join(installed, 'node_modules', name)
    expect(readFileSync(path.join(own, 'LICENSE'), 'utf8')).toContain('MIT')
    expect(readFileSync(path.join(own, 'dist/THIRD_PARTY_LICENSES.txt'), 'utf8')).toMatch(/^yargs \d/m)
    expect(existsSync(path.join(own, 'src'))).toBe(false)
    expect(existsSync(path.join(installed, 'node_modules/@ipkit'))).toBe(false)
  })
})

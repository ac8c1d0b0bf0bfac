import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { installPacked, sizeBelow } from '../packing/install-packed.ts'

const root = path.resolve(import.meta.dirname, '../..')
const MAX_INSTALLED_BYTES = 15_000_000
/** A command of each tool that starts the node. */
const FIRST: Readonly<Record<string, readonly string[]>> = { burn: ['ls'], ipkit: ['start'], ipnsup: ['status'] }

describe.each([['burn-cli', 'burn', ['node']], ['ipkit', 'ipkit', []], ['ipnsup', 'ipnsup', ['node']]])('%s, packed and installed with npm in an empty folder', (name, binary, ownNodeCommands) => {
  let folder: string
  let installed: string
  const loopback = '/ip4/127.0.0.1/tcp/0'
  const command = (): string => path.join(installed, 'node_modules/.bin', binary)
  const options = (user: string, input = ''): ExecFileSyncOptionsWithStringEncoding => ({
    encoding: 'utf8', cwd: folder, input, stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], HOME: path.join(folder, user), IPKIT_HOME: path.join(folder, user, 'home'), IPKIT_LISTEN: loopback, IPKIT_HTTP_LISTEN: loopback },
  })
  const runAs = (user: string, args: readonly string[], input = ''): string => execFileSync(command(), args, options(user, input))
  const run = (...args: string[]): string => runAs('user', args)

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-packed-'))
    for (const user of ['user', 'reader']) mkdirSync(path.join(folder, user))
    installed = path.join(folder, 'installed')
    installPacked(path.join(root, 'packages', name), folder)
  }, 120_000)
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
    run(...FIRST[binary]!)
    try {
      expect(running()).toBe(true)
    } finally {
      run(...ownNodeCommands, 'stop')
    }
    expect(running()).toBe(false)
  }, 60_000)

  if (binary === 'burn') {
    test('sends a message, with nothing but itself at both ends', () => {
      const { link } = JSON.parse(runAs('user', ['add', '-', '--json'], 'once upon a time')) as { link: string }
      try {
        runAs('reader', ['get', '-', '-o', 'story.txt'], `${link}\n`)
        expect(readFileSync(path.join(folder, 'story.txt'), 'utf8')).toBe('once upon a time')
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

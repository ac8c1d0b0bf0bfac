import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { testWith } from '@ipkit/testkit/test-with-program'

const bin = path.resolve(import.meta.dirname, '../../packages/ipkit/bin/ipkit.js')

describe("compiled code is kept in the user's cache folder", () => {
  let folder: string
  const at = (...names: string[]): string => path.join(folder, ...names)
  /** A command that succeeds and makes no file of its own. */
  const start = (env: Record<string, string> = {}, more: readonly string[] = []): void => {
    const run = spawnSync(process.execPath, [bin, 'which', '--json', ...more], {
      encoding: 'utf8', cwd: at('here'), env: { PATH: process.env['PATH'], HOME: at('user'), TMPDIR: at('tmp'), IPKIT_HOME: at('home'), ...env },
    })
    expect([run.status, run.stderr.replace(/^\{"log":.*\n/gmu, '')]).toEqual([0, ''])
    expect(JSON.parse(run.stdout)).toMatchObject({ choice: 'own' })
  }
  const filesBelow = (): string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).filter(e => e.isFile()).map(e => path.relative(folder, path.join(e.parentPath, e.name)))

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-cache-'))
    for (const name of ['user', 'tmp', 'here', 'other']) mkdirSync(at(name))
  })
  afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

  test('where that folder is there', () => {
    mkdirSync(at('user/.cache'))
    start()
    expect(existsSync(at('user/.cache/ipkit/compiled'))).toBe(true)
    expect(filesBelow().filter(f => !f.startsWith('user/.cache/ipkit/compiled/'))).toEqual([])
  })

  test('where XDG_CACHE_HOME says', () => {
    mkdirSync(at('user/.cache'))
    start({ XDG_CACHE_HOME: at('other') })
    expect(existsSync(at('other/ipkit/compiled'))).toBe(true)
    expect(existsSync(at('user/.cache/ipkit'))).toBe(false)
  })

  test('and used by the next run; what is damaged, or others may write, is made anew', () => {
    mkdirSync(at('user/.cache'))
    start()
    const kept = path.join(at('user/.cache/ipkit/compiled'), readdirSync(at('user/.cache/ipkit/compiled')).find(f => f.startsWith('ipkit-which-'))!)
    const first = statSync(kept)
    start()
    expect(statSync(kept).ino).toBe(first.ino)
    for (const spoil of [() => { writeFileSync(kept, 'no code') }, () => { truncateSync(kept, 1000) }, () => { chmodSync(kept, 0o666) }]) {
      spoil()
      start()
      expect(statSync(kept).mode & 0o777).toBe(0o600)
      expect(statSync(kept).size).toBeGreaterThan(10_000)
    }
  })

  test('and code that is loaded later is found from there as well', () => {
    mkdirSync(at('user/.cache'))
    for (let i = 0; i < 2; i++) start({}, ['-v']) // loads the logger
  })

  test("and not of other words than a command's: they may be secrets", () => {
    mkdirSync(at('user/.cache'))
    start({}, ['--home', 'hunter2'])
    expect(readdirSync(at('user/.cache/ipkit/compiled')).filter(f => f.startsWith('ipkit-')).join()).toMatch(/^ipkit-which-[0-9a-f]{16}-v[\d.]+-\w+$/)
    expect(filesBelow().join()).not.toContain('hunter2')
  })

  test('and not when Node is told so', () => {
    mkdirSync(at('user/.cache'))
    start({ NODE_DISABLE_COMPILE_CACHE: '1' })
    expect(filesBelow()).toEqual([])
  })

  test('and not where there is no such folder', () => {
    start()
    expect(filesBelow()).toEqual([])
  })

  testWith(process.geteuid?.() === 0 ? undefined : 'right to give a folder away (root)')('and not in a folder of somebody else', () => {
    mkdirSync(at('user/.cache'))
    chownSync(at('user/.cache'), 65534, 65534)
    start()
    expect(filesBelow()).toEqual([])
  })
})

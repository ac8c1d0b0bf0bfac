import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { nodeOutlet } from '../../src/adapters/node-outlet.ts'
import type { Restored } from '../../src/domain/recipe/restored.ts'
import { work } from '../sync-world.ts'
import { codeOf } from '../version-world.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'node-outlet-'))
  mkdirSync(path.join(folder, 'mine'))
  writeFileSync(path.join(folder, 'mine/letter'), 'of my own')
})
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

const outlet = nodeOutlet({ blocks: { get: async () => { throw new Error('nothing is read') } }, engine: undefined as never })
const file = (text: string): Restored => ({ kind: 'file', bytes: (async function * () { yield new TextEncoder().encode(text) })(), sizeBytes: text.length, sha256: undefined })
const emptyFolder = (): Restored => ({ kind: 'folder', entries: (async function * () {})(), sizeBytes: 0 })
const write = async (restored: Restored, to: string, options: { into?: boolean, overwrite?: boolean } = {}): Promise<string> =>
  path.relative(folder, (await outlet.write(restored, { path: path.join(folder, to), into: false, overwrite: false, umask: 0o22, ...options }, 'new', work)).file)
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8')

describe('where there is a folder', () => {
  test('a file goes into it, also where it may replace what is there', async () => {
    expect(await write(file('one'), 'mine')).toBe('mine/new')
    expect(await codeOf(write(file('two'), 'mine'))).toBe('FILE_EXISTS')
    expect(await write(file('two'), 'mine', { overwrite: true })).toBe('mine/new')
    expect([read('mine/new'), read('mine/letter')]).toEqual(['two', 'of my own'])
  })

  test('a folder goes into it, and replaces it only where it may', async () => {
    expect(await write(emptyFolder(), 'mine')).toBe('mine/new')
    expect(read('mine/letter')).toBe('of my own')
    expect(await codeOf(write(emptyFolder(), 'mine', { overwrite: true, into: true }))).toBe('FILE_EXISTS') // the name is the publisher's
    expect(existsSync(path.join(folder, 'mine/letter'))).toBe(true)
    expect(await write(emptyFolder(), 'mine', { overwrite: true })).toBe('mine')
    expect(readdirSync(path.join(folder, 'mine'))).toEqual([])
  })
})

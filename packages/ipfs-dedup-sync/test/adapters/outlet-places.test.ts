import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { nodeOutlet } from '../../src/adapters/node-outlet.ts'
import type { Restored } from '../../src/domain/recipe/restored.ts'
import { work } from '../sync-world.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'outlet-'))
  await mkdir(path.join(home, 'keys'))
  await writeFile(path.join(home, 'keys', 'id'), 'mine')
  await writeFile(path.join(home, 'notes'), 'mine')
})
afterEach(async () => { await rm(home, { recursive: true }) })

const outlet = nodeOutlet({ blocks: { get: async () => { throw new Error('no blocks here') } }, engine: undefined as never })
const one = async function * <T>(...items: T[]): AsyncGenerator<T> { yield * items }
const file: Restored = { kind: 'file', sizeBytes: 6, sha256: undefined, bytes: one(Buffer.from('theirs')) }
const folder: Restored = { kind: 'folder', sizeBytes: 0, entries: one() }
const write = async (restored: Restored, at: string, overwrite: boolean, name: string): Promise<string> =>
  await outlet.write(restored, { path: path.join(home, at), into: at.endsWith('/'), overwrite, umask: 0o22 }, name, work).then(({ file }) => path.relative(home, file), (e: unknown) => (e as { code: string }).code)

test.each<[string, Restored, string, boolean, string, string]>([
  ['a folder under the name that a publisher chose', folder, './', true, 'keys', 'FILE_EXISTS'],
  ['a file under the name that a publisher chose, unasked', file, './', false, 'notes', 'FILE_EXISTS'],
  ['a file in a folder that is named, unasked', file, '.', false, 'notes', 'FILE_EXISTS'],
  ['a folder that is named, unasked', folder, 'keys', false, 'id', 'FILE_EXISTS'],
  ['anything, unasked', file, 'notes', false, 'x', 'FILE_EXISTS'],
])('does not replace %s', async (_what, restored, at, overwrite, name, code) => {
  expect(await write(restored, at, overwrite, name)).toBe(code)
  expect([await readFile(path.join(home, 'keys', 'id'), 'utf8'), await readFile(path.join(home, 'notes'), 'utf8'), (await readdir(home)).length]).toEqual(['mine', 'mine', 2])
})

test('replaces what is named, when asked to', async () => {
  expect(await write(file, 'notes', true, 'x')).toBe('notes')
  expect(await readFile(path.join(home, 'notes'), 'utf8')).toBe('theirs')
  expect(await write(folder, 'keys', true, 'x')).toBe('keys')
  expect(await readdir(path.join(home, 'keys'))).toEqual([])
})

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { makeFolders } from '../../src/storage/make-folders.ts'

let dir: string
beforeEach(async () => { dir = await mkdtemp(path.join(os.tmpdir(), 'make-folders-')) })
afterEach(async () => { await rm(dir, { recursive: true }) })

test('makes what is missing, with the mode, also when two do at once, and leaves alone what is there', async () => {
  const deep = path.join(dir, 'a/b/c')
  await Promise.all([makeFolders(deep, 0o700), makeFolders(deep, 0o700)])
  expect([(await stat(deep)).mode & 0o777, (await stat(path.dirname(deep))).mode & 0o777]).toEqual([0o700, 0o700])
  await makeFolders(deep, 0o755)
  expect((await stat(deep)).mode & 0o777).toBe(0o700)
})

test('fails below a file, and where a file system takes no folders', async () => {
  await writeFile(path.join(dir, 'file'), '')
  await expect(makeFolders(path.join(dir, 'file/a'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' })
  if (process.platform === 'linux') await expect(makeFolders('/proc/ipkit/a', 0o700)).rejects.toMatchObject({ code: 'ENOENT' })
})

import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'atomic-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

test.each(['open', 'rename'] as const)('when %s fails, the old content stays and no temp file is left', async step => {
  const file = path.join(dir, 'state.json')
  await fs.writeFile(file, 'old')
  const failing: StorageFs = { ...fs, [step]: async () => { throw Object.assign(new Error('disk full'), { code: 'ENOSPC' }) } }
  await expect(atomicWrite(file, Buffer.from('new'), 0o600, failing)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await fs.readFile(file, 'utf8')).toBe('old')
  expect(await fs.readdir(dir)).toEqual(['state.json'])
})

test('replaces the content and keeps it private', async () => {
  const file = path.join(dir, 'key')
  await atomicWrite(file, Buffer.from('a')); await atomicWrite(file, Buffer.from('b'))
  expect(await fs.readFile(file, 'utf8')).toBe('b')
  if (process.platform !== 'win32') expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
})

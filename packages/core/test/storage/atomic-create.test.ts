import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { atomicCreate } from '@ipkit/core/storage/atomic-create'
import { faultyFs } from '@ipkit/testkit/faulty-fs'

let dir: string
let file: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'create-')); file = path.join(dir, 'f') })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })
const bytes = Buffer.from('all of it')

test('of twenty that try at once one makes it, and nothing else is left', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, async (_, i) => await atomicCreate(file, Buffer.from(String(i)), `.f.${i}`)))
  expect(made.filter(Boolean).length).toBe(1)
  expect(await fs.readFile(file, 'utf8')).toBe(String(made.indexOf(true)))
  expect(await fs.readdir(dir)).toEqual(['f'])
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
})

test.each(['kill', 'torn', 'full', 'fail'] as const)('%s at every step leaves all of it or no file of that name', async kind => {
  const dry = faultyFs()
  await atomicCreate(file, bytes, '.f.tmp', dry)
  expect(dry.steps).toEqual(['open wx .f.tmp', 'append .f.tmp 9', 'sync .f.tmp', 'link f', 'unlink .f.tmp', `sync ${path.basename(dir)}`])
  for (let at = 0; at < dry.steps.length; at++) {
    await fs.rm(file, { force: true })
    await fs.rm(path.join(dir, '.f.tmp'), { force: true })
    const made = await atomicCreate(file, bytes, '.f.tmp', faultyFs({ at, kind })).catch(() => undefined)
    const left = await fs.readFile(file, 'utf8').catch(() => undefined)
    expect(left === undefined || left === 'all of it').toBe(true)
    if (made === true) expect(left).toBe('all of it')
    if (kind === 'full') expect(await fs.readdir(dir)).toEqual(left === undefined ? [] : ['f'])
  }
})

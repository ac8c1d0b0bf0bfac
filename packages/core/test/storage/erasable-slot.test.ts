import { readdirSync, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createSlot, destroySlot, MAX_SLOT_BYTES, readSlot } from '@ipkit/core/storage/erasable-slot'
import { faultyFs } from '@ipkit/testkit/faulty-fs'

let dir: string
let file: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'slot-')); file = path.join(dir, 'slot') })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const secret = (): Uint8Array => new TextEncoder().encode('a secret of 23 bytes..!')
const fixtures = path.join(import.meta.dirname, 'damaged/erasable-slot')
const text = async (): Promise<string | undefined> => { const s = await readSlot(file); return s === undefined ? undefined : Buffer.from(s).toString() }
const left = async (): Promise<Buffer> => await fs.readFile(file).catch(() => Buffer.alloc(0))

test.each(readdirSync(fixtures))('damaged state %s', async name => {
  const [note, ...hex] = readFileSync(path.join(fixtures, name), 'utf8').trim().split('\n')
  await fs.writeFile(file, Buffer.from(hex.join(''), 'hex'))
  const seen = await text().catch((e: unknown) => (e as { code: string }).code)
  expect(seen).toBe({ secret: 'a secret of 23 bytes..!', nothing: undefined }[note!.slice(2)] ?? (note === '# nothing' ? undefined : note!.slice(2)))
  await destroySlot(file)
  expect(await fs.readdir(dir)).toEqual([])
})

test('the bytes are those of the format, and only the owner may read them', async () => {
  await createSlot(file, secret())
  expect((await left()).toString('hex')).toBe(readFileSync(path.join(fixtures, 'whole.hex'), 'utf8').split('\n').slice(1).join(''))
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
  await expect(createSlot(file, secret())).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await text()).toBe('a secret of 23 bytes..!')
})

test('the greatest slot comes back; nothing and more than that are bugs of the caller', async () => {
  await createSlot(file, new Uint8Array(MAX_SLOT_BYTES).fill(3))
  expect((await readSlot(file))!.length).toBe(MAX_SLOT_BYTES)
  await expect(createSlot(path.join(dir, 'x'), new Uint8Array(0))).rejects.toThrow(RangeError)
  await expect(createSlot(path.join(dir, 'x'), new Uint8Array(MAX_SLOT_BYTES + 1))).rejects.toThrow(RangeError)
})

test('it is written in place and destroyed in the order overwrite, sync, unlink, folder sync', async () => {
  const seen = faultyFs()
  await createSlot(file, secret(), seen)
  await destroySlot(file, seen)
  const folder = path.basename(dir)
  expect(seen.steps).toEqual([
    'open wx slot', 'append slot 43', 'sync slot', `sync ${folder}`,
    'open r+ slot', 'overwrite slot 43', 'datasync slot', 'unlink slot', `sync ${folder}`,
  ])
  await destroySlot(file, seen) // again: nothing to do
})

test.each(['full', 'fail', 'kill', 'torn'] as const)('%s at any step of writing: all of the secret is there or none of it can be read', async kind => {
  for (let at = 0; at < 4; at++) {
    const result = await createSlot(file, secret(), faultyFs({ at, kind })).then(() => 'made', (e: unknown) => (e as { code: string }).code)
    expect(result).toBe({ full: 'DISK_FULL', fail: 'EIO', kill: 'KILLED', torn: 'KILLED' }[kind])
    expect([undefined, 'a secret of 23 bytes..!']).toContain(await text())
    await destroySlot(file) // what start-up does with a slot that belongs to nothing
    expect(await fs.readdir(dir)).toEqual([])
  }
})

test.each(['fail', 'full'] as const)('%s while a slot is written leaves nothing of it', async kind => {
  for (let at = 0; at < 4; at++) {
    await expect(createSlot(file, secret(), faultyFs({ at, kind }))).rejects.toMatchObject({ code: kind === 'fail' ? 'EIO' : 'DISK_FULL' })
    expect(await fs.readdir(dir)).toEqual([])
  }
})

test.each(['fail', 'kill', 'torn'] as const)('%s at any step of destroying: it can be destroyed again, and once overwritten it cannot be read', async kind => {
  for (let at = 0; at < 5; at++) {
    await createSlot(file, secret())
    await expect(destroySlot(file, faultyFs({ at, kind }))).rejects.toMatchObject({ code: kind === 'fail' ? 'EIO' : 'KILLED' })
    if (at >= 2 || (at === 1 && kind === 'torn')) expect(await text()).toBeUndefined()
    await destroySlot(file)
    expect(await fs.readdir(dir)).toEqual([])
  }
})

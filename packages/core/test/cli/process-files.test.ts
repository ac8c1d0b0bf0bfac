import { execFileSync, spawn } from 'node:child_process'
import * as nodeFs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { processFiles, type WriteFs } from '@ipkit/core/cli/process-files'
import { tempName } from '@ipkit/core/cli/temp-files'
import { SYNC_EVERY_BYTES } from '@ipkit/core/storage/long-file'

let dir: string
beforeEach(async () => { dir = await nodeFs.mkdtemp(path.join(tmpdir(), 'ipkit-files-')) })
afterEach(async () => { await nodeFs.rm(dir, { recursive: true, force: true }) })

const withCode = (code: string): Error => expect.objectContaining({ code }) as unknown as Error
const ls = async (): Promise<string[]> => (await nodeFs.readdir(dir)).sort()

test('a file appears only when it is whole', async () => {
  const file = await processFiles(dir).createWhole('out.txt', { mode: 0o600 })
  await file.write(new TextEncoder().encode('half'))
  expect((await ls()).includes('out.txt')).toBe(false)
  await file.write(new TextEncoder().encode(' and half'))
  await file.commit()
  expect(await ls()).toEqual(['out.txt'])
  expect(await nodeFs.readFile(path.join(dir, 'out.txt'), 'utf8')).toBe('half and half')
  expect((await nodeFs.stat(path.join(dir, 'out.txt'))).mode & 0o777).toBe(0o600)
})

test('what is not committed leaves nothing', async () => {
  { await using file = await processFiles(dir).createWhole('out.txt'); await file.write(new Uint8Array(10)) }
  expect(await ls()).toEqual([])
})

test('a file that exists is kept unless overwriting was asked for, also when it came meanwhile', async () => {
  const files = processFiles(dir)
  const late = await files.createWhole('out.txt')
  await nodeFs.writeFile(path.join(dir, 'out.txt'), 'mine')
  await expect(files.createWhole('out.txt')).rejects.toThrow(withCode('FILE_EXISTS'))
  await expect(late.commit()).rejects.toThrow(withCode('FILE_EXISTS'))
  expect(await nodeFs.readFile(path.join(dir, 'out.txt'), 'utf8')).toBe('mine')
  const over = await files.createWhole('out.txt', { overwrite: true })
  await over.write(new TextEncoder().encode('new'))
  await over.commit()
  expect(await nodeFs.readFile(path.join(dir, 'out.txt'), 'utf8')).toBe('new')
  expect(await ls()).toEqual(['out.txt'])
})

test.each(['open', 'write', 'sync', 'link', 'folder'] as const)('a full disk at %s gives one clear error and leaves nothing', async step => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  const fs: WriteFs = {
    ...nodeFs,
    open: async (file, flags, mode) => {
      if (step === 'open' || (step === 'folder' && flags === 'r')) throw full
      const handle = await nodeFs.open(file, flags, mode)
      if (step === 'write') handle.write = async () => { throw full }
      if (step === 'sync') handle.datasync = async () => { throw full }
      return handle
    },
    link: async (from, to) => { if (step === 'link') throw full; await nodeFs.link(from, to) },
  }
  const attempt = async (): Promise<void> => {
    await using file = await processFiles(dir, fs).createWhole('out.txt')
    await file.write(new Uint8Array(10))
    await file.commit()
  }
  await expect(attempt()).rejects.toThrow(withCode('DISK_FULL'))
  expect(await ls()).toEqual(step === 'folder' ? ['out.txt'] : []) // after the rename the file is whole, only maybe not durable
})

test('a sync that fails while a long file is written leaves no file, though the last one would succeed', async () => {
  let syncs = 0
  const fs: WriteFs = {
    ...nodeFs,
    open: async (file, flags, mode) => {
      const handle = await nodeFs.open(file, flags, mode)
      handle.datasync = async () => { if (++syncs === 1) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) }
      return handle
    },
  }
  const attempt = async (): Promise<void> => {
    await using file = await processFiles(dir, fs).createWhole('out.txt')
    await file.write(new Uint8Array(SYNC_EVERY_BYTES))
    await file.commit()
  }
  await expect(attempt()).rejects.toThrow(withCode('EIO'))
  expect([syncs, await ls()]).toEqual([1, []])
})

test('where the file system has no links, rename places the file', async () => {
  const fs: WriteFs = { ...nodeFs, link: async () => { throw Object.assign(new Error('EPERM'), { code: 'EPERM' }) } }
  const file = await processFiles(dir, fs).createWhole('out.txt')
  await file.commit()
  expect(await ls()).toEqual(['out.txt'])
})

test('reading says what is wrong with the file', async () => {
  const files = processFiles(dir)
  await nodeFs.mkdir(path.join(dir, 'folder'))
  execFileSync('mkfifo', [path.join(dir, 'pipe')])
  await nodeFs.writeFile(path.join(dir, 'text'), 'text')
  await expect(files.openRead('missing')).rejects.toThrow(withCode('FILE_NOT_FOUND'))
  await expect(files.openRead('folder')).rejects.toThrow(withCode('FILE_IS_DIRECTORY'))
  await expect(files.openRead('pipe')).rejects.toThrow(withCode('FILE_NOT_REGULAR'))
  await expect(files.openRead('text/more')).rejects.toThrow(withCode('FILE_NOT_FOUND'))
  await expect(files.createWhole('no/folder')).rejects.toThrow(withCode('FILE_NOT_WRITABLE'))
  await expect(files.createWhole('folder', { overwrite: true })).rejects.toThrow(withCode('FILE_IS_DIRECTORY'))
  await expect(files.readText('text', 3)).rejects.toThrow(withCode('FILE_TOO_LARGE'))
  await nodeFs.writeFile(path.join(dir, 'binary'), Buffer.of(0xff, 0xfe))
  await expect(files.readText('binary', 10)).rejects.toThrow(withCode('FILE_NOT_TEXT'))
  expect(await files.readText('text', 4)).toBe('text')
})

test('a file of several chunks is read whole, each chunk its own memory', async () => {
  const content = Buffer.alloc(2_500_000, 1).fill(2, 1 << 20, 2 << 20)
  await nodeFs.writeFile(path.join(dir, 'big'), content)
  await using opened = await processFiles(dir).openRead('big')
  const chunks: Uint8Array[] = []
  for await (const chunk of opened.source) chunks.push(chunk)
  expect(opened).toMatchObject({ name: 'big', sizeBytes: 2_500_000 })
  expect(Buffer.concat(chunks).equals(content)).toBe(true)
})

test('what a killed process left beside an output file does not stay there', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const mine = path.basename(tempName(path.join(dir, 'a\nb')))
  const theirs = mine.replace(`-${process.pid}-`, `-${other.pid!}-`)
  const elsewhere = mine.replace(/\.[0-9a-f]{8}-\d+-/, `.00000000-${other.pid!}-`)
  const foreign = ['.out.txt.part', '.a.12345678-1.part', 'out.part', '.x.a2ac70cb9b36.part']
  for (const name of [theirs, elsewhere, mine, ...foreign]) await nodeFs.writeFile(path.join(dir, name), 'secret')
  const make = async (): Promise<void> => { await using _file = await processFiles(dir).createWhole('out.txt') }
  await make()
  expect(await ls()).toEqual([theirs, elsewhere, mine, ...foreign].sort()) // it runs: it is writing
  other.kill('SIGKILL')
  await new Promise(resolve => { other.once('close', resolve) })
  await make()
  expect(await ls()).toEqual([elsewhere, mine, ...foreign].sort())
})

test('a name of 255 bytes in a script of three bytes a letter', async () => {
  const name = '\u6f22'.repeat(85)
  const file = await processFiles(dir).createWhole(name)
  await file.commit()
  expect(await ls()).toEqual([name])
})

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { takeFolderLock, withFolderLock } from '@ipkit/core/storage/folder-lock'
import { systemClock } from '@ipkit/core/time/clock'

const runTs = path.join(import.meta.dirname, '../../../../tools/run-ts.mjs')
let dir: string
let folder: string
const children: Array<ChildProcessByStdio<null, Readable, null>> = []
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'folder-lock-'))
  folder = path.join(dir, 'lock')
})
afterEach(async () => {
  await Promise.all(children.splice(0).map(async child => { if (child.exitCode === null && child.signalCode === null) { child.kill('SIGKILL'); await once(child, 'close') } }))
  await fs.rm(dir, { recursive: true })
})

const options = (signal = new AbortController().signal): { signal: AbortSignal, clock: typeof systemClock } => ({ signal, clock: systemClock })

/** Another process that goes for the lock. @returns its lines, as they come */
function holder (): { readonly child: ChildProcessByStdio<null, Readable, null>, readonly line: () => Promise<string> } {
  const child = spawn(process.execPath, [runTs, path.join(import.meta.dirname, 'lock-holder.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, line: async () => (await lines.next()).value as string }
}

test('of many in one process one has the lock at a time, and a second attempt does not drop it towards other processes', async () => {
  let inside = 0
  let most = 0
  let waited = 0
  await Promise.all(Array.from({ length: 8 }, async () => {
    await withFolderLock(folder, { ...options(), onWait: () => { waited++ } }, async () => {
      most = Math.max(most, ++inside)
      await systemClock.sleep(2)
      inside--
    })
  }))
  expect(most).toBe(1)
  expect(waited).toBe(7)

  await withFolderLock(folder, options(), async () => {
    expect(await takeFolderLock(folder)).toBeUndefined() // must leave ours as it is
    const other = holder()
    expect(await other.line()).toBe('waits')
  })
})

test('kill -9 frees it', async () => {
  const other = holder()
  expect(await other.line()).toBe('has it')
  expect(await takeFolderLock(folder)).toBeUndefined()
  other.child.kill('SIGKILL')
  let ran = false
  await withFolderLock(folder, options(), async () => { ran = true })
  expect(ran).toBe(true)
})

test('a failure of the work frees it, and waiting ends with the signal', async () => {
  await expect(withFolderLock(folder, options(), async () => { throw new Error('no') })).rejects.toThrow('no')
  const lock = await takeFolderLock(folder)
  const stop = new AbortController()
  const reason = new Error('enough')
  const waiting = withFolderLock(folder, { ...options(stop.signal), onWait: () => { stop.abort(reason) } }, async () => 'never')
  await expect(waiting).rejects.toBe(reason)
  await lock!.release()
  expect(await withFolderLock(folder, options(), async () => 'done')).toBe('done')
})

test('a folder that a power cut left unreadable is no obstacle', async () => {
  await (await takeFolderLock(folder))!.release()
  await fs.writeFile(path.join(folder, 'CURRENT'), 'MANIFEST-9')
  expect(await withFolderLock(folder, options(), async () => 'done')).toBe('done')
  await fs.writeFile(path.join(folder, 'CURRENT'), 'MANIFEST-000099\n')
  expect(await withFolderLock(folder, options(), async () => 'done')).toBe('done')
})

test('says what is wrong with the place', async () => {
  await expect(takeFolderLock(path.join(dir, 'none', 'lock'))).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(takeFolderLock('/proc/lock')).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|FILE_NOT_WRITABLE/) })
})

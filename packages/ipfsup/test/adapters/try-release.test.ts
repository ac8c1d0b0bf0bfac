import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { fakeKubo } from '@ipkit/testkit/releases/fake-kubo'
import { tryRelease, type Tried } from '../../src/adapters/try-release.ts'
import { parseVersion } from '../../src/domain/version.ts'

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'try-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const options = { path: process.env['PATH']!, signal: new AbortController().signal }
async function tryScript (script: string, version = 'v0.43.0', more: Partial<Parameters<typeof tryRelease>[2]> = {}): Promise<Tried> {
  await fs.writeFile(path.join(dir, 'ipfs'), script, { mode: 0o755 })
  return await tryRelease(dir, parseVersion(version), { ...options, ...more })
}
const left = async (): Promise<string[]> => (await fs.readdir(os.tmpdir())).filter(name => name.startsWith('ipfsup-try-'))

test('tells the version of its repo, where it does', async () => {
  expect(await tryScript(fakeKubo({ version: '0.43.0', repoVersion: 18 }))).toEqual({ repoVersion: 18 })
  expect(await tryScript('#!/bin/sh\n[ $# = 1 ] && echo "ipfs version 0.43.0"\n')).toEqual({ repoVersion: undefined })
})

test('runs in a home and a repo of its own, which are gone afterwards', async () => {
  const before = await left()
  process.env['IPFSUP_TEST_SECRET'] = 'x'
  await tryScript(`#!/bin/sh\nenv > '${dir}/env'\npwd > '${dir}/pwd'\nmkdir -p "$IPFS_PATH" && echo 18 > "$IPFS_PATH/version"\necho 'ipfs version 0.43.0'\n`)
  delete process.env['IPFSUP_TEST_SECRET']
  const env = await fs.readFile(path.join(dir, 'env'), 'utf8')
  const pwd = (await fs.readFile(path.join(dir, 'pwd'), 'utf8')).trim()
  expect(pwd).toContain('ipfsup-try-')
  expect(env).toContain(`HOME=${pwd}\n`)
  expect(env).toContain(`IPFS_PATH=${pwd}/repo\n`)
  expect(env).not.toContain('SECRET')
  expect(await left()).toEqual(before)
})

test.each([
  ['another version', fakeKubo({ version: '0.42.0', repoVersion: 18 }), "it says 'ipfs version 0.42.0'"],
  ['nothing', '#!/bin/sh\n', "it says ''"],
  ['colours', '#!/bin/sh\nprintf "\\033[31mipfs version 0.43.0\\n"\n', 'it says'],
  ['a failure', '#!/bin/sh\necho "cannot start" >&2\nexit 3\n', "'ipfs version' ended with 3"],
  ['a signal', '#!/bin/sh\nkill -SEGV $$\n', "'ipfs version' was ended by SIGSEGV"],
  ['no program', 'garbage\u0000', 'ENOEXEC'],
  ['an interpreter that is not there', '#!/no/such/thing\n', 'ENOENT'],
])('%s is broken', async (_, script, why) => {
  if (_ === 'no program') { // execvp would have a shell read it
    await fs.writeFile(path.join(dir, 'ipfs'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]), { mode: 0o755 })
    await expect(tryRelease(dir, parseVersion('v0.43.0'), options)).rejects.toMatchObject({ code: 'RELEASE_BROKEN', exit: 'refused' })
    return
  }
  await expect(tryScript(script)).rejects.toMatchObject({ code: 'RELEASE_BROKEN', exit: 'refused', message: expect.stringContaining(why) })
})

test('what does not come to an end, nor what it started, is ended', async () => {
  await expect(tryScript(`#!/bin/sh\n(trap '' TERM; exec sleep 1000) > /dev/null 2>&1 & echo $! > '${dir}/pid'\nwait\n`, 'v0.43.0', { limitMs: 2000 })).rejects.toMatchObject({ code: 'RELEASE_BROKEN', message: expect.stringContaining('did not end within 2 s') })
  const pid = (await fs.readFile(path.join(dir, 'pid'), 'utf8')).trim()
  const isOver = async (): Promise<boolean> => /\) [ZX] /.test(await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X '))
  while (!await isOver()) await systemClock.sleep(10)
})

test('^C ends it', async () => {
  const stop = new AbortController()
  const reason = new Error('interrupted')
  setTimeout(() => { stop.abort(reason) }, 100)
  await expect(tryScript('#!/bin/sh\nsleep 1000\n', 'v0.43.0', { signal: stop.signal })).rejects.toBe(reason)
})

test('js-ipfs is asked whether it runs, and not what it is', async () => {
  expect(await tryScript('#!/bin/sh\n[ "$1" = init ] && [ ! -e "$IPFS_PATH" ]\n', 'js-v0.66.1')).toEqual({ repoVersion: undefined })
  await expect(tryScript('#!/bin/sh\nexit 1\n', 'js-v0.66.1')).rejects.toMatchObject({ code: 'RELEASE_BROKEN' })
})

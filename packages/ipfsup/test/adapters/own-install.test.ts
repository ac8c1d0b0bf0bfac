import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { isAppError } from '@ipkit/core/errors/app-error'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { ownInstall, type OwnInstallInput } from '../../src/adapters/own-install.ts'

const never = new AbortController().signal

/** A prefix in which npm has installed an ipfsup 0.1.0. */
class Prefix implements Disposable {
  readonly dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'ipfsup-own-')))
  readonly folder = path.join(this.dir, 'lib/node_modules/ipfsup')
  readonly script = path.join(this.folder, 'bin/ipfsup.js')
  readonly said: string[] = []
  constructor () {
    this.write('lib/node_modules/ipfsup/package.json', '{"name":"ipfsup","version":"0.1.0"}')
    this.write('lib/node_modules/ipfsup/bin/ipfsup.js', '')
  }

  write (name: string, content: string, mode = 0o644): string {
    const file = path.join(this.dir, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
    return file
  }

  /** @param npm a script in place of npm */
  own (npm?: string, more: Partial<OwnInstallInput> = {}): ReturnType<typeof ownInstall> {
    if (npm !== undefined) this.write('fake/npm', `#!/bin/sh\n${npm}\n`, 0o755)
    return ownInstall({ script: this.script, env: { PATH: `${this.dir}/fake:/nonexistent` }, execPath: '/nonexistent/bin/node', log: line => { this.said.push(line) }, ...more })
  }

  [Symbol.dispose] (): void { rmSync(this.dir, { recursive: true, force: true }) }
}

const failure = async (work: Promise<unknown>): Promise<unknown> => await work.then(() => undefined, (e: unknown) => isAppError(e) ? [e.code, e.exit, e.message] : e)

test('where ipfsup lies tells how it came', async () => {
  using prefix = new Prefix()
  expect(await prefix.own().ownInstall()).toEqual({ kind: 'npm-global', prefix: prefix.dir })
  mkdirSync(path.join(prefix.dir, 'bin'))
  const link = path.join(prefix.dir, 'bin/ipfsup')
  symlinkSync(prefix.script, link)
  expect(await prefix.own(undefined, { script: link }).ownInstall()).toEqual({ kind: 'npm-global', prefix: prefix.dir })
  const elsewhere = prefix.write('work/packages/ipfsup/bin/ipfsup.js', '')
  expect(await prefix.own(undefined, { script: elsewhere }).ownInstall()).toEqual({ kind: 'other', folder: `${prefix.dir}/work/packages/ipfsup` })
  // npm link: what npm's folder holds is a link to where somebody works
  rmSync(prefix.folder, { recursive: true })
  symlinkSync(`${prefix.dir}/work/packages/ipfsup`, prefix.folder)
  expect(await prefix.own().ownInstall()).toEqual({ kind: 'other', folder: `${prefix.dir}/work/packages/ipfsup` })
  expect(await failure(prefix.own('exit 0').updateSelf(never))).toEqual(['SELF_NOT_NPM', 'refused', expect.stringContaining(`${prefix.dir}/work/packages/ipfsup`)])
})

test('npm is asked for the latest, where ipfsup lies, from the registry that is set', async () => {
  using prefix = new Prefix()
  const npm = `printf '%s\\n' "$@" > '${prefix.dir}/asked'\necho '{"version":"0.2.0"}' > '${prefix.folder}/package.json'`
  expect(await prefix.own(npm).updateSelf(never)).toBe('0.2.0')
  expect(readFileSync(path.join(prefix.dir, 'asked'), 'utf8')).toBe(`install\n--global\n--prefix\n${prefix.dir}\n--no-fund\n--no-audit\nipfsup@latest\n`)
  await prefix.own(npm, { npmRegistry: 'http://127.0.0.1:1' }).updateSelf(never)
  expect(readFileSync(path.join(prefix.dir, 'asked'), 'utf8')).toContain('\n--registry\nhttp://127.0.0.1:1\nipfsup@latest\n')
})

test('npm that is missing, that fails, that is interrupted', async () => {
  using prefix = new Prefix()
  expect(await failure(prefix.own().updateSelf(never))).toEqual(['NPM_MISSING', 'failed', 'there is no npm beside node, nor in PATH'])
  const talk = 'npm warn old lockfile\nnpm error code EACCES\nnpm error syscall rename\nnpm error Error: EACCES: permission denied\nnpm error A complete log of this run can be found in: x'
  expect(await failure(prefix.own(`echo '${talk}' >&2; exit 243`).updateSelf(never))).toEqual(['NPM_FAILED', 'failed', 'npm install ended with 243, EACCES: Error: EACCES: permission denied'])
  expect(await failure(prefix.own('exit 1').updateSelf(never))).toEqual(['NPM_FAILED', 'failed', 'npm install ended with 1'])
  expect(prefix.said).toContain('npm warn old lockfile') // for -v
  const stop = new AbortController()
  const stopped = failure(prefix.own('exec sleep 60', { env: { PATH: `${prefix.dir}/fake:${process.env['PATH'] ?? ''}` } }).updateSelf(stop.signal))
  const reason = new Error('stop')
  stop.abort(reason)
  expect(await stopped).toBe(reason)
})

testWithProgram('npm', 'tar')('the real npm takes it from a registry on this machine', async () => {
  using prefix = new Prefix()
  prefix.write('pack/package/package.json', '{"name":"ipfsup","version":"9.9.9","bin":{"ipfsup":"bin/ipfsup.js"}}')
  prefix.write('pack/package/bin/ipfsup.js', '#!/usr/bin/env node\n', 0o755)
  execFileSync('tar', ['-czf', 'ipfsup.tgz', 'package'], { cwd: path.join(prefix.dir, 'pack') })
  const tarball = readFileSync(path.join(prefix.dir, 'pack/ipfsup.tgz'))
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host!}`
    const dist = { tarball: `${origin}/ipfsup/-/ipfsup-9.9.9.tgz`, integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}` }
    response.end(request.url === '/ipfsup' ? JSON.stringify({ name: 'ipfsup', 'dist-tags': { latest: '9.9.9' }, versions: { '9.9.9': { name: 'ipfsup', version: '9.9.9', bin: { ipfsup: 'bin/ipfsup.js' }, dist } } }) : tarball)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const env = { PATH: process.env['PATH'] ?? '', HOME: prefix.dir, NO_UPDATE_NOTIFIER: '1', npm_config_update_notifier: 'false', npm_config_cache: path.join(prefix.dir, 'cache') }
    const npmRegistry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await prefix.own(undefined, { env, execPath: process.execPath, npmRegistry }).updateSelf(never)).toBe('9.9.9')
    expect(existsSync(path.join(prefix.dir, 'bin/ipfsup'))).toBe(true)
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { findNpm } from '../../src/adapters/npm-program.ts'
import { npmRelease } from '../../src/adapters/npm-release.ts'
import { JS_SEMVERS, readNpmLock } from '../../src/domain/js-release.ts'
import { parseVersion } from '../../src/domain/version.ts'

const DATA = path.resolve(import.meta.dirname, '../../data')
const version = parseVersion('js-v0.66.1')
const never = new AbortController().signal
let dir: string
let folder: string
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-'))
  folder = path.join(dir, 'release')
  mkdirSync(folder)
})
afterEach(() => { rmSync(dir, { recursive: true }) })

/** An npm that notes how it was called, installs a js-ipfs that prints what it was given, and then runs `more`. */
function fakeNpm (more = '', script = false): string {
  const npm = path.join(dir, 'npm')
  const body = `
    const { mkdirSync, writeFileSync, readFileSync } = require('node:fs')
    writeFileSync(${JSON.stringify(path.join(dir, 'called.json'))}, JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), registry: process.env.npm_config_registry, files: require('node:fs').readdirSync('.') }))
    const make = (file, text) => { mkdirSync(require('node:path').dirname(file), { recursive: true }); writeFileSync(file, text) }
    make('node_modules/ipfs/src/cli.js', 'console.log(JSON.stringify({ args: process.argv.slice(2), path: process.env.IPFS_PATH, root: process.env.IPFSUP_ROOT, quiet: process.env.NO_UPDATE_NOTIFIER }))')
    for (const name of ['cli.js.map', 'index.d.ts', 'index.ts', 'README.md', 'LICENSE']) make('node_modules/ipfs/' + name, 'x')
    make('node_modules/.package-lock.json', '{}')
    ${more}`
  if (script) {
    writeFileSync(path.join(dir, 'npm-cli.js'), body)
    chmodSync(path.join(dir, 'npm-cli.js'), 0o755)
    symlinkSync('npm-cli.js', npm)
  } else {
    writeFileSync(npm, `#!${process.execPath}\n${body}`)
    chmodSync(npm, 0o755)
  }
  return npm
}
const called = (): { args: string[], cwd: string, registry?: string, files: string[] } => JSON.parse(readFileSync(path.join(dir, 'called.json'), 'utf8')) as ReturnType<typeof called>
const lines: string[] = []
beforeEach(() => { lines.length = 0 })
const fill = async (npm: string | undefined, more: { registry?: string, signal?: AbortSignal, onProgress?: (n: number, of: number) => void, env?: Record<string, string>, node?: string } = {}): Promise<unknown> =>
  await npmRelease({ npm, node: more.node ?? process.execPath, env: more.env ?? { PATH: process.env['PATH'] ?? '' }, registry: more.registry, dataFolder: DATA, log: line => { lines.push(line) } })
    .fill(version, folder, more.signal ?? never, more.onProgress ?? (() => {}))
const run = (program: string, args: string[], env: Record<string, string>): { path: string, root: string, quiet: string, args: string[] } =>
  JSON.parse(execFileSync(program, args, { env: { PATH: process.env['PATH'] ?? '', ...env }, encoding: 'utf8' })) as ReturnType<typeof run>

test('npm installs by the lock file, and what is left is what js-ipfs needs', async () => {
  expect(await fill(fakeNpm())).toEqual({ origin: 'ipfs', sha512: expect.stringMatching(/^423c92d00c6ae113[0-9a-f]{112}$/) })
  expect(called().args[0]).toBe('ci')
  expect(called().args).toEqual(expect.arrayContaining(['--ignore-scripts', '--omit=dev', '--omit=optional', '--no-bin-links', '--no-audit']))
  expect(called().args.some(arg => arg.startsWith('--registry'))).toBe(false)
  expect([called().cwd, called().files]).toEqual([folder, ['package-lock.json', 'package.json']])
  for (const name of called().files) expect(readFileSync(path.join(folder, name)).equals(readFileSync(path.join(DATA, 'js-0.66.1', name)))).toBe(true)
  expect(readdirSync(folder).sort()).toEqual(['ipfs', 'node_modules', 'package-lock.json', 'package.json'])
  expect(readdirSync(path.join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' }).sort()).toEqual(['ipfs', 'ipfs/LICENSE', 'ipfs/README.md', 'ipfs/src', 'ipfs/src/cli.js'])
  expect(statSync(path.join(folder, 'ipfs')).mode & 0o777).toBe(0o755)
})

test("npm's own registry holds until another is named", async () => {
  await fill(fakeNpm(), { registry: 'https://npm.example.org/', env: { PATH: process.env['PATH'] ?? '', npm_config_registry: 'https://own.example.org/' } })
  expect(called().args).toContain('--registry=https://npm.example.org/')
  expect(called().registry).toBe('https://own.example.org/')
})

test('npm that is a script runs with our node, whatever PATH has', async () => {
  await fill(fakeNpm('', true), { env: { PATH: '/nonexistent' } })
  expect(called().args[0]).toBe('ci')
})

test('packages are counted as they come, and each line goes to the log', async () => {
  const seen: Array<[number, number]> = []
  await fill(fakeNpm("process.stderr.write('npm http fetch GET 200 https://npm.example.org/a/-/a-1.tgz 5ms (cache miss)\\nnpm http fetch GET 200 https://npm.example.org/b\\nnpm warn x\\nnpm http fetch GET 200 https://npm.example.org/b/-/b-1.tgz 5ms')"), { onProgress: (n, of) => { seen.push([n, of]) } })
  expect(seen).toEqual([[1, 793], [2, 793]])
  expect(lines).toContain('npm warn x')
})

describe('the launcher', () => {
  let program: string
  beforeEach(async () => {
    await fill(fakeNpm())
    const moved = path.join(dir, "a place with ' and blanks")
    renameSync(folder, moved)
    program = path.join(moved, 'ipfs')
  })

  test.each<[string, Record<string, string>, string]>([
    ['IPFS_PATH', { IPFS_PATH: '/x y', HOME: '/home/ann' }, '/x y'],
    ['the home', { HOME: '/home/ann' }, '/home/ann/.ipfs'],
    ['the home, where IPFS_PATH is empty', { HOME: '/home/ann', IPFS_PATH: '' }, '/home/ann/.ipfs'],
    ['what the shim has said', { HOME: '/home/ann', IPFS_PATH: '/x/js-repo', IPFSUP_ROOT: '/x' }, '/x'],
    ['IPFS_PATH that is called like ours', { IPFS_PATH: '/js-repo', HOME: '/home/ann' }, '/js-repo'],
    ['IPFS_PATH where somebody else has left a root', { IPFS_PATH: '/y', IPFSUP_ROOT: '/x' }, '/y'],
  ])('takes the repo from %s', (_what, env, root) => {
    expect(run(program, ['cat', '', 'a b\nc', '-x'], env)).toEqual({ args: ['cat', '', 'a b\nc', '-x'], root, path: `${root}/js-repo`, quiet: '1' })
  })

  test('says what is missing where there is neither', () => {
    const { status, stderr } = spawnSync(program, [], { env: { PATH: process.env['PATH'] ?? '' }, encoding: 'utf8' })
    expect([status, stderr]).toEqual([1, 'ipfs: neither IPFS_PATH nor HOME is set\n'])
  })

  test('is found through a link and by its bare name', () => {
    symlinkSync(program, path.join(dir, 'jsipfs'))
    expect(run(path.join(dir, 'jsipfs'), ['id'], { HOME: '/h' })).toMatchObject({ args: ['id'] })
    expect(JSON.parse(execFileSync('sh', ['ipfs', 'id'], { cwd: path.dirname(program), env: { PATH: process.env['PATH'] ?? '', HOME: '/h' }, encoding: 'utf8' }))).toMatchObject({ args: ['id'] })
  })
})

test('where the node is gone that ipfsup ran with, the one in PATH is taken', async () => {
  await fill(fakeNpm(), { node: path.join(dir, "no node's here") })
  expect(run(path.join(folder, 'ipfs'), ['id'], { HOME: '/h', PATH: `${path.dirname(process.execPath)}:/bin:/usr/bin` })).toMatchObject({ args: ['id'] })
})

describe('an install that fails', () => {
  const says = (text: string, exit = 1): string => `process.stderr.write(${JSON.stringify(text)}); process.exitCode = ${exit}`
  test.each<[string, string, object]>([
    ['has the last words of npm', says('npm warn old\nnpm error code E404\nnpm error 404 Not Found - GET https://npm.example.org/ipfs\nnpm error A complete log of this run can be found in: /home/kim/x.log\n'), { code: 'NPM_FAILED', exit: 'failed', message: 'npm ci ended with 1, E404: 404 Not Found - GET https://npm.example.org/ipfs' }],
    ['in the words of an older npm too', says('npm ERR! code ERR_SOCKET_TIMEOUT\nnpm ERR! network Socket timeout\n'), { code: 'NPM_FAILED', exit: 'unreachable', message: 'npm ci ended with 1, ERR_SOCKET_TIMEOUT: network Socket timeout' }],
    ['is told apart when nobody answers', says('npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error errno ENOTFOUND\nnpm error network request failed\n'), { code: 'NPM_FAILED', exit: 'unreachable', message: 'npm ci ended with 1, ENOTFOUND: network request failed' }],
    ['is told apart when a package is not the one of the lock file', says('npm error code EINTEGRITY\nnpm error sha512-x integrity checksum failed\n'), { code: 'NPM_FAILED', exit: 'refused' }],
    ['is told apart when the disk is full', says('npm error code ENOSPC\nnpm error nospc no space left\n'), { code: 'DISK_FULL' }],
    ['says nothing of where in npm it was', says('npm error code ECONNREFUSED\nnpm error FetchError: request to http://x/y failed\nnpm error     at ClientRequest.<anonymous> (/usr/lib/index.js:130:14)\nnpm error     at new Promise (<anonymous>)\n'), { code: 'NPM_FAILED', exit: 'unreachable', message: 'npm ci ended with 1, ECONNREFUSED: FetchError: request to http://x/y failed' }],
    ['has nothing to quote', says('', 7), { code: 'NPM_FAILED', message: 'npm ci ended with 7' }],
    ['was killed', "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000)", { code: 'NPM_FAILED', message: 'npm ci ended with SIGKILL' }],
    ['talks without end', `for (let i = 0; i < 1000; i++) process.stderr.write('npm error ' + 'x'.repeat(1000) + '\\n'); process.exitCode = 1`, { code: 'NPM_FAILED', message: expect.stringMatching(/^.{1,600}$/) }],
  ])('%s', async (_what, more, error) => {
    await expect(fill(fakeNpm(more))).rejects.toMatchObject(error)
    expect(existsSync(path.join(folder, 'ipfs'))).toBe(false)
  })

  test('for want of npm', async () => {
    await expect(fill(undefined)).rejects.toMatchObject({ code: 'NPM_MISSING' })
    const npm = fakeNpm()
    writeFileSync(npm, '#!/no/such/interpreter\n')
    await expect(fill(npm)).rejects.toMatchObject({ code: 'NPM_FAILED', message: expect.stringContaining('npm cannot be run') })
  })

  test('because of the signal ends npm and throws its reason', async () => {
    const stop = new AbortController()
    const filling = fill(fakeNpm("process.stderr.write('npm http here\\n'); setInterval(() => {}, 1000)"), { signal: stop.signal })
    while (!lines.includes('npm http here')) await new Promise(resolve => { setTimeout(resolve, 5) })
    stop.abort(new Error('enough'))
    await expect(filling).rejects.toThrow('enough')
    expect(existsSync(path.join(folder, 'ipfs'))).toBe(false)
  })

  test.each(['js-v0.66.0', 'js-v1.0.0', 'go-v0.66.1'])('for want of a lock file of %s', async text => {
    const release = npmRelease({ npm: fakeNpm(), node: process.execPath, env: {}, registry: undefined, dataFolder: DATA, log () {} })
    await expect(release.fill(parseVersion(text), folder, never, () => {})).rejects.toMatchObject({ code: 'VERSION_UNKNOWN', exit: 'notFound' })
    expect(readdirSync(folder)).toEqual([])
  })
})

test('npm is looked for beside node, then in PATH', () => {
  const [a, b, c] = ['a', 'b', 'c'].map(name => path.join(dir, name)) as [string, string, string]
  for (const each of [a, b, c]) mkdirSync(each)
  for (const each of [b, c]) { writeFileSync(path.join(each, 'npm'), ''); chmodSync(path.join(each, 'npm'), 0o755) }
  expect(findNpm(path.join(c, 'node'), { PATH: `${a}:${b}` })).toBe(path.join(c, 'npm'))
  expect(findNpm(path.join(a, 'node'), { PATH: `:relative:${a}:${b}:${c}` })).toBe(path.join(b, 'npm'))
  expect(findNpm(path.join(a, 'node'), { PATH: path.relative(process.cwd(), b) })).toBeUndefined()
  chmodSync(path.join(b, 'npm'), 0o644)
  expect(findNpm(path.join(a, 'node'), { PATH: b })).toBeUndefined()
  expect(findNpm(path.join(a, 'node'), {})).toBeUndefined()
})

describe.each(JS_SEMVERS)('the lock file of %s', semver => {
  const file = path.join(DATA, `js-${semver}`, 'package-lock.json')
  const text = readFileSync(file, 'utf8')
  interface Package { integrity?: string, resolved?: string, link?: boolean, dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string> }
  const { packages } = JSON.parse(text) as { packages: Record<string, Package> }

  test('has a hash of every package, and no address of any', () => {
    expect(Object.entries(packages).filter(([key, { integrity }]) => key !== '' && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')).map(([key]) => key)).toEqual([])
    expect(text).not.toContain('"resolved"')
    expect(text).not.toContain('://')
  })

  test('has nothing in it that npm would fetch from elsewhere than a registry', () => {
    const ranges = Object.values(packages).flatMap(({ dependencies, optionalDependencies, peerDependencies }) => Object.values({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
    expect(ranges.filter(range => /[:/]/.test(range.replace(/^npm:/, '')))).toEqual([])
    expect(Object.values(packages).filter(({ link }) => link === true)).toEqual([])
  })

  test('is that of the package.json beside it', () => {
    const own = JSON.parse(readFileSync(path.join(path.dirname(file), 'package.json'), 'utf8')) as { dependencies: Record<string, string>, overrides: Record<string, string> }
    expect(packages['']).toMatchObject({ dependencies: own.dependencies })
    expect(own.dependencies['ipfs']).toBe(semver)
    for (const [name, wanted] of Object.entries(own.overrides)) expect([name, packages[`node_modules/${name}`] ?? 'not at the top']).toEqual([name, wanted.startsWith('npm:') ? 'not at the top' : expect.objectContaining({ version: wanted })])
    expect(readNpmLock(JSON.parse(text)).packages).toBe(793)
  })
})

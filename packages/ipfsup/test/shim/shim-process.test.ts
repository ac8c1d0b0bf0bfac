import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { SHELLS, ShimWorld } from './shim-world.ts'

const variables = (text: string): Record<string, string> => Object.fromEntries(text.split('\0').filter(line => line !== '').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))

describe.each(SHELLS)('what the release gets, in $name', ({ name, argv: shell }) => {
  const test = testWithProgram(shell[0])
  const start = (world: ShimWorld, args: readonly string[]): ChildProcess =>
    spawn(shell[0], [...shell.slice(1), world.shim, ...args], { cwd: world.dir, env: { PATH: process.env['PATH'] ?? '', HOME: world.dir }, stdio: ['pipe', 'pipe', 'inherit'] })

  test('every argument as it was', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0', '/usr/bin/printf')
    const args = ['', 'two words', 'line\nend', '\n', '*', '~', '$HOME', '`id`', '\\', "'", '"', '--', '-n', '+', '+v0.2.0', 'a\u001bb', 'ünïcode', ' ', '-']
    expect(world.run(['+v0.1.0', '<%s>\\0', ...args], { shell })).toEqual({ exit: 0, stdout: args.map(arg => `<${arg}>\0`).join(''), stderr: '' })
  })

  test('its own process: the pid, the exit code, and signals', async () => {
    using world = new ShimWorld()
    world.default('v0.1.0')
    world.write('pid', '#!/bin/sh\ncase $1 in exit) exit "$2" ;; esac\ntrap \'echo told; exit 7\' TERM\necho $$\nwhile [ -e "$0" ]; do sleep 0.02; done\n', 0o755)
    world.release('go-v0.1.0', path.join(world.dir, 'pid'))
    for (const code of [0, 1, 42, 255]) expect(world.run(['exit', String(code)], { shell }).exit).toBe(code)
    const trapping = start(world, [])
    const said: string[] = []
    trapping.stdout!.on('data', chunk => { said.push(String(chunk)); if (said.length === 1) trapping.kill('SIGTERM') })
    expect([await once(trapping, 'exit'), said.join('')]).toEqual([[7, null], `${trapping.pid!}\ntold\n`])
    const killed = start(world, [])
    killed.stdout!.once('data', () => { killed.kill('SIGKILL') })
    expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL'])
  })

  test('stdin from its first byte to its last', async () => {
    using world = new ShimWorld()
    world.default('v0.1.0')
    world.release('go-v0.1.0', '/bin/cat')
    const bytes = randomBytes(300_000)
    const child = start(world, [])
    const out: Buffer[] = []
    child.stdout!.on('data', (chunk: Buffer) => { out.push(chunk) })
    child.stdin!.end(bytes)
    await once(child, 'close')
    expect(Buffer.concat(out).equals(bytes)).toBe(true)
  })

  test('the environment of the caller, and no file that the caller did not open', () => {
    using world = new ShimWorld()
    const [work, link, file] = [world.folder('work'), path.join(world.dir, 'link'), world.write('rc', 'echo from the rc\n')]
    symlinkSync(work, link)
    world.default('v0.1.0')
    world.release('go-v0.1.0', '/usr/bin/env')
    const env = { CDPATH: `${world.dir}:/`, ENV: file, ...name === 'bash' ? {} : { BASH_ENV: file }, LC_ALL: 'C', TWO: 'two\nlines', IFS: 'v0', version: '1', folder: '2', i: '3', IPFSUP_HOME: '/elsewhere' }
    for (const extra of [{ PWD: link, OLDPWD: '/usr' }, { PWD: work }, {}]) {
      const given = { ...env, ...extra }
      const run = world.run(['-0'], { shell, cwd: work, env: given })
      expect(run).toMatchObject({ exit: 0, stderr: '' })
      const { _: _1, IPFSUP_DEPTH: depth, ...got } = variables(run.stdout)
      const { _: _2, ...bare } = variables(world.run([], { shell: [...shell, world.write('bare', 'exec env -0\n')], cwd: work, env: given }).stdout) // some shells set more than they got
      expect({ depth, ...got }).toEqual({ depth: '1', ...bare })
      expect(got).toMatchObject({ TWO: 'two\nlines', version: '1', CDPATH: env.CDPATH, ...'PWD' in extra ? { PWD: extra.PWD } : {} })
    }
    world.release('go-v0.2.0', '/bin/ls')
    expect(world.run(['+v0.2.0', '/proc/self/fd'], { shell }).stdout).toBe(world.run(['/proc/self/fd'], { shell: ['sh', '-c', 'shift; exec ls "$@"', 'sh'] }).stdout)
  })

  test('a release that calls itself ends after 20 rounds, and IPFSUP_DEPTH is read as a number only', () => {
    using world = new ShimWorld()
    world.default('v0.1.0')
    const release = world.release('go-v0.1.0', world.shim)
    if (name === 'dash') expect(world.run([])).toEqual({ exit: 1, stdout: '', stderr: "ipfs: error: 'ipfs' has called itself 20 times\nipfs: hint: see what is wrong: 'ipfsup doctor'\n" })
    expect(existsSync(release)).toBe(true)
    world.release('go-v0.2.0', '/usr/bin/env')
    for (const [depth, next] of [['0', '1'], ['9', '10'], ['19', '20'], ['', '1'], ['a[$(touch bad)]', '1'], ['-1', '1'], ['1+1', '1'], ['x', '1'], [' 1', '1'], ['0x3', '1'], ['1\n2', '1'], ['PATH', '1']]) {
      expect([depth, variables(world.run(['+v0.2.0', '-0'], { shell, env: { IPFSUP_DEPTH: depth! } }).stdout)['IPFSUP_DEPTH']]).toEqual([depth, next])
    }
    for (const depth of ['20', '21', '99999999999999999999', '007']) expect([depth, world.run(['+v0.2.0'], { shell, env: { IPFSUP_DEPTH: depth } }).exit]).toEqual([depth, 1])
    expect(existsSync(path.join(world.dir, 'bad'))).toBe(false)
  })

  test('a js release has a repo of its own, and what it calls has the first one again', () => {
    using world = new ShimWorld()
    const repo = path.join(world.dir, 'my repo')
    for (const at of [world.repo, repo]) {
      world.release('js-v0.66.1', '/usr/bin/env', at)
      world.release('go-v0.1.0', '/usr/bin/env', at)
    }
    const paths = (version: string, env: Readonly<Record<string, string>>): unknown[] => {
      const got = variables(world.run([`+${version}`, '-0'], { shell, env }).stdout)
      return [got['IPFS_PATH'], got['IPFSUP_ROOT']]
    }
    expect(paths('js-0.66.1', {})).toEqual([`${world.repo}/js-repo`, world.repo])
    expect(paths('js-0.66.1', { IPFS_PATH: repo })).toEqual([`${repo}/js-repo`, repo])
    const within = { IPFS_PATH: `${repo}/js-repo`, IPFSUP_ROOT: repo }
    expect(paths('js-0.66.1', within)).toEqual([`${repo}/js-repo`, repo])
    expect(paths('v0.1.0', within)).toEqual([repo, undefined])
    expect(paths('v0.1.0', {})).toEqual([undefined, undefined])
    expect(paths('v0.1.0', { IPFS_PATH: repo, IPFSUP_ROOT: '/elsewhere' })).toEqual([repo, '/elsewhere'])
  })

  testWithProgram('strace', shell[0])(`${name}: one exec on the fast path, and no process`, () => {
    using world = new ShimWorld()
    const work = world.folder('a/b/c')
    world.write('a/.ipfs-version', '# this one\nlatest\n')
    world.write('.ipfsup/aliases/go-latest', 'go-v0.1.0\n')
    world.release('go-v0.1.0', '/bin/true')
    const log = path.join(world.dir, 'log')
    expect(world.run(['id'], { shell: ['strace', '-f', '-qq', '-e', 'trace=execve,execveat,fork,vfork,clone,clone3', '-e', 'signal=none', '-o', log, ...shell], cwd: work })).toEqual({ exit: 0, stdout: '', stderr: '' })
    const calls = readFileSync(log, 'utf8').trim().split('\n').filter(line => !line.includes('ENOENT')) // strace looks for the shell in the PATH
    expect(calls.map(line => /(\w+)\("?([^",]*)/.exec(line)?.[1])).toEqual(['execve', 'execve'])
    expect(calls[1]).toContain('releases/go-v0.1.0/linux-amd64/ipfs')
  })
})

testWithProgram('bash')('functions and options that bash hands on change no word of the shim', () => {
  using world = new ShimWorld()
  world.default('v0.1.0')
  world.release('go-v0.1.0')
  const names = ['cd', 'command', 'printf', 'read', 'true', 'shim_run', 'shim_read', 'shim_fail']
  const env = Object.fromEntries(names.map(name => [`BASH_FUNC_${name}%%`, '() { echo bad; }']))
  const right = { exit: 0, stdout: 'go-v0.1.0 <id>\n', stderr: '' }
  expect(world.run(['id'], { shell: ['bash', '--posix'], env })).toEqual(right)
  expect(world.run(['+!'], { shell: ['bash', '--posix'], env })).toMatchObject({ exit: 2, stdout: '' })
  expect(world.run(['id'], { shell: ['bash'], env: { ...env, 'BASH_FUNC_[%%': '() { echo bad; }' } })).toEqual(right)
  expect(world.run(['id'], { shell: ['bash', '--posix'], env: { SHELLOPTS: 'errexit:nounset:noclobber' } })).toEqual(right)
})

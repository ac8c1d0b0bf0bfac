import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { shimScript } from '../../src/domain/shim-script.ts'
import { SHELLS, ShimWorld } from './shim-world.ts'

/** Stands for ipfsup: notes how it was called, takes what it can of stdin, and prints what a test wrote into `answer`. */
const asked = (world: ShimWorld): string => readFileSync(path.join(world.dir, 'asked'), 'utf8')
function withIpfsup (world: ShimWorld, answer: string): void {
  world.setIpfsup(`printf '%s\\n' "$@" "home=$IPFSUP_HOME" "path=\${IPFS_PATH-unset}" > '${world.dir}/asked'\ncat > /dev/null\n${answer}\n`)
}

describe.each(SHELLS)('what is not installed, in $name', ({ argv: shell }) => {
  const test = testWithProgram(shell[0])

  test('is asked of ipfsup, and what that names is run; stdin is kept for it', () => {
    using world = new ShimWorld()
    const cat = world.write('else where/cat', '#!/bin/sh\nprintf \'<%s>\' "$@"\ncat\n', 0o755)
    withIpfsup(world, `echo '${cat}'`)
    expect(world.run(['+v0.9.0', 'add', '-'], { shell, input: 'bytes' })).toEqual({ exit: 0, stdout: '<add><->bytes', stderr: '' })
    expect(asked(world)).toBe(`which\n--install\n--from\narg\ngo-v0.9.0\nhome=${world.home}\npath=unset\n`)
  })

  test('with whoever asked for it', () => {
    using world = new ShimWorld()
    withIpfsup(world, 'echo /bin/true')
    const work = world.folder('a folder\nof two lines')
    const question = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
      expect(world.run(args, { shell, cwd: work, env })).toEqual({ exit: 0, stdout: '', stderr: '' })
      return asked(world).split('\nhome=')[0]!.replace('which\n--install\n--from\n', '')
    }
    world.default('go-v0.9.0')
    expect(question([])).toBe('default\ngo-v0.9.0')
    const pin = world.write('a folder\nof two lines/.ipfs-version', 'js-latest')
    expect(question([])).toBe(`pin\n--pin-file\n${pin}\njs-latest`)
    world.write(`.ipfsup/overrides${work}/version`, 'go-v0.8.0')
    expect(question([])).toBe('default\ngo-v0.8.0')
    expect(question([], { IPFSUP_VERSION: 'latest' })).toBe('env\ngo-latest')
    world.write('.ipfsup/aliases/go-latest', 'go-v0.9.0') // named, and uninstalled since
    expect(question(['+latest'])).toBe('arg\ngo-latest')
  })

  test('with the repo that was meant, and a js release gets its own', () => {
    using world = new ShimWorld()
    const print = world.write('print', '#!/bin/sh\necho "$IPFS_PATH $IPFSUP_ROOT"\n', 0o755)
    withIpfsup(world, `echo '${print}'`)
    const repo = path.join(world.dir, 'repo')
    expect(world.run(['+js-0.66.1'], { shell, env: { IPFS_PATH: `${repo}/js-repo`, IPFSUP_ROOT: repo } }).stdout).toBe(`${repo}/js-repo ${repo}\n`)
    expect(asked(world)).toContain(`\njs-v0.66.1\nhome=${world.home}\npath=${repo}\n`)
  })

  test('fails as ipfsup fails', () => {
    using world = new ShimWorld()
    for (const exit of [1, 2, 4, 5, 8, 70, 130]) {
      withIpfsup(world, `echo why >&2\nexit ${exit}`)
      expect(world.run(['+v0.9.0'], { shell })).toEqual({ exit, stdout: '', stderr: 'why\n' })
    }
    for (const answer of ['', 'echo', 'echo ipfs', 'echo ./ipfs']) {
      withIpfsup(world, answer)
      expect(world.run(['+v0.9.0'], { shell })).toEqual({ exit: 1, stdout: '', stderr: "ipfs: error: ipfsup did not say what to run as go-v0.9.0\nipfs: hint: see what is wrong: 'ipfsup doctor'\n" })
    }
  })

  test('without HOME and IPFS_PATH ipfsup finds out where releases are', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.default('go-v0.1.0')
    withIpfsup(world, 'echo /bin/true')
    expect(world.run(['id'], { shell, env: { HOME: '' } })).toEqual({ exit: 0, stdout: '', stderr: '' })
    expect(asked(world)).toContain('default\ngo-v0.1.0\n')
  })

  test('an ipfsup that has moved is looked for in the PATH; one that is gone is said', () => {
    using world = new ShimWorld()
    writeFileSync(world.shim, shimScript({ home: world.home, architecture: 'linux-amd64', node: path.join(world.dir, 'no-node'), script: world.ipfsup }))
    world.write('bin/ipfsup', '#!/bin/sh\necho /bin/true\n', 0o755)
    const PATH = process.env['PATH'] ?? ''
    expect(world.run(['+v0.9.0'], { shell, env: { PATH: `${world.dir}/bin:${PATH}` } })).toEqual({ exit: 0, stdout: '', stderr: '' })
    rmSync(path.join(world.dir, 'bin/ipfsup'))
    const gone = { exit: 1, stdout: '', stderr: "ipfs: error: ipfsup, which this needs, is no longer where it was\nipfs: hint: install it again: 'npm install --global ipfsup', then 'ipfsup init'\n" }
    expect(world.run(['+v0.9.0'], { shell })).toEqual(gone)
    expect(world.run(['update'], { shell })).toEqual(gone)
  })

  test('where nothing says a version, it says how to get one', () => {
    using world = new ShimWorld()
    expect(world.run(['id'], { shell })).toEqual({ exit: 4, stdout: '', stderr: "ipfs: error: no version of IPFS has been chosen\nipfs: hint: install the latest: 'ipfsup update'\n" })
  })

  test("'ipfs update' is ipfsup's, but for what is Kubo's own", () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.write('.ipfs-version', '!') // it must be possible to get out of this
    withIpfsup(world, 'exit 3')
    for (const args of [['update'], ['update', 'latest'], ['update', 'js-latest', '--transport=https'], ['update', '--help'], ['update', ''], ['update', 'checks']]) {
      expect(world.run(args, { shell })).toEqual({ exit: 3, stdout: '', stderr: '' })
      expect(asked(world)).toBe(`${args.join('\n')}\nhome=${world.home}\npath=unset\n`)
    }
    world.write('.ipfs-version', 'v0.1.0')
    for (const word of ['check', 'versions', 'install', 'revert', 'clean']) expect(world.run(['update', word, 'x'], { shell }).stdout).toBe(`go-v0.1.0 <update> <${word}> <x>\n`)
    for (const args of [['pin', 'update'], ['updates'], ['--debug', 'update']]) expect(world.run(args, { shell }).stdout).toBe(`go-v0.1.0 ${args.map(arg => `<${arg}>`).join(' ')}\n`)
    expect(world.run(['+v0.1.0', 'update'], { shell }).exit).toBe(3)
  })

  testWithProgram('script', shell[0])(`${shell[0]}: a notice is told once, and on a terminal only`, () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.default('v0.1.0')
    const notice = world.write('.ipfsup/notice', 'ipfsup: ipfs is go-v0.1.0 now \\n %s\n')
    expect(world.run(['id'], { shell })).toEqual({ exit: 0, stdout: 'go-v0.1.0 <id>\n', stderr: '' })
    const onTerminal = (): string => spawnSync('script', ['-qec', [...shell, world.shim, 'id'].join(' '), '/dev/null'], { cwd: world.dir, env: { PATH: process.env['PATH'] ?? '', HOME: world.dir }, encoding: 'utf8' }).stdout
    expect(onTerminal()).toBe('ipfsup: ipfs is go-v0.1.0 now \\n %s\r\ngo-v0.1.0 <id>\r\n')
    expect(readFileSync(notice, 'utf8')).toBe('')
    expect(onTerminal()).toBe('go-v0.1.0 <id>\r\n')
    expect(existsSync(notice)).toBe(true)
  })
})

import { chmodSync, chownSync, existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from '@jest/globals'
import { testWith, testWithProgram } from '@ipkit/testkit/test-with-program'
import { SHELLS, ShimWorld } from './shim-world.ts'

const HINT = "ipfs: hint: versions are written v0.43.0, js-v0.66.1, latest or js-latest: at most 64 letters, digits, '.', '+' and '-'\n"
const NOBODY = 65_534
const notRoot = process.geteuid?.() === 0 ? undefined : 'root'

/** What strangers may write, and how the error shows it. */
const HOSTILE: ReadonlyArray<readonly [string, string]> = [
  ['$(touch bad)', "'??touch bad?'"],
  ['`touch bad`', "'?touch bad?'"],
  ['v0.1.0;touch bad', "'v0.1.0?touch bad'"],
  ['v0.1.0 v0.2.0', "'v0.1.0 v0.2.0'"],
  ['..', "'..'"],
  ['v0..1', "'v0..1'"],
  ['../../../bin/sh', "'../../../bin/sh'"],
  ['/bin/sh', "'/bin/sh'"],
  ['a/b', "'a/b'"],
  ['-e', "'-e'"],
  ['-', "'-'"],
  ['+v0.1.0', "'+v0.1.0'"],
  ['.hidden', "'.hidden'"],
  ['*', "'?'"],
  ['v0.[0-9].0', "'v0.?0-9?.0'"],
  ['v0.?.0', "'v0.?.0'"],
  ['~', "'~'"],
  ['~root', "'~root'"],
  ['\\v0.1.0', "'?v0.1.0'"],
  ["v0.1.0'", "'v0.1.0?'"],
  ['"v0.1.0"', "'?v0.1.0?'"],
  ['${HOME}', "'??HOME?'"],
  ['%s%n', "'?s?n'"],
  ['v0.1.0\u001b]0;title\u0007', "'v0.1.0??0?title?'"],
  ['v0.1.0\rv0.2.0', "'v0.1.0?v0.2.0'"],
  ['v0.1.0\u202e', undefined as unknown as string], // a byte or a character is one `?`, as the shell counts
  ['v\u0660.\u0661', undefined as unknown as string], // digits of another script
  ['a'.repeat(65), '65 characters'],
  [`v${'9'.repeat(5000)}`, '5001 characters'],
]

describe.each(SHELLS)('a version that is none, in $name', ({ argv: shell }) => {
  const test = testWithProgram(shell[0])

  test('is exit 2 and says where it stands, from each source, and nothing of it is run', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.default('go-v0.1.0')
    const work = world.folder('work')
    for (const [says, shown] of HOSTILE) {
      const refused = (place: string): unknown => ({ exit: 2, stdout: '', stderr: shown === undefined ? expect.stringMatching(/^ipfs: error: [ -~]* says 'v[ -~]*', which is not a version\n[ -~]*\n$/) as unknown : `ipfs: error: ${place} says ${shown}, which is not a version\n${HINT}` })
      expect([says, world.run([`+${says}`], { shell, cwd: work })]).toEqual([says, refused('the first argument')])
      expect([says, world.run([], { shell, cwd: work, env: { IPFSUP_VERSION: says } })]).toEqual([says, refused('IPFSUP_VERSION')])
      const pin = world.write('work/.ipfs-version', `${says}\n`)
      expect([says, world.run([], { shell, cwd: work })]).toEqual([says, refused(pin)])
      const override = world.write(`.ipfsup/overrides${work}/version`, says)
      expect([says, world.run([], { shell, cwd: work })]).toEqual([says, refused(override)])
      world.write(`.ipfsup/overrides${work}/version`, 'go-latest')
      const alias = world.write('.ipfsup/aliases/go-latest', `${says}\n`)
      expect([says, world.run([], { shell, cwd: work })]).toEqual([says, refused(alias)])
      const pointer = world.write('.ipfsup/default', says)
      expect([says, world.run([], { shell })]).toEqual([says, refused(pointer)])
      rmSync(override)
    }
    expect(readdirSync(work)).toEqual(['.ipfs-version'])
    expect(existsSync(path.join(world.dir, 'bad'))).toBe(false)
  })

  test('nothing at all is none either', () => {
    using world = new ShimWorld()
    world.default('go-v0.1.0')
    expect(world.run(['+'], { shell })).toEqual({ exit: 2, stdout: '', stderr: `ipfs: error: the first argument says nothing, which is not a version\n${HINT}` })
    for (const content of ['', '\n\n', '# only\n  # remarks', ' \t\r\n']) {
      const pin = world.write('.ipfs-version', content)
      expect([content, world.run([], { shell })]).toEqual([content, { exit: 2, stdout: '', stderr: `ipfs: error: ${pin} says nothing, which is not a version\n${HINT}` }])
    }
  })

  test('a pin that is huge is refused, of one line, of remarks, of line ends, of blanks, of zeros, and of what a terminal obeys', () => {
    using world = new ShimWorld()
    world.default('go-v0.1.0')
    for (const filler of ['a', '#', '#\n', '\n', ' ', '\r', '\0', '\u001b', 'v0.1.0 ']) {
      world.write('.ipfs-version', filler.repeat(filler === 'a' ? 1_000_000 : 50_000)) // shells take long over many lines
      const run = world.run([], { shell })
      expect([filler, run.exit, run.stdout]).toEqual([filler, 2, ''])
      expect(run.stderr).toMatch(/^ipfs: error: [ -~]*\.ipfs-version says (nothing|\d+ characters), which is not a version\n[ -~]*\n$/)
    }
  })

  test('a zero in a version is none of it: the pin is refused, or means what is left', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.write('.ipfs-version', 'v0\0.1.0\n')
    const { exit, stdout } = world.run([], { shell })
    expect([[0, 'go-v0.1.0\n'], [2, '']]).toContainEqual([exit, stdout])
  })

  test('the folder of a pin cannot speak to the terminal', () => {
    using world = new ShimWorld()
    const folder = world.folder('a\u001b[31m\u009b\u202eb\nc')
    world.write('a\u001b[31m\u009b\u202eb\nc/.ipfs-version', '!')
    const { exit, stderr } = world.run([], { shell, cwd: folder })
    expect(exit).toBe(2)
    expect(stderr).toMatch(/^ipfs: error: [ -~]*\/a\?\?31m\?+b\?c\/\.ipfs-version says '\?', which is not a version\n[ -~]*\n$/)
  })

  testWith(notRoot)(`${shell[0]}: a pin of somebody else is passed over, whoever one is`, () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.release('go-v0.2.0')
    world.default('go-v0.1.0')
    chownSync(world.write('.ipfs-version', 'v0.2.0\n'), NOBODY, NOBODY)
    expect(world.run([], { shell }).stdout).toBe('go-v0.1.0\n')
    const asNobody = (args: readonly string[]): string => world.run(args, { shell: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...shell] }).stdout
    chmodSync(world.dir, 0o755)
    expect(asNobody([])).toBe('go-v0.2.0\n')
    chownSync(path.join(world.dir, '.ipfs-version'), 0, 0)
    expect(asNobody([])).toBe('go-v0.1.0\n')
  })

  testWith(notRoot)(`${shell[0]}: a program of somebody else is not run before ipfsup has looked whose it is; where the shim is not our own either, it is`, () => {
    using world = new ShimWorld()
    const theirs = path.join(world.dir, 'service')
    const program = world.release('go-v0.1.0', undefined, theirs)
    world.default('go-v0.1.0')
    world.setIpfsup('echo "asked: $*" >&2; exit 8\n')
    chownSync(program, NOBODY, NOBODY)
    expect(world.run([], { shell, env: { IPFS_PATH: theirs } })).toEqual({ exit: 8, stdout: '', stderr: 'asked: which --install --from default go-v0.1.0\n' })
    chownSync(world.home, NOBODY, NOBODY) // of an image, or of whoever runs sudo: then so are the shim and the default
    expect(world.run([], { shell, env: { IPFS_PATH: theirs } })).toMatchObject({ exit: 0, stdout: 'go-v0.1.0\n' })
  })
})

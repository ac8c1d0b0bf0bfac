import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { SHELLS, ShimWorld } from './shim-world.ts'

const five = (world: ShimWorld): void => { for (const n of [1, 2, 3, 4, 5]) world.release(`go-v0.${n}.0`) }

describe.each(SHELLS)('which version, in $name', ({ argv: shell }) => {
  const test = testWithProgram(shell[0])

  test('the argument goes before the environment, that before the pin, that before the default', () => {
    using world = new ShimWorld()
    five(world)
    const folder = world.folder('work')
    const said = (args: readonly string[], version?: string): string => world.run(args, { shell, cwd: folder, ...version === undefined ? {} : { env: { IPFSUP_VERSION: version } } }).stdout
    world.default('go-v0.1.0')
    expect(said(['id'])).toBe('go-v0.1.0 <id>\n')
    world.write('work/.ipfs-version', 'v0.2.0\n')
    expect(said(['id'])).toBe('go-v0.2.0 <id>\n')
    expect(said(['id'], '')).toBe('go-v0.2.0 <id>\n')
    expect(said(['id'], 'v0.3.0')).toBe('go-v0.3.0 <id>\n')
    expect(said(['+v0.4.0', 'id'], 'v0.3.0')).toBe('go-v0.4.0 <id>\n')
    expect(said(['id', '+v0.4.0'], 'v0.3.0')).toBe('go-v0.3.0 <id> <+v0.4.0>\n')
    expect(said(['+v0.4.0', '+v0.5.0'])).toBe('go-v0.4.0 <+v0.5.0>\n')
    expect(said(['+v0.4.0'])).toBe('go-v0.4.0\n')
  })

  test('the nearest folder decides, and in it the override goes before the pin', () => {
    using world = new ShimWorld()
    five(world)
    world.default('go-v0.1.0')
    const folder = world.folder('a/b/c')
    const override = (of: string): string => `.ipfsup/overrides${of}/version`
    const said = (): string => world.run([], { shell, cwd: folder }).stdout
    world.write(override('/'), 'go-v0.2.0\n')
    expect(said()).toBe('go-v0.2.0\n')
    world.write('.ipfs-version', 'v0.3.0')
    expect(said()).toBe('go-v0.3.0\n')
    world.write(override(path.join(world.dir, 'a')), 'go-v0.4.0\n')
    expect(said()).toBe('go-v0.4.0\n')
    world.write('a/b/c/.ipfs-version', 'v0.5.0')
    expect(said()).toBe('go-v0.5.0\n')
    world.write(override(folder), 'go-v0.1.0\n')
    expect(said()).toBe('go-v0.1.0\n')
  })

  test('the folder that counts is the physical one', () => {
    using world = new ShimWorld()
    five(world)
    world.default('go-v0.1.0')
    const real = world.folder('real/below')
    world.write('real/.ipfs-version', 'v0.2.0')
    world.write('links/.ipfs-version', 'v0.3.0')
    const link = path.join(world.dir, 'links/to')
    symlinkSync(real, link)
    expect(world.run([], { shell: ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', link, ...shell] }).stdout).toBe('go-v0.2.0\n')
  })

  test('the root folder is a folder too', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.write('.ipfsup/overrides/version', 'v0.1.0')
    expect(world.run([], { shell, cwd: '/' }).stdout).toBe('go-v0.1.0\n')
  })

  test('a folder that is gone has no pin', () => {
    using world = new ShimWorld()
    world.release('go-v0.1.0')
    world.default('go-v0.1.0')
    world.folder('gone')
    const run = world.run(['id'], { shell: ['sh', '-c', 'cd gone && rmdir ../gone && exec "$@"', 'sh', ...shell] })
    expect(run).toMatchObject({ exit: 0, stdout: 'go-v0.1.0 <id>\n' })
  })

  test('names of versions', () => {
    using world = new ShimWorld()
    for (const version of ['go-v0.43.0', 'go-v0.44.0-rc1', 'js-v0.66.1']) world.release(version)
    world.write('.ipfsup/aliases/go-latest', 'go-v0.43.0\n')
    world.write('.ipfsup/aliases/js-latest', 'js-v0.66.1\n')
    for (const [asked, version] of [
      ['v0.43.0', 'go-v0.43.0'], ['0.43.0', 'go-v0.43.0'], ['go-v0.43.0', 'go-v0.43.0'], ['go-0.43.0', 'go-v0.43.0'], ['latest', 'go-v0.43.0'], ['go-latest', 'go-v0.43.0'],
      ['v0.44.0-rc1', 'go-v0.44.0-rc1'], ['go-0.44.0-rc1', 'go-v0.44.0-rc1'], ['js-0.66.1', 'js-v0.66.1'], ['js-v0.66.1', 'js-v0.66.1'], ['js-latest', 'js-v0.66.1'],
    ]) expect([asked, world.run([`+${asked!}`], { shell }).stdout]).toEqual([asked, `${version!}\n`])
  })

  test('a pin has blanks, remarks, empty lines, a Windows line end, or no line end at all', () => {
    using world = new ShimWorld()
    five(world)
    for (const content of ['v0.2.0', 'v0.2.0\n', ' \tv0.2.0 \t\n', 'v0.2.0\r\n', 'v0.2.0 \r\n', '# why\r\n\r\n  # and why\n\n \t \nv0.2.0\nv0.3.0\n', '\n#v0.3.0\nv0.2.0\nand words\n']) {
      world.write('.ipfs-version', content)
      expect([content, world.run([], { shell })]).toEqual([content, { exit: 0, stdout: 'go-v0.2.0\n', stderr: '' }])
    }
  })

  test('a pin that is a link or a folder is passed over', () => {
    using world = new ShimWorld()
    five(world)
    world.default('go-v0.1.0')
    const work = world.folder('work')
    const target = world.write('elsewhere', 'v0.2.0\n')
    const pin = path.join(work, '.ipfs-version')
    symlinkSync(target, pin)
    expect(world.run([], { shell, cwd: work }).stdout).toBe('go-v0.1.0\n')
    world.write('.ipfs-version', 'v0.3.0\n')
    expect(world.run([], { shell, cwd: work }).stdout).toBe('go-v0.3.0\n')
    rmSync(pin)
    mkdirSync(pin)
    expect(world.run([], { shell, cwd: work }).stdout).toBe('go-v0.3.0\n')
  })

  test('IPFS_PATH says where releases are, whatever is in it', () => {
    using world = new ShimWorld()
    world.default('go-v0.1.0')
    for (const name of ["a repo 'of' \"mine\"", '$(touch bad)', '*', 'line\nend', '-x']) {
      const repo = path.join(world.dir, 'repos', name)
      world.release('go-v0.1.0', undefined, repo)
      expect(world.run(['id'], { shell, env: { IPFS_PATH: repo } })).toEqual({ exit: 0, stdout: 'go-v0.1.0 <id>\n', stderr: '' })
    }
    // relative to where one is, also where it looks like a flag
    expect(world.run(['id'], { shell, cwd: path.join(world.dir, 'repos'), env: { IPFS_PATH: '-x' } })).toEqual({ exit: 0, stdout: 'go-v0.1.0 <id>\n', stderr: '' })
    world.release('go-v0.1.0')
    expect(world.run(['id'], { shell, env: { IPFS_PATH: '' } }).stdout).toBe('go-v0.1.0 <id>\n')
  })
})

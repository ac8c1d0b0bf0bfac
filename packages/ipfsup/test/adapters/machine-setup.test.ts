import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { codeOf } from '@ipkit/core/errors/code-of'
import { testWith } from '@ipkit/testkit/test-with-program'
import { machineSetup, type MachineSetupInput } from '../../src/adapters/machine-setup.ts'
import type { Setup } from '../../src/domain/setup.ts'
import { SHIM_MARK } from '../../src/domain/shim-script.ts'

const euid = process.geteuid?.() ?? -1
const notRoot = euid === 0 ? undefined : 'root'

/** A user with a home directory, and `ipfsup init` there. */
class User implements Disposable {
  readonly dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'ipfsup-setup-')))
  readonly home = path.join(this.dir, '.ipfsup')
  readonly shim = path.join(this.home, 'bin/ipfs')
  at (name: string): string { return path.join(this.dir, name) }
  write (name: string, content: string | Uint8Array, mode = 0o644): string {
    mkdirSync(path.dirname(this.at(name)), { recursive: true })
    writeFileSync(this.at(name), content)
    chmodSync(this.at(name), mode)
    return this.at(name)
  }

  setup (env: Readonly<Record<string, string>> = {}, more: Partial<MachineSetupInput> = {}): Setup {
    return machineSetup({
      log: () => {},
      place: { home: this.home, ipfsPath: this.at('.ipfs'), releases: this.at('.ipfs/releases'), jsRepo: this.at('.ipfs/js-repo'), platform: { os: 'linux', arch: 'amd64' } },
      env: { HOME: this.dir, SHELL: '/bin/bash', PATH: '/usr/bin:/bin', ...env },
      host: { platform: 'linux', euid, egid: euid, pid: 1, execPath: process.execPath, userHome: this.dir },
      script: '/usr/lib/node_modules/ipfsup/bin/ipfsup.js',
      ...more,
    })
  }

  /** As `ipfsup init` does. */
  async init (env: Readonly<Record<string, string>> = {}): Promise<void> {
    const setup = this.setup(env)
    const plan = await setup.plan()
    await setup.writeShim()
    await setup.addToPath(plan)
  }

  [Symbol.dispose] (): void { rmSync(this.dir, { recursive: true, force: true }) }
}

const failure = async (work: Promise<unknown>): Promise<string | undefined> => await work.then(() => undefined, codeOf)

describe('the plan', () => {
  test('says what would be done, and does nothing', async () => {
    using user = new User()
    expect(await user.setup().plan()).toEqual({ shim: user.shim, shimState: 'missing', shell: 'bash', shellFile: user.at('.bashrc'), block: expect.stringContaining(`${user.home}/bin`), blockState: 'missing', found: undefined })
    expect([existsSync(user.home), existsSync(user.at('.bashrc'))]).toEqual([false, false])
  })

  test('goes by SHELL, else by the account, and on macOS by the file that bash reads', async () => {
    using user = new User()
    const planned = async (env: Readonly<Record<string, string>>, more?: Partial<MachineSetupInput>): Promise<unknown> => {
      const { shell, shellFile } = await user.setup(env, more).plan()
      return [shell, path.relative(user.dir, shellFile)]
    }
    expect(await planned({ SHELL: '/usr/bin/zsh' })).toEqual(['zsh', '.zshrc'])
    expect(await planned({ SHELL: '/usr/bin/fish' })).toEqual(['fish', '.config/fish/config.fish'])
    expect(await planned({ SHELL: '/bin/dash' })).toEqual(['sh', '.profile'])
    expect(await planned({ SHELL: '' }, { loginShell: () => '/bin/zsh' })).toEqual(['zsh', '.zshrc'])
    expect(await planned({ SHELL: '' }, { loginShell: () => undefined })).toEqual(['sh', '.profile'])
    const mac = { host: { platform: 'darwin', euid, egid: euid, pid: 1, execPath: process.execPath, userHome: user.dir } }
    expect(await planned({}, mac)).toEqual(['bash', '.bash_profile'])
    user.write('.profile', '')
    expect(await planned({}, mac)).toEqual(['bash', '.profile'])
    expect(await failure(user.setup({ HOME: '' }, { host: { ...mac.host, userHome: undefined } }).plan())).toBe('HOME_UNKNOWN')
  })

  test('tells what ipfs is in the PATH', async () => {
    using user = new User()
    await user.setup().writeShim()
    const other = user.write('other/ipfs', '#!/bin/sh\n', 0o755)
    user.write('plain/ipfs', 'no program')
    mkdirSync(user.at('folder/ipfs'), { recursive: true })
    const found = async (...folders: string[]): Promise<unknown> => (await user.setup({ PATH: folders.map(folder => folder === '' ? '' : user.at(folder)).join(':') }).plan()).found
    expect(await found('plain', 'folder', '', 'nowhere')).toBe(undefined)
    expect(await found('plain', 'other', '.ipfsup/bin')).toBe(other)
    expect(await found('.ipfsup/bin', 'other')).toBe(user.shim)
  })
})

describe('the shim', () => {
  test('is made, of one mode whatever the umask; a second time changes nothing', async () => {
    using user = new User()
    const before = process.umask(0o077)
    try {
      await user.setup().writeShim()
    } finally {
      process.umask(before)
    }
    expect([statSync(user.home).mode & 0o777, statSync(user.shim).mode & 0o777]).toEqual([0o700, 0o755])
    const { ino, mtimeMs } = statSync(user.shim)
    expect((await user.setup().plan()).shimState).toBe('current')
    await user.setup().writeShim()
    expect(statSync(user.shim)).toMatchObject({ ino, mtimeMs })
    expect(execFileSync('sh', ['-n', user.shim], { encoding: 'utf8' })).toBe('')
  })

  test('of an older version, of another node, or that cannot be run is written anew', async () => {
    using user = new User()
    await user.setup().writeShim()
    const right = readFileSync(user.shim, 'utf8')
    for (const [content, mode] of [[`#!/bin/sh\n${SHIM_MARK}\nexec something older\n`, 0o755], [right.replace(process.execPath, '/old/node'), 0o755], [right, 0o644], [right, 0o777]] as const) {
      user.write('.ipfsup/bin/ipfs', content, mode)
      expect((await user.setup().plan()).shimState).toBe('outdated')
      await user.setup().writeShim()
      expect([readFileSync(user.shim, 'utf8') === right, statSync(user.shim).mode & 0o777]).toEqual([true, 0o755])
    }
  })

  test('never takes the place of an ipfs of somebody else', async () => {
    using user = new User()
    for (const make of [() => user.write('.ipfsup/bin/ipfs', '#!/bin/sh\necho mine\n', 0o755), () => user.write('.ipfsup/bin/ipfs', ''), () => mkdirSync(user.shim), () => { symlinkSync(user.write('real', `#!/bin/sh\n${SHIM_MARK}\n`), user.shim) }]) {
      mkdirSync(path.dirname(user.shim), { recursive: true, mode: 0o700 })
      chmodSync(user.home, 0o700)
      make()
      const { ino } = lstatSync(user.shim)
      expect((await user.setup().plan()).shimState).toBe('foreign')
      expect(await failure(user.setup().writeShim())).toBe('SHIM_FOREIGN')
      await user.setup().removeHome()
      expect(lstatSync(user.shim).ino).toBe(ino)
      rmSync(user.home, { recursive: true })
    }
  })

  test('is not made where others may write', async () => {
    using user = new User()
    mkdirSync(user.home)
    chmodSync(user.home, 0o777)
    expect(await failure(user.setup().writeShim())).toBe('HOME_TOO_OPEN')
    expect(existsSync(user.shim)).toBe(false)
  })
})

describe("the shell's file", () => {
  test.each([['usual', 'alias l=ls\n'], ['no line end', 'alias l=ls'], ['CR LF', 'a\r\nb\r\n'], ['no UTF-8', Buffer.from([0xff, 0x80, 0x0a, 0xfe])], ['empty', '']])('%s: put in, and back to the byte', async (_name, content) => {
    using user = new User()
    const file = user.write('.bashrc', content, 0o604)
    await user.init()
    expect(readFileSync(file, 'latin1')).toContain('# >>> ipfsup >>>')
    expect((await user.setup().plan()).blockState).toBe('current')
    const { ino } = statSync(file)
    await user.init()
    expect([statSync(file).ino, statSync(file).mode & 0o7777]).toEqual([ino, 0o604])
    expect(await user.setup().removeFromPath()).toEqual([file])
    expect(readFileSync(file).equals(Buffer.from(content))).toBe(true)
    expect(statSync(file).mode & 0o7777).toBe(0o604)
    expect(await user.setup().removeFromPath()).toEqual([])
  })

  test('its mode stays, also where the umask would not give it', async () => {
    using user = new User()
    const file = user.write('.bashrc', 'x\n', 0o664)
    const before = process.umask(0o077)
    try { await user.init() } finally { process.umask(before) }
    expect(statSync(file).mode & 0o7777).toBe(0o664)
  })

  test('one that was missing is made, with its folder, and goes again', async () => {
    using user = new User()
    await user.init({ SHELL: '/usr/bin/fish' })
    const file = user.at('.config/fish/config.fish')
    expect(readFileSync(file, 'utf8')).toMatch(/^# >>> ipfsup >>>\n# The file was made for this block\.\n[^]*# <<< ipfsup <<<\n$/)
    expect((await user.setup({ SHELL: '/usr/bin/fish' }).plan()).blockState).toBe('current')
    expect(await user.setup().removeFromPath()).toEqual([file]) // whatever SHELL is by then
    expect(existsSync(file)).toBe(false)
  })

  test('a link stays a link, and the file behind it is written, also one that is not there yet', async () => {
    using user = new User()
    const real = user.write('dotfiles/bashrc', 'mine\n', 0o600)
    symlinkSync('dotfiles/link', user.at('.bashrc'))
    symlinkSync('bashrc', user.at('dotfiles/link'))
    await user.init()
    expect([readlinkSync(user.at('.bashrc')), statSync(real).mode & 0o777]).toEqual(['dotfiles/link', 0o600])
    expect(readFileSync(real, 'utf8')).toMatch(/^mine\n# >>> ipfsup >>>/)
    expect(await user.setup().removeFromPath()).toEqual([user.at('.bashrc')])
    expect(readFileSync(real, 'utf8')).toBe('mine\n')
    symlinkSync('dotfiles/zshrc', user.at('.zshrc'))
    await user.init({ SHELL: 'zsh' })
    expect([readlinkSync(user.at('.zshrc')), existsSync(user.at('dotfiles/zshrc'))]).toEqual(['dotfiles/zshrc', true])
  })

  test('an older block is written anew, in its place', async () => {
    using user = new User()
    const file = user.write('.bashrc', 'a\n# >>> ipfsup >>>\nexport PATH=/old:$PATH\n# <<< ipfsup <<<\nb\n')
    expect((await user.setup().plan()).blockState).toBe('outdated')
    await user.init()
    expect(readFileSync(file, 'utf8')).toBe(`a\n${(await user.setup().plan()).block}b\n`)
  })

  test('half a block, a folder and a ring of links are left alone', async () => {
    using user = new User()
    const refused = async (): Promise<unknown> => {
      const plan = await user.setup().plan() // the shim can be made all the same
      expect(plan).toMatchObject({ shimState: 'missing', blockState: 'missing' })
      return await failure(user.setup().addToPath(plan))
    }
    const file = user.write('.bashrc', '# >>> ipfsup >>>\n')
    expect(await refused()).toBe('SHELL_BLOCK_DAMAGED')
    expect(readFileSync(file, 'utf8')).toBe('# >>> ipfsup >>>\n')
    rmSync(file)
    mkdirSync(file)
    expect(await refused()).toBe('FILE_NOT_REGULAR')
    rmSync(file, { recursive: true })
    symlinkSync('.bashrc', file)
    expect(await refused()).toBe('FILE_NOT_REGULAR')
    rmSync(file)
    symlinkSync('/dev/null', file)
    expect(await refused()).toBe('FILE_NOT_REGULAR')
    expect(await user.setup().removeFromPath()).toEqual([])
  })

  test('a home that the PATH cannot hold has a shim, and no block', async () => {
    using user = new User()
    const place = { home: user.at('a:b'), ipfsPath: '/', releases: '/', jsRepo: '/', platform: { os: 'linux', arch: 'amd64' } }
    const setup = user.setup({}, { place })
    const plan = await setup.plan()
    await setup.writeShim()
    expect(await failure(setup.addToPath(plan))).toBe('HOME_UNUSABLE')
    expect([existsSync(user.at('a:b/bin/ipfs')), existsSync(user.at('.bashrc'))]).toEqual([true, false])
  })

  testWith(notRoot)('one of another user is left alone', async () => {
    using user = new User()
    chownSync(user.write('.bashrc', 'x\n'), 65_534, 65_534)
    expect(await failure(user.setup().addToPath(await user.setup().plan()))).toBe('FILE_NOT_OURS')
    expect(await user.setup().removeFromPath()).toEqual([])
  })
})

test('self uninstall takes away all of ipfsup and nothing else', async () => {
  using user = new User()
  const bashrc = user.write('.bashrc', 'mine', 0o600)
  await user.init()
  for (const name of ['default', 'history.json', 'latest.json', 'releases.lock.json', 'config.json', 'auto.json', 'notice', 'aliases/go-latest', 'overrides/home/ann/version', '.lock/LOCK', '.default.0123456789ab.tmp', 'bin/.ipfs.0123456789ab.tmp']) user.write(`.ipfsup/${name}`, 'x')
  user.write('.ipfs/releases/go-v0.43.0/linux-amd64/ipfs', 'x')
  const setup = user.setup()
  expect(await setup.removeFromPath()).toEqual([bashrc])
  await setup.removeHome()
  expect([existsSync(user.home), readFileSync(bashrc, 'utf8'), existsSync(user.at('.ipfs/releases/go-v0.43.0/linux-amd64/ipfs'))]).toEqual([false, 'mine', true])
  await setup.removeHome() // twice is no harm
  await user.init()
  const mine = user.write('.ipfsup/bin/mine', 'x')
  await setup.removeHome()
  expect([existsSync(mine), existsSync(user.shim)]).toEqual([true, false])
})

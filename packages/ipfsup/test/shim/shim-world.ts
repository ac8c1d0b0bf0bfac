import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { shimScript } from '../../src/domain/shim-script.ts'

/** Everything that is /bin/sh somewhere, and how it is told to be it. */
export const SHELLS: ReadonlyArray<{ readonly name: string, readonly argv: readonly [string, ...string[]] }> = [
  { name: 'dash', argv: ['dash'] },
  { name: 'bash as sh', argv: ['bash', '--posix'] },
  { name: 'bash', argv: ['bash'] },
  { name: 'busybox', argv: ['busybox', 'sh'] },
  { name: 'zsh as sh', argv: ['zsh', '--emulate', 'sh'] },
  { name: 'mksh', argv: ['mksh'] },
  { name: 'ksh93', argv: ['ksh93'] },
]

/** Run by a package manager, a test finds the workspace's own commands in its PATH. */
const PATH_WITHOUT_US = (process.env['PATH'] ?? '').split(path.delimiter).filter(folder => !existsSync(path.join(folder, 'ipfsup'))).join(path.delimiter)

export interface ShimRun { readonly exit: number | null, readonly stdout: string, readonly stderr: string }

export interface ShimRunOptions {
  /** Which shell reads the shim; without one, the kernel decides by its first line. */
  readonly shell?: readonly [string, ...string[]]
  readonly cwd?: string
  /** In place of all of the environment but PATH. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
}

/** A shim in a folder of its own, and programs that stand for releases: each tells its version, its arguments and what of the environment the shim sets. */
export class ShimWorld implements Disposable {
  /** Physical. */
  readonly dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'ipfsup-shim-')))
  readonly home = path.join(this.dir, '.ipfsup')
  readonly repo = path.join(this.dir, '.ipfs')
  readonly shim = path.join(this.home, 'bin/ipfs')
  /** What stands for ipfsup; not there until a test writes it. */
  readonly ipfsup = path.join(this.dir, 'lib/ipfsup.js')

  constructor () {
    this.write('.ipfsup/bin/ipfs', shimScript({ home: this.home, architecture: 'linux-amd64', node: '/bin/sh', script: this.ipfsup }), 0o755)
  }

  /** @param file below the folder @returns its path */
  write (file: string, content: string | Uint8Array, mode = 0o644): string {
    const full = path.join(this.dir, file)
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, content)
    chmodSync(full, mode)
    return full
  }

  folder (name: string): string {
    const full = path.join(this.dir, name)
    mkdirSync(full, { recursive: true })
    return full
  }

  /** @param program what is run; else a script that tells what it is. @returns its path */
  release (version: string, program?: string, repo = this.repo): string {
    const file = path.join(repo, 'releases', version, 'linux-amd64/ipfs')
    mkdirSync(path.dirname(file), { recursive: true })
    if (program !== undefined) copyFileSync(program, file) // no link: a release is its user's own
    else writeFileSync(file, `#!/bin/sh\nprintf '%s' '${version}'\nfor word in "$@"; do printf ' <%s>' "$word"; done\necho\n`, { mode: 0o755 })
    return file
  }

  default (version: string): void { this.write('.ipfsup/default', `${version}\n`) }

  /** `ipfsup` is this sh script. */
  setIpfsup (script: string): void { this.write('lib/ipfsup.js', script) }

  run (args: readonly string[], { shell, cwd = this.dir, env = {}, input = '' }: ShimRunOptions = {}): ShimRun {
    const [program, ...before] = shell ?? []
    const { status, stdout, stderr, error } = spawnSync(program ?? this.shim, program === undefined ? args : [...before, this.shim, ...args], { cwd, env: { PATH: PATH_WITHOUT_US, HOME: this.dir, ...env }, input, encoding: 'utf8' })
    if (error !== undefined) throw error
    return { exit: status, stdout, stderr }
  }

  [Symbol.dispose] (): void { rmSync(this.dir, { recursive: true, force: true }) }
}

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A command that chooses a version and runs it. Each is set up with the same program behind it, in a folder of its own. */
export interface VersionShim { readonly name: string, readonly argv: readonly string[], readonly env: Readonly<Record<string, string>> }

export interface Behind {
  /** For files; absolute. */
  readonly folder: string
  /** The program that all of them run in the end. */
  readonly program: string
  /** What every run gets: PATH, HOME. */
  readonly env: Readonly<Record<string, string>>
}

/** @returns undefined where this machine has no such program */
function find (name: string): string | undefined {
  try { return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim() } catch { return undefined }
}

function put (program: string, file: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  copyFileSync(program, file)
  chmodSync(file, 0o755)
}

/** rustup's proxy before a toolchain that is linked in; what it proxies is called rustc. */
export function rustupProxy ({ folder, program, env }: Behind): VersionShim | undefined {
  const rustup = find('rustup')
  if (rustup === undefined) return undefined
  const ours = { ...env, RUSTUP_HOME: path.join(folder, 'rustup'), CARGO_HOME: path.join(folder, 'cargo') }
  put(program, path.join(folder, 'toolchain/bin/rustc'))
  mkdirSync(path.join(folder, 'toolchain/lib')) // by which it knows a toolchain
  for (const args of [['toolchain', 'link', 'bench', path.join(folder, 'toolchain')], ['default', 'bench']]) execFileSync(rustup, args, { env: ours, stdio: 'ignore' })
  return { name: "rustup's proxy", argv: [path.join(path.dirname(rustup), 'rustc')], env: ours }
}

/** rbenv's shim, a shell script of its making. */
export function rbenvShim ({ folder, program, env }: Behind): VersionShim | undefined {
  const rbenv = find('rbenv')
  if (rbenv === undefined) return undefined
  const root = path.join(folder, 'rbenv')
  const ours = { ...env, RBENV_ROOT: root }
  put(program, path.join(root, 'versions/1.0.0/bin/ipfs'))
  for (const args of [['rehash'], ['global', '1.0.0']]) execFileSync(rbenv, args, { env: ours, stdio: 'ignore' })
  return { name: "rbenv's shim", argv: [path.join(root, 'shims/ipfs')], env: ours }
}

/** The least that a shim in Node.js can be: it reads which one and runs it. */
export function nodeShim ({ folder, program, env }: Behind): VersionShim {
  const script = path.join(folder, 'node-shim.cjs')
  writeFileSync(path.join(folder, 'node-default'), program)
  writeFileSync(script, `const program = require('node:fs').readFileSync(${JSON.stringify(path.join(folder, 'node-default'))}, 'utf8')
process.exitCode = require('node:child_process').spawnSync(program, process.argv.slice(2), { stdio: 'inherit' }).status\n`)
  return { name: 'a Node shim', argv: [process.execPath, script], env }
}

import { lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import path from 'node:path'
import vm from 'node:vm'

type Env = Readonly<Record<string, string | undefined>>

const OTHER_WRITE = 0o002
const GROUP_WRITE = 0o020

/**
 * Lets V8 keep compiled code between runs, where Node can (22.1 and later). In the user's own cache folder and not in the
 * temp folder: whoever could write there could hand us code. Left alone when that folder is not ours (sudo), or others may write in it.
 * @returns where code may be kept, on any Node; undefined: nowhere. docs/decisions/0012-compile-cache.md
 */
export function keepCompiledCode (env: Env): string | undefined {
  const base = env['XDG_CACHE_HOME'] ?? (env['HOME'] === undefined ? undefined : path.join(env['HOME'], process.platform === 'darwin' ? 'Library/Caches' : '.cache'))
  if (base === undefined || !path.isAbsolute(base) || env['NODE_DISABLE_COMPILE_CACHE'] === '1') return undefined
  try {
    const stat = lstatSync(base)
    if (!stat.isDirectory() || stat.uid !== process.geteuid?.() || (stat.mode & OTHER_WRITE) !== 0) return undefined
    if ((stat.mode & GROUP_WRITE) !== 0 && stat.gid !== process.getegid?.()) return undefined
    const folder = path.join(base, 'ipkit', 'compiled')
    const enable = (nodeModule as { enableCompileCache?: (dir: string) => unknown }).enableCompileCache
    enable?.(folder)
    return folder
  } catch {
    return undefined // no cache folder: not worth making one
  }
}

export interface KeptFile {
  /** Absolute path of a file in ASCII that holds one expression: a CommonJS module as a function, wrapped by the build. */
  readonly file: string
  /** Says which file and what is run of it; the content's hash is part of it, since V8 itself compares only the length. */
  readonly name: string
  readonly hash: string
}

/** What a module finds around itself. In kept code `import()` does not work (node 20 loses whose it was), so it is handed in. */
export interface Surroundings { readonly require: NodeJS.Require, readonly __import: (specifier: string) => Promise<unknown> }

/**
 * Runs a CommonJS file, with the compiled code that an earlier run with the same `name` left behind. Node's own cache (22.1 and later) is
 * on for everything that is loaded after that; for this file it saves nothing that can be measured.
 */
export function runKept ({ file, name, hash }: KeptFile, env: Env, { require, __import }: Surroundings): void {
  const folder = keepCompiledCode(env)
  const at = folder === undefined ? undefined : path.join(folder, `${name}-${hash}-${process.version}-${process.arch}`)
  const cachedData = at === undefined ? undefined : readOurs(at)
  const script = new vm.Script(readFileSync(file, 'latin1'), { filename: file, ...cachedData === undefined ? {} : { cachedData } })
  const module = { exports: {} }
  ;(script.runInThisContext() as (...args: unknown[]) => void)(module.exports, require, module, file, path.dirname(file), __import)
  // At the end, so that what the command needed is in it.
  if (at !== undefined && (cachedData === undefined || script.cachedDataRejected === true)) process.once('exit', code => { if (code === 0) keep(script, at, name) })
}

function readOurs (file: string): Buffer | undefined {
  try {
    const { uid, mode } = lstatSync(file)
    return uid === process.geteuid?.() && (mode & 0o170022) === 0o100000 ? readFileSync(file) : undefined // a regular file that others cannot write
  } catch {
    return undefined
  }
}

function keep (script: vm.Script, at: string, name: string): void {
  const folder = path.dirname(at)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const temp = `${at}.${process.pid}`
    writeFileSync(temp, script.createCachedData(), { mode: 0o600, flag: 'wx' })
    renameSync(temp, at)
    const old = readdirSync(folder).filter(other => other.startsWith(`${name}-`) && /^[0-9a-f]{16}-v/u.test(other.slice(name.length + 1)) && other !== path.basename(at))
    for (const other of old) rmSync(path.join(folder, other), { force: true }) // of an earlier version of the tool or of Node
  } catch { /* a full disk or a race: the next run tries again */ }
}

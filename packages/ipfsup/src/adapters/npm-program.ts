/** Npm: where it is, and how it is run. */
import { spawn } from 'node:child_process'
import { accessSync, constants, realpathSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import type { ExitName } from '@ipkit/core/errors/exit-codes'

type Environment = Readonly<Record<string, string | undefined>>

/** Beside the node that runs, else in PATH. @param execPath `process.execPath` @returns absolute path */
export function findNpm (execPath: string, env: Environment): string | undefined {
  const folders = [path.dirname(execPath), ...(env['PATH'] ?? '').split(path.delimiter).filter(folder => path.isAbsolute(folder))]
  return folders.map(folder => path.join(folder, 'npm')).find(file => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export interface NpmProgram {
  /** Of findNpm. */
  readonly npm: string | undefined
  /** Absolute path; runs npm where that is a script of it, so that PATH need not have one. */
  readonly node: string
  readonly env: Environment
}

/** Of npm's output, in the error. */
const SHOWN_LINES = 3
const SHOWN_CHARACTERS = 500
const UNREACHABLE: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_SOCKET_TIMEOUT', 'FETCH_ERROR'])

/**
 * Runs npm without a terminal. @param onLine of its output, stdout and stderr alike
 * @throws AppError NPM_MISSING; NPM_FAILED with the last lines that it said (exit unreachable, refused where a hash is wrong, else failed); DISK_FULL; the signal's reason, when it has ended
 */
export async function runNpm ({ npm, node, env }: NpmProgram, args: readonly string[], cwd: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
  if (npm === undefined) throw new AppError('NPM_MISSING', 'there is no npm beside node, nor in PATH', { hints: ["install npm: it comes with node (nodejs.org), or as the package 'npm'"] })
  signal.throwIfAborted()
  const script = realpathSync(npm)
  const [command, before] = script.endsWith('.js') ? [node, [script]] : [npm, []]
  const child = spawn(command, [...before, ...args], { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const stop = (): void => { child.kill('SIGTERM') }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, killedBy) => { resolve(code ?? killedBy) })
    })
    const hear = (line: string): void => {
      onLine(line)
      if (/^npm (?:ERR!|error)/.test(line) && said.push(line) > 50) said.shift()
    }
    ended.catch(() => {}) // is waited for below
    await Promise.all([child.stdout, child.stderr].map(async stream => { await readLines(stream.setEncoding('utf8') as AsyncIterable<string>, hear) }))
    const end = await ended
    signal.throwIfAborted()
    if (end !== 0) throw failure(args[0] ?? '', end, said)
  } catch (e) {
    signal.throwIfAborted()
    if (codeOf(e)?.startsWith('E') === true) throw new AppError('NPM_FAILED', `npm cannot be run: ${messageOf(e)}`, { cause: e })
    throw e
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function readLines (source: AsyncIterable<string>, onLine: (line: string) => void): Promise<void> {
  let rest = ''
  for await (const text of source) {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop()!.slice(-SHOWN_CHARACTERS)
    for (const line of lines) onLine(line)
  }
  if (rest !== '') onLine(rest)
}

function failure (verb: string, end: number | string | null, said: readonly string[]): AppError {
  const lines = said.map(line => line.replace(/^npm (?:ERR!|error) ?/, '').trim()).filter(line => line !== '' && !line.startsWith('A complete log of this run'))
  const code = lines.map(line => /^(?:code|errno) (\w+)$/.exec(line)?.[1]).find(found => found !== undefined)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('DISK_FULL', 'no space left on the disk while npm installed', { hints: ['free some space, then run the command again'] })
  const exit: ExitName = code === 'EINTEGRITY' ? 'refused' : code !== undefined && UNREACHABLE.has(code) ? 'unreachable' : 'failed'
  const last = lines.filter(line => !/^(?:(?:code|errno|syscall) |at \S)/.test(line)).slice(0, SHOWN_LINES).join('; ').slice(0, SHOWN_CHARACTERS)
  return new AppError('NPM_FAILED', `npm ${verb} ended with ${end ?? 'nothing'}${code === undefined ? '' : `, ${code}`}${last === '' ? '' : `: ${last}`}`, {
    exit, hints: exit === 'unreachable' ? ["check the connection, or npm's registry and proxy: 'npm config list'", 'IPFSUP_NPM_REGISTRY=<URL> names another registry'] : ['run it again with -v to see all that npm says'],
  })
}

import type { Readable } from 'node:stream'
import { AppError, isAppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import { EXIT } from '../errors/exit-codes.ts'
import { fromRemoteError } from '../errors/remote-error.ts'
import type { HostFacts } from '../config/host-facts.ts'
import type { SpawnOutcome } from './connect-or-spawn.ts'

/** All that the node inherits; docs/cli.md lists the same names. NODE_OPTIONS is not among them, so no inspector comes along. */
export const NODE_ENV_ALLOWED: readonly string[] = [
  'HOME', 'USER', 'LOGNAME', 'PATH', 'TMPDIR', 'TZ', 'LANG', 'LC_ALL', 'LC_CTYPE', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR',
  'IPKIT_LISTEN', 'IPKIT_HTTP_LISTEN', 'IPKIT_PASSPHRASE_FILE', 'IPFS_PATH',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS',
]

export interface SpawnNodeInput {
  /** Absolute path of the tool's dist/node-main.js. */
  readonly nodeMain: string
  /** Absolute; exists. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly host: HostFacts
  readonly logTail: () => readonly string[]
  /** Of the identity; handed over by a pipe, never by arguments or environment. */
  readonly passphrase?: string | undefined
}

/** The one line that the node writes to this descriptor before it closes it. */
export const REPORT_FD = 3

/**
 * Starts the node detached, with its own session, in its home, and waits for its one report line. Nothing secret is in its arguments.
 * @throws AppError why the node could not start, in the node's own words; NODE_START_FAILED when it died without one
 */
export async function spawnNode (input: SpawnNodeInput): Promise<SpawnOutcome> {
  const { spawn } = await import('node:child_process')
  const child = spawn(input.host.execPath, [input.nodeMain, '--home', input.home, '--report-fd', String(REPORT_FD), ...(input.passphrase === undefined ? [] : ['--passphrase-stdin'])], {
    cwd: input.home, env: nodeEnv(input.env), detached: true, stdio: [input.passphrase === undefined ? 'ignore' : 'pipe', 'ignore', 'ignore', 'pipe'],
  })
  child.unref()
  child.stdin?.on('error', () => {}).end(`${input.passphrase ?? ''}\n`)
  const failed = (why: string, cause?: unknown): AppError => new AppError('NODE_START_FAILED', `the node could not start: ${why}`, { exit: 'failed', cause, hints: input.logTail() })
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', e => { reject(failed(codeOf(e) ?? String(e), e)) })
    child.once('exit', (code, signal) => { resolve(signal === null ? `it ended with code ${code ?? 0}` : `it was ended by ${signal}`) })
  })
  ended.catch(() => {})
  const report = child.stdio[REPORT_FD] as Readable | null | undefined
  try {
    const line = report == null ? '' : await Promise.race([readLine(report), ended.then(() => new Promise<never>(() => {}))])
    if (line === '') throw failed(await ended)
    return readReport(line)
  } catch (e) {
    if (isAppError(e)) throw e
    throw failed(codeOf(e) ?? String(e), e)
  } finally {
    report?.destroy()
  }
}

/** Runs the node as a child that ends with us, its log on our stderr. @returns its exit code */
export async function runNodeInForeground (input: Omit<SpawnNodeInput, 'logTail' | 'passphrase'>, signal: AbortSignal): Promise<number> {
  const { spawn } = await import('node:child_process')
  const child = spawn(input.host.execPath, [input.nodeMain, '--home', input.home, '--foreground'], { cwd: input.home, env: nodeEnv(input.env), stdio: ['ignore', 'ignore', 'inherit'] })
  const pass = (): void => { child.kill('SIGTERM') }
  signal.addEventListener('abort', pass, { once: true })
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => { resolve(code ?? EXIT.terminated) })
  })
}

/** What malloc of glibc reads at start: memory that one thread gave back is there for the others. docs/decisions/0064-dead-buffers.md */
const MALLOC_ENV = { MALLOC_ARENA_MAX: '2' }

const nodeEnv = (env: SpawnNodeInput['env']): Record<string, string> =>
  ({ ...Object.fromEntries(NODE_ENV_ALLOWED.flatMap(name => env[name] === undefined ? [] : [[name, env[name]]])), ...MALLOC_ENV })

async function readLine (source: Readable): Promise<string> {
  let text = ''
  for await (const chunk of source) {
    text += String(chunk)
    if (text.length > 64 * 1024) break
  }
  return text.split('\n', 1)[0]!
}

function readReport (line: string): SpawnOutcome {
  const report = JSON.parse(line) as { state?: unknown, error?: unknown }
  if (report.error !== undefined) throw fromRemoteError(report.error)
  return report.state === 'ready' ? 'ready' : 'lost'
}

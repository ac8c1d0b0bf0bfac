import { spawn } from 'node:child_process'

const MAX_OUTPUT_BYTES = 256 * 1024
/** After it was asked to end. */
const END_MS = 5_000

export interface QuietRun {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly limitMs: number
  readonly signal?: AbortSignal
}

export interface Ended {
  readonly exit: number | undefined
  /** In words where it did not end by itself: 'was ended by SIGSEGV', 'did not end within 60 s'. */
  readonly cut: string | undefined
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end, without a terminal, in a process group of its own: ^C on ours does not reach it in the middle of its work. When
 * the signal aborts or it takes too long it is asked to end, and its end is waited for. Of its output the end is kept.
 * @throws what the system says when it cannot be started (ENOENT, EACCES, ENOEXEC)
 */
export async function runQuietly (program: string, args: readonly string[], { env, cwd, limitMs, signal }: QuietRun): Promise<Ended> {
  signal?.throwIfAborted()
  const child = spawn(program, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (text: string) => { said[name] = (said[name] + text).slice(-MAX_OUTPUT_BYTES) })
  let cut: string | undefined
  let killTimer: NodeJS.Timeout | undefined
  const toGroup = (kill: NodeJS.Signals): void => { try { process.kill(-child.pid!, kill) } catch { /* it ended just now */ } }
  const end = (why: string): void => {
    cut ??= why
    toGroup('SIGTERM')
    killTimer ??= setTimeout(() => { toGroup('SIGKILL') }, END_MS)
  }
  const onAbort = (): void => { end('was stopped') }
  const limitTimer = setTimeout(() => { end(`did not end within ${limitMs / 1000} s`) }, limitMs)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const [exit, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => { if (cut !== undefined) toGroup('SIGKILL') }) // what it started must not keep our pipes open
      child.once('close', (...how) => { resolve(how) })
    })
    return { exit: exit ?? undefined, cut: cut ?? (by === null ? undefined : `was ended by ${by}`), ...said }
  } finally {
    clearTimeout(limitTimer)
    clearTimeout(killTimer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** The last lines of what a program said, for an error. */
export const lastLines = ({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>, count = 3): string[] =>
  (stderr.trim() === '' ? stdout : stderr).split('\n').map(line => line.trim()).filter(line => line !== '').slice(-count)

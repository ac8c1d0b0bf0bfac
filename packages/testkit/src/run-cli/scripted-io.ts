import { AppError } from '@ipkit/core/errors/app-error'
import { processFiles } from '@ipkit/core/cli/process-files'
import type { FileAccess, InputStream, OutputStream, Prompt } from '@ipkit/core/cli/io'
import type { HostIo } from '@ipkit/core/cli/run-cli'
import type { Clock } from '@ipkit/core/time/clock'
import { ManualClock } from '../manual-clock.ts'

/** What a test says about the outside of a CLI run; everything has a quiet default. */
export interface ScriptedIoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A real folder when the command touches files. */
  readonly cwd?: string
  /** In place of the files of `cwd`. */
  readonly files?: FileAccess
  /** What stdin carries; not a terminal then. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array>
  /** Which of the three are terminals. */
  readonly tty?: { readonly stdin?: boolean, readonly stdout?: boolean, readonly stderr?: boolean }
  readonly columns?: number
  /** What the person types, one for each question; the questions go into the transcript. */
  readonly answers?: readonly string[]
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** The n-th byte of randomness, default 0xab for all. */
  readonly randomByte?: (n: number) => number
  /** stdout is closed by its reader after this many bytes. */
  readonly stdoutClosesAfter?: number
}

export interface ScriptedIo { readonly host: HostIo, stdout(): Uint8Array, stderr(): string }

export function scriptedIo (argv: readonly string[], options: ScriptedIoOptions = {}): ScriptedIo {
  const out: Uint8Array[] = []
  const err: string[] = []
  const answers = [...options.answers ?? []]
  let randomCount = 0
  const stderr = sink(chunk => { err.push(Buffer.from(chunk).toString('utf8')) }, options.tty?.stderr ?? false, options.columns ?? 80, Infinity)
  const host: HostIo = {
    argv,
    env: options.env ?? {},
    cwd: options.cwd ?? '/nonexistent',
    signal: options.signal ?? new AbortController().signal,
    stdin: input(options.stdin ?? '', options.tty?.stdin ?? false),
    stdout: sink(chunk => { out.push(chunk) }, options.tty?.stdout ?? false, options.columns ?? 80, options.stdoutClosesAfter ?? Infinity),
    stderr,
    files: options.files ?? processFiles(options.cwd ?? '/nonexistent'),
    prompt: scriptedPrompt(answers, options, question => { err.push(question) }),
    clock: options.clock ?? new ManualClock(Date.UTC(2026, 0, 15, 12, 0, 0)),
    randomBytes: sizeBytes => Uint8Array.from({ length: sizeBytes }, () => options.randomByte?.(randomCount++) ?? 0xab),
  }
  return { host, stdout: () => Buffer.concat(out), stderr: () => err.join('') }
}

function input (data: string | Uint8Array | AsyncIterable<Uint8Array>, isTTY: boolean): InputStream {
  if (typeof data !== 'string' && Symbol.asyncIterator in data) return { source: data, isTTY }
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
  return { isTTY, source: (async function * () { if (bytes.length > 0) yield bytes })() }
}

function sink (take: (chunk: Uint8Array) => void, isTTY: boolean, columns: number, closesAfter: number): OutputStream {
  let sizeBytes = 0
  return {
    isTTY,
    columns,
    write: async data => {
      if (sizeBytes >= closesAfter) throw new AppError('OUTPUT_CLOSED', 'nobody reads standard output any more', { exit: 'ok' })
      const chunk = typeof data === 'string' ? new TextEncoder().encode(data) : data.slice()
      sizeBytes += chunk.length
      take(chunk)
    },
  }
}

function scriptedPrompt (answers: string[], options: ScriptedIoOptions, show: (text: string) => void): Prompt {
  const next = (question: string): string => {
    const answer = answers.shift()
    if (answer === undefined) throw new AppError('NO_TERMINAL', `there is no terminal to ask '${question}' on`, { exit: 'usage', hints: ['run the command in a terminal'] })
    return answer
  }
  return {
    canAsk: (options.tty?.stdin ?? false) && (options.tty?.stderr ?? false),
    confirm: async (question, fallback) => {
      const answer = next(question)
      show(`${question} ${fallback ? '[Y/n]' : '[y/N]'} ${answer}\n`)
      return answer === '' ? fallback : answer.startsWith('y')
    },
    secret: async question => {
      const answer = next(question)
      show(`${question}: \n`)
      return answer
    },
  }
}

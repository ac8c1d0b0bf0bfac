import { writeSync } from 'node:fs'
import { AppError } from '../errors/app-error.ts'
import { EXIT } from '../errors/exit-codes.ts'
import { codeOf } from '../errors/code-of.ts'
import { fileError } from '../errors/file-error.ts'
import { systemClock } from '../time/clock.ts'
import type { CommandTable } from './command-table.ts'
import type { FileAccess, InputStream, OutputStream } from './io.ts'
import { terminalPrompt } from './prompt.ts'
import { runCli, type HostIo, type OpenNode } from './run-cli.ts'

/**
 * Runs a tool in this very process: real streams, files, terminal and signals. Sets `process.exitCode`; the process then
 * ends when nothing is left to do. Called once, by `bin.ts`.
 */
export async function runProcess (table: CommandTable, openNode: OpenNode): Promise<void> {
  const bug = (what: string): void => { process.stderr.write(`${table.name}: this is a bug in ${table.name}; please report it, with the lines below and what you did\n${what}\n`) }
  process.once('uncaughtException', e => {
    bug(e.stack ?? String(e))
    process.exit(EXIT.bug) // the state of the program is unknown from here on
  })
  // A wait that nothing holds the process for would end it as if all had gone well.
  const endedEarly = (): void => { bug('the process ended before its command did') }
  process.once('beforeExit', endedEarly)
  process.exitCode = EXIT.bug
  const exitCode = await runCli(table, processIo(signalOfProcess()), openNode)
  process.off('beforeExit', endedEarly)
  process.exitCode = exitCode
  process.once('beforeExit', () => { process.exit() }) // everything is written; without it node takes its heap apart first
}

export function processIo (signal: AbortSignal): HostIo {
  const stdin = inputOf(signal)
  const stderr = outputOf(() => process.stderr, 'standard error', 2)
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    signal,
    stdin,
    stdout: outputOf(() => process.stdout, 'standard output', 1),
    stderr,
    files: filesAt(process.cwd()),
    prompt: terminalPrompt({
      signal,
      write: text => { process.stderr.write(text) },
      stdinIsTTY: () => stdin.isTTY,
      stderrIsTTY: () => stderr.isTTY,
      interrupt: () => { process.kill(process.pid, 'SIGINT') },
    }),
    clock: systemClock,
    randomBytes: sizeBytes => process.getBuiltinModule('node:crypto').randomBytes(sizeBytes), // loaded when it is needed: about a tenth of a start
  }
}

/** Asked when it matters: most commands write a line and are done, whoever reads it. */
const isTerminal = (fd: number): boolean => process.getBuiltinModule('node:tty').isatty(fd)

/** Loaded at the first use: most commands touch no file. */
function filesAt (cwd: string): FileAccess {
  const files = async (): Promise<FileAccess> => (await import('./process-files.ts')).processFiles(cwd)
  return {
    openRead: async file => await (await files()).openRead(file),
    createWhole: async (file, options) => await (await files()).createWhole(file, options),
    readText: async (file, maxBytes) => await (await files()).readText(file, maxBytes),
  }
}

/** The first ^C (or TERM) asks the command to stop and clean up; the second finds the default handler and kills at once. */
function signalOfProcess (): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => { stop.abort(new AppError('INTERRUPTED', 'interrupted', { exit: 'interrupted' })) })
  process.once('SIGTERM', () => { stop.abort(new AppError('TERMINATED', 'told to stop', { exit: 'terminated' })) })
  return stop.signal
}

function inputOf (signal: AbortSignal): InputStream {
  return {
    get isTTY () { return isTerminal(0) },
    source: (async function * () {
      const stdin = process.stdin // opened by being named, hence not before it is read
      if (stdin.isTTY) stdin.ref() // a question before this let go of it
      const stop = (): void => { stdin.destroy(signal.reason as Error) }
      signal.throwIfAborted()
      signal.addEventListener('abort', stop, { once: true })
      try {
        for await (const chunk of stdin) yield chunk as Uint8Array
      } catch (e) {
        throw fileError(e, 'standard input', 'read')
      } finally {
        signal.removeEventListener('abort', stop)
      }
    })(),
  }
}

/** Written to the descriptor itself; the stream, which costs a start, is opened when the descriptor does not wait. */
function outputOf (open: () => NodeJS.WriteStream, name: string, fd: number): OutputStream {
  let opened: NodeJS.WriteStream | undefined
  const stream = (): NodeJS.WriteStream => (opened ??= open().on('error', () => {})) // each write hears of its own failure
  const failure = (e: unknown): unknown => codeOf(e) === 'EPIPE' || codeOf(e) === 'ERR_STREAM_DESTROYED'
    ? new AppError('OUTPUT_CLOSED', `nobody reads ${name} any more`, { exit: 'ok', cause: e })
    : fileError(e, name, 'write')
  return {
    get isTTY () { return isTerminal(fd) },
    get columns () { return stream().columns ?? 80 },
    write: async data => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      let written = 0
      try {
        while (opened === undefined && written < bytes.length) written += writeSync(fd, bytes, written)
      } catch (e) {
        if (codeOf(e) !== 'EAGAIN') throw failure(e)
      }
      if (written === bytes.length) return
      await new Promise<void>((resolve, reject) => {
        stream().write(bytes.subarray(written), e => { if (e === null || e === undefined) resolve(); else reject(failure(e) as Error) })
      })
    },
  }
}

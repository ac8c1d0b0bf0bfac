import { AppError, isAppError } from '../errors/app-error.ts'
import { EXIT, type ExitName } from '../errors/exit-codes.ts'
import { codeOf } from '../errors/code-of.ts'
import { fileError } from '../errors/file-error.ts'
import type { NodeDoor } from '../daemon/node-door.ts'
import type { CommandTable } from './command-table.ts'
import type { GlobalFlags, Io, Prompt } from './io.ts'
import { cliLog } from './logger.ts'
import type { ExitedOutcome, Outcome } from './outcome.ts'
import { hideLink } from './hide-link.ts'
import { parseArgs } from './parse-args.ts'
import { createReporter, type ClosableReporter } from './reporter.ts'
import { stripControl, stripControlLines } from './strip-control.ts'

/** The process, before it is known which flags were given. */
export type HostIo = Omit<Io, 'flags' | 'report' | 'log' | 'node'>

/** Makes the door to the shared node. Called once, for every command; must not dial or start anything before it is used. */
export type OpenNode = (io: Omit<Io, 'node'>) => NodeDoor

const BEFORE_PARSING: GlobalFlags = { json: false, home: undefined, node: undefined, progress: 'auto', quiet: false, verbose: 0 }

/**
 * The one place where results and errors meet the terminal: runs the command that argv names, prints its outcome or error.
 * Rules of docs/cli.md: stdout is the answer or nothing; stderr is everything else, one object a line under --json.
 * @returns the exit code; never calls process.exit
 */
export async function runCli (table: CommandTable, host: HostIo, openNode: OpenNode): Promise<number> {
  let flags: GlobalFlags = { ...BEFORE_PARSING, json: jsonWanted(host.argv) }
  let reporter: ClosableReporter | undefined
  try {
    const parsed = await parseArgs(table, host.argv)
    if (parsed.kind === 'answer') {
      await printOutcome({ kind: 'document', json: { [parsed.key]: parsed.text }, text: parsed.text }, host, flags.json, () => {})
      return EXIT.ok
    }
    flags = parsed.flags
    reporter = createReporter(table.name, host, flags)
    const log = await cliLog(table.name, host, flags)
    const withoutNode = { ...host, flags, report: reporter, log, prompt: promptFirst(() => { reporter?.pause() }, host.prompt) }
    const outcome = await parsed.run({ ...withoutNode, node: openNode(withoutNode) })
    if (outcome.kind === 'exited') {
      reporter.close()
      return outcome.code
    }
    if (outcome.kind === 'document') reporter.close()
    const exit = await printOutcome(outcome, host, flags.json, () => { reporter?.pause() })
    reporter.close()
    return EXIT[exit]
  } catch (e) {
    reporter?.close()
    return await printError(table.name, host, flags, e)
  }
}

/** Questions with no progress line drawn over them. */
function promptFirst (pauseProgress: () => void, prompt: Prompt): Prompt {
  return {
    get canAsk () { return prompt.canAsk },
    confirm: async (question, fallback) => { pauseProgress(); return await prompt.confirm(question, fallback) },
    secret: async question => { pauseProgress(); return await prompt.secret(question) },
  }
}

/** --json before a bare `--`: an error in the arguments themselves is then JSON as well. */
function jsonWanted (argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

async function printOutcome (outcome: Exclude<Outcome, ExitedOutcome>, host: HostIo, asJson: boolean, beforeWrite: () => void): Promise<ExitName> {
  const { stdout } = host
  // Our own text holds no control characters, so whatever does came from outside.
  const line = async (text: string): Promise<void> => { beforeWrite(); await stdout.write(`${stripControlLines(text).replace(/\n$/u, '')}\n`) }
  switch (outcome.kind) {
    case 'document': {
      const text = asJson ? JSON.stringify(outcome.json) : outcome.text
      if (text !== '') await line(text)
      return outcome.exit ?? 'ok'
    }
    case 'list': {
      let count = 0
      for await (const item of outcome.items) {
        host.signal.throwIfAborted()
        if (count++ === 0 && !asJson && outcome.header !== undefined) await line(outcome.header)
        await line(asJson ? JSON.stringify(item) : outcome.toText(item))
      }
      if (count === 0 && !asJson && outcome.emptyText !== undefined) await line(outcome.emptyText)
      return outcome.exit?.() ?? 'ok'
    }
    case 'bytes': {
      if (stdout.isTTY && !outcome.showable) {
        throw new AppError('BINARY_TO_TERMINAL', 'this is binary and would garble the terminal', { exit: 'refused', hints: ['write it to a file: -o FILE', 'or pass it on: ... | other-command', 'or show it all the same: -o -'] })
      }
      for await (const chunk of outcome.source) {
        host.signal.throwIfAborted()
        if (stdout.isTTY) beforeWrite()
        await stdout.write(chunk).catch((e: unknown) => { throw isAppError(e) && e.code === 'OUTPUT_CLOSED' ? new AppError(e.code, e.message, { exit: 'failed' }) : e })
      }
      return 'ok'
    }
  }
}

async function printError (name: string, host: HostIo, flags: GlobalFlags, thrown: unknown): Promise<number> {
  const e = asAppError(host, thrown)
  if (e?.code === 'OUTPUT_CLOSED') return EXIT[e.exit]
  const write = async (text: string): Promise<void> => { await host.stderr.write(text).catch(() => {}) }
  if (e === undefined) {
    const stack = hideLink(stripControlLines(stackOf(thrown)))
    const hint = 'please report it, with the lines below and what you did'
    await write(flags.json
      ? `${JSON.stringify({ error: { code: 'BUG', message: stack.split('\n')[0], hints: [hint], stack } })}\n`
      : `${name}: this is a bug in ${name}; ${hint}\n${stack}\n`)
    return EXIT.bug
  }
  const message = hideLink(stripControl(e.message))
  const hints = e.hints.map(hint => hideLink(stripControl(hint)))
  if (flags.json) {
    await write(`${JSON.stringify({ error: { code: e.code, message, hints } })}\n`)
  } else if (e.code === 'INTERRUPTED' || e.code === 'TERMINATED') {
    await write([`${name}: ${message}`, ...hints.map(hint => `${name}: hint: ${hint}`), ''].join('\n'))
  } else {
    const red = host.stderr.isTTY && (host.env['NO_COLOR'] ?? '') === '' && host.env['TERM'] !== 'dumb'
    const label = red ? '\u001b[31merror:\u001b[39m' : 'error:'
    await write([`${name}: ${label} ${message}`, ...hints.map(hint => `${name}: hint: ${hint}`), ''].join('\n'))
    if (flags.verbose > 0 && e.cause !== undefined) await write(`${hideLink(stripControlLines(stackOf(e.cause)))}\n`)
  }
  return EXIT[e.exit]
}

/** What the user can act on; undefined for a bug. After ^C whatever was thrown is only its echo. */
function asAppError (host: HostIo, thrown: unknown): AppError | undefined {
  if (isAppError(thrown) && thrown.code === 'OUTPUT_CLOSED') return thrown
  if (host.signal.aborted && isAppError(host.signal.reason)) {
    const same = thrown === host.signal.reason || !isAppError(thrown)
    return same ? host.signal.reason : withHints(host.signal.reason, thrown.hints)
  }
  if (isAppError(thrown)) return thrown
  // A full or read-only disk may show up anywhere; whoever met it should have said where, but it is never a bug.
  if (['ENOSPC', 'EDQUOT', 'EROFS'].includes(codeOf(thrown) ?? '')) {
    const path = (thrown as { path?: unknown }).path
    const known = fileError(thrown, typeof path === 'string' ? path : 'a file', 'write')
    return isAppError(known) ? known : undefined
  }
  return undefined
}

const withHints = (e: AppError, hints: readonly string[]): AppError => new AppError(e.code, e.message, { exit: e.exit, hints: [...e.hints, ...hints] })

function stackOf (e: unknown): string {
  if (typeof e !== 'object' || e === null || !('stack' in e)) return String(e)
  const cause = 'cause' in e && e.cause !== undefined ? `\ncaused by: ${stackOf(e.cause)}` : ''
  return `${String(e.stack)}${cause}`
}

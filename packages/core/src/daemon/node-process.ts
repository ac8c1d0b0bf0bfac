/** What node-root.ts and the tests' own mains share: arguments, the report to whoever started us, and the end of the process. */
import type { HostFacts } from '../config/host-facts.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { EXIT } from '../errors/exit-codes.ts'
import { toRemoteError } from '../errors/remote-error.ts'
import { messageOf } from '../errors/code-of.ts'
import type { NodeLog } from './node-log.ts'
import { openNodeLog } from './node-log.ts'
import { runNode, type RunNodeInput } from './run-node.ts'

export interface NodeArgs {
  readonly home: string
  /** Where the one report line goes; undefined when nobody waits for it. */
  readonly reportFd: number | undefined
  readonly foreground: boolean
  /** The identity's passphrase comes as the first line of stdin. */
  readonly passphraseStdin: boolean
}

/** @throws AppError BAD_ARGUMENTS */
export function readNodeArgs (argv: readonly string[]): NodeArgs {
  let home: string | undefined
  let reportFd: number | undefined
  let foreground = false
  let passphraseStdin = false
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--home') home = rest.shift()
    else if (word === '--report-fd') reportFd = Number(rest.shift())
    else if (word === '--foreground') foreground = true
    else if (word === '--passphrase-stdin') passphraseStdin = true
    else throw new AppError('BAD_ARGUMENTS', `the node does not know the argument '${word}'`, { exit: 'usage' })
  }
  if (home === undefined || !home.startsWith('/')) throw new AppError('BAD_ARGUMENTS', 'the node needs --home and an absolute path', { exit: 'usage' })
  if (reportFd !== undefined && !(Number.isInteger(reportFd) && reportFd > 2)) throw new AppError('BAD_ARGUMENTS', '--report-fd needs a number above 2', { exit: 'usage' })
  return { home, reportFd, foreground, passphraseStdin }
}

export interface NodeProcessInput extends Omit<RunNodeInput, 'home' | 'host' | 'openLog' | 'signal' | 'onReady' | 'passphrase'> {
  readonly argv: readonly string[]
  readonly host: HostFacts
  readonly signal: AbortSignal
  /** Writes the report line and closes the descriptor; a reader that is gone does not matter. */
  readonly writeReport: (fd: number, line: string) => void
  readonly stderr: (text: string) => void
  readonly readStdinLine: () => Promise<string>
  readonly passphrase: () => Promise<string>
  /** Gets the log once there is one, for what nobody catches. */
  readonly onLog: (log: NodeLog) => void
}

/** Runs the node until it ends. @returns the exit code */
export async function nodeProcess (input: NodeProcessInput): Promise<number> {
  let args: NodeArgs | undefined
  const report = (line: object): void => {
    if (args?.reportFd !== undefined) input.writeReport(args.reportFd, `${JSON.stringify(line)}\n`)
  }
  const say = (text: string): void => { if (args === undefined || args.foreground) input.stderr(text) }
  try {
    args = readNodeArgs(input.argv)
    const { home, foreground, passphraseStdin } = args
    const outcome = await runNode({
      ...input,
      home,
      passphrase: passphraseStdin ? input.readStdinLine : input.passphrase,
      openLog: (paths, level) => {
        const log = openNodeLog(paths.log, level, foreground ? input.stderr : undefined)
        input.onLog(log)
        return log
      },
      onReady: hello => { report({ state: 'ready', pid: hello.pid }) },
    })
    if (outcome === 'lost') {
      report({ state: 'lost' })
      say(`ipkit: error: another process is the node of ${home}\nipkit: hint: ipkit status --home ${home}\n`)
      return foreground ? EXIT.busy : EXIT.ok
    }
    return EXIT.ok
  } catch (e) {
    const error = toRemoteError(e)
    report({ error })
    say([`ipkit: error: ${isAppError(e) ? e.message : messageOf(e)}`, ...error.hints.map(h => `ipkit: hint: ${h}`), ''].join('\n'))
    return EXIT[error.exit]
  }
}

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { isatty } from 'node:tty'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import type { Place } from '../domain/place.ts'
import type { Programs } from '../domain/programs.ts'
import { releaseEnvironment } from '../domain/release-environment.ts'

export interface RunReleaseInput {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly place: Pick<Place, 'ipfsPath'>
  /** Whether the terminal signals us and the child alike; a test says so itself. */
  readonly onTerminal?: () => boolean
}

const FOR_THE_CHILD: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']
/** Keys of a terminal reach every process at it. Passed on, the child would get two, and Kubo takes the second ^C for "at once". */
const OF_A_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGHUP']

/** Runs releases as children of this process, which waits. Call it once at a time: signals of the process go to the child. */
export function releasePrograms ({ env, place, onTerminal = () => [0, 1, 2].some(fd => isatty(fd)) }: RunReleaseInput): Programs {
  return {
    run: async (release, args) => {
      const atTerminal = onTerminal()
      const passers = FOR_THE_CHILD.map(signal => [signal, () => { if (!atTerminal || !OF_A_TERMINAL.includes(signal)) child.kill(signal) }] as const)
      for (const [signal, pass] of passers) process.on(signal, pass) // before there is a child: it may run, and we be signalled, before this thread goes on
      const child = spawn(release.program, args, { stdio: 'inherit', env: releaseEnvironment(env, release.version.lang, place.ipfsPath) })
      try {
        return await new Promise<number>((resolve, reject) => {
          child.once('error', e => { reject(e) })
          child.once('exit', (code, signal) => { resolve(signal === null ? code! : 128 + constants.signals[signal]) })
        })
      } catch (e) {
        throw new AppError('PROGRAM_FAILED', `${release.program} cannot be run: ${codeOf(e) ?? messageOf(e)}`, { exit: 'failed', cause: e, hints: ["see whether it is whole: 'ipfsup verify'"] })
      } finally {
        for (const [signal, pass] of passers) process.off(signal, pass)
      }
    },
  }
}

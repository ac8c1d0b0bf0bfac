import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { examine, type Finding } from '../domain/doctor.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit doctor [--accept-clock]`: exit 0 when all is well, 1 when something is broken. Starts nothing. */
export async function doctor (deps: IpkitDeps, io: Io, args: { readonly acceptClock: boolean }): Promise<Outcome> {
  const probes = await deps.doctor(io)
  if (args.acceptClock) {
    await probes.acceptClock()
    io.report.note('the clock is taken as right from now on')
  }
  let broken = 0
  const findings = (async function * () {
    for await (const finding of examine(probes)) {
      if (finding.state === 'broken') broken++
      yield finding
    }
  })()
  return list<Finding>(findings, {
    toText: ({ check, state, message, cure }) => [`${state.padEnd(6)}  ${check.padEnd(11)}  ${stripControl(message)}`, ...cure === undefined ? [] : [`        ${''.padEnd(11)}  cure: ${stripControl(cure)}`]].join('\n'),
    exit: () => broken === 0 ? 'ok' : 'failed',
  })
}

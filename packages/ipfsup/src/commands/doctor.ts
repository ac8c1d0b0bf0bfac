import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import type { Finding } from '../domain/doctor.ts'
import type { IpfsupDeps } from './deps.ts'

/** `ipfsup doctor`: exit 0 when all is well, 1 when something is not. Mends nothing. */
export async function doctor (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  let troubles = 0
  const machine = await deps.doctor(io)
  const findings = (async function * () {
    for await (const finding of machine.look(io.signal)) {
      if (!finding.ok) troubles++
      yield { ...finding, cure: finding.cure ?? null }
    }
  })()
  return list<Omit<Finding, 'cure'> & { readonly cure: string | null }>(findings, {
    toText: ({ check, ok, message, cure }) => [`${(ok ? 'ok' : 'broken').padEnd(6)}  ${check.padEnd(11)}  ${stripControl(message)}`, ...cure === null ? [] : [`        ${''.padEnd(11)}  cure: ${stripControl(cure)}`]].join('\n'),
    exit: () => troubles === 0 ? 'ok' : 'failed',
  })
}

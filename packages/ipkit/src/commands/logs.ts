import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { logText, type LogLine } from '../domain/node-log.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit logs [-n COUNT] [--follow]`: works without a node. */
export async function logs (deps: IpkitDeps, io: Io, args: { readonly lines: number, readonly follow: boolean }): Promise<Outcome> {
  const log = await deps.log(io)
  return list<LogLine>(log.lines({ last: args.lines, follow: args.follow, signal: io.signal }), {
    toText: line => stripControl(logText(line)),
    ...args.lines === 0 ? {} : { emptyText: 'the log is empty: no node has run in this home yet' },
  })
}

import { formatDuration } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import { callIpnsup, ipnsupRpc, type ResolveResult } from '../rpc.ts'
import type { IpnsupDeps } from './deps.ts'
import { findTarget } from './find-name.ts'
import { findPlaces } from './find-places.ts'
import { forkText, isoTime, ttlMs, untilMs } from './record-json.ts'

export interface ResolveArgs {
  readonly name: string
  readonly offline: boolean
  readonly requireFresh: boolean
  readonly maxStale: number | undefined
  readonly acceptUnknownExpired: boolean
  readonly noRecurse: boolean
  readonly from: readonly string[]
}

/** `ipnsup resolve <name>`: where it leads, from whoever knows, and from memory where nobody does. */
export async function resolve (deps: IpnsupDeps, io: Io, args: ResolveArgs): Promise<Outcome> {
  if (args.requireFresh && args.maxStale !== undefined) throw conflict('--require-fresh', '--max-stale')
  if (args.offline && args.from.length > 0) throw conflict('--offline', '--from')
  const target = await findTarget(io, args.name)
  const found = await callIpnsup(io.node, ipnsupRpc.resolve, {
    target,
    offline: args.offline,
    maxStaleMs: args.requireFresh ? 0 : args.maxStale ?? null,
    acceptUnknownExpired: args.acceptUnknownExpired,
    recurse: !args.noRecurse,
    from: await findPlaces(deps, io, args.from),
  }, { repeatable: true }) // to ask twice is to be told twice
  warn(io, found, args.from.length > 0)
  return document(resolvedJson(found), found.value)
}

const conflict = (one: string, other: string): AppError => new AppError('USAGE', `${one} and ${other} do not go together`, { exit: 'usage', hints: ['leave one of the two out'] })

const resolvedJson = (r: ResolveResult): object => ({
  name: r.name,
  value: r.value,
  sequence: r.sequence,
  validUntil: r.validUntil === null ? null : isoTime(untilMs(r.validUntil)),
  ttlMs: r.ttlNs === null ? null : ttlMs(r.ttlNs),
  expired: r.expired,
  expiredForMs: r.expiredForMs,
  source: r.source,
  fork: r.fork,
  values: r.values,
  hops: r.hops,
  failures: r.failures,
  clock: r.clock,
})

/** @param named the person said whom to ask: then it is told who did not answer */
function warn (io: Io, found: ResolveResult, named: boolean): void {
  const { report, log } = io
  if (found.clock === 'set-back') report.warn('CLOCK_SET_BACK', "the clock of this machine was set back: what has expired may look fresh; see 'ipkit doctor'")
  if (found.clock === 'jumped-forward') report.warn('CLOCK_JUMPED', "the clock of this machine jumped forward by more than a day: what is fresh may look expired; see 'ipkit doctor'")
  if (found.expired) {
    const stale = found.hops.filter(hop => hop.expired && hop.name !== found.name).map(hop => hop.name)
    const since = found.expiredForMs === null ? '' : ` ${formatDuration(found.expiredForMs)} ago`
    report.warn('EXPIRED', `the record${stale.length === 0 ? '' : ` of ${stale.join(', ')}`} expired${since}: this is the last that is known`)
  }
  if (found.fork) report.warn('FORK', `a fork: records with one sequence name ${forkText(found.values)}; the first is answered by rule, and the next publish heals it`)
  for (const { place, error } of found.failures) {
    if (named) report.warn('SOURCE_FAILED', `${place} gave no record: ${error.message}`)
    else log.info('no record from', { place, code: error.code, message: stripControl(error.message) })
  }
}

/** From a name to where it ends: record by record, through DNSLink, never twice through the same name. Spec: docs/protocols/ipnsup-rules.md, "Resolving". */
import { AppError } from '@ipkit/core/errors/app-error'
import { chosenRecord, isForked } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import type { Clock } from '@ipkit/core/time/clock'
import type { ResolveResult } from '../rpc.ts'
import type { DnsLinks } from './dns-links.ts'
import type { Exchange } from './exchange.ts'
import { MAX_HOPS } from './limits.ts'
import type { Failure, NameLookup } from './name-lookup.ts'
import { nameInPath, parseTarget, type NameTarget } from './name-target.ts'

export interface ResolveDeps {
  readonly lookup: NameLookup
  readonly dnsLinks: DnsLinks
  readonly exchange: Exchange
  readonly clock: Clock
}

export interface ResolveInput {
  /** An IPNS name or a domain name. */
  readonly target: string
  readonly offline: boolean
  /** The longest that a record may have been expired; 0: not at all; null: as long as it likes. */
  readonly maxStaleMs: number | null
  readonly acceptUnknownExpired: boolean
  /** Answer with the first value, also when that is a name again. */
  readonly recurse: boolean
  /** Addresses of each place to ask, and nobody else. */
  readonly from: ReadonlyArray<readonly string[]>
}

export type Resolved = Omit<ResolveResult, 'clock'>

interface Hop extends Pick<Resolved, 'name' | 'value' | 'sequence' | 'validUntil' | 'ttlNs' | 'expired' | 'expiredForMs' | 'source' | 'fork' | 'values'> {
  readonly failures: readonly Failure[]
}

/** @throws AppError NAME_INVALID, NAME_NOT_FOUND, RECORD_EXPIRED, TOO_MANY_HOPS, NAME_LOOP, DNSLINK_*, ADDRESS_INVALID, NAME_MEMORY_DAMAGED; the signal's reason */
export async function resolveName (deps: ResolveDeps, input: ResolveInput, signal: AbortSignal): Promise<Resolved> {
  const hops: Hop[] = []
  const first = parseTarget(input.target)
  const seen = new Set<string>()
  let target: NameTarget = first
  let rest = ''
  for (;;) {
    if (seen.has(target.text)) throw new AppError('NAME_LOOP', `${first.text} leads in a circle: ${target.text} stands on its way twice`, { exit: 'refused', hints: ['--no-recurse answers with the first value'] })
    if (hops.length === MAX_HOPS) throw new AppError('TOO_MANY_HOPS', `${first.text} leads through more than ${MAX_HOPS} names`, { exit: 'refused', hints: ['--no-recurse answers with the first value'] })
    seen.add(target.text)
    const hop = target.kind === 'ipns' ? await recordHop(deps, target, input, signal) : await dnsHop(deps, target.text, input, signal)
    hops.push(hop)
    const next = input.recurse ? nameInPath(hop.value) : undefined
    if (next === undefined) return answerOf(hops, hop.value + rest)
    target = next.target
    rest = next.rest + rest
  }
}

async function recordHop (deps: ResolveDeps, { name }: NameTarget & { readonly kind: 'ipns' }, input: ResolveInput, signal: AbortSignal): Promise<Hop> {
  const from = input.from.map(place => deps.exchange.named(place))
  const { memory, source, failures } = await deps.lookup.find(name, { offline: input.offline, acceptUnknownExpired: input.acceptUnknownExpired, from }, signal)
  const { value, sequence, validity, ttlNs } = chosenRecord(memory)
  const freshness = judgeFreshness(validity, deps.clock.now())
  const ageMs = freshness.state === 'expired' ? freshness.ageMs : null
  if (ageMs !== null) checkStale(input, ageMs, `the record of ${name.text} expired at ${validity.text}`)
  return {
    name: name.text, value, sequence: sequence.toString(), validUntil: validity.text, ttlNs: ttlNs.toString(), expired: ageMs !== null, expiredForMs: ageMs,
    source, fork: isForked(memory), values: memory.branches.map(b => b.record.value), failures,
  }
}

async function dnsHop (deps: ResolveDeps, domain: string, input: ResolveInput, signal: AbortSignal): Promise<Hop> {
  const { value, rememberedMs } = await deps.dnsLinks.resolve(domain, input, signal)
  // DNS says nothing of how long an answer holds once nobody can be asked: from then on it is an old one.
  const ageMs = rememberedMs === undefined ? null : Math.max(0, deps.clock.now() - rememberedMs)
  if (ageMs !== null) checkStale(input, ageMs, `the DNSLink of ${domain} is remembered from ${new Date(rememberedMs!).toISOString()}`)
  return {
    name: domain, value, sequence: null, validUntil: null, ttlNs: null, expired: ageMs !== null, expiredForMs: ageMs, source: ageMs === null ? 'dns' : 'local', fork: false, values: [value], failures: [],
  }
}

function checkStale ({ maxStaleMs }: ResolveInput, ageMs: number, what: string): void {
  if (maxStaleMs === null || (maxStaleMs > 0 && ageMs <= maxStaleMs)) return
  const limit = maxStaleMs === 0 ? 'and only a fresh one will do' : `${Math.ceil(ageMs / 1000)} s ago; the limit is ${maxStaleMs / 1000} s`
  throw new AppError('RECORD_EXPIRED', `${what}, ${limit}`, { exit: 'refused', hints: ['without --require-fresh and --max-stale it answers all the same, with a warning'] })
}

/** What the first name's record says, and the worst of all hops. */
function answerOf (hops: readonly Hop[], value: string): Resolved {
  const [first] = hops as [Hop, ...Hop[]]
  const expired = hops.filter(h => h.expired)
  const failures = new Map(hops.flatMap(h => h.failures).map(f => [f.place, f]))
  return {
    name: first.name,
    value,
    sequence: first.sequence,
    validUntil: first.validUntil,
    ttlNs: first.ttlNs,
    expired: expired.length > 0,
    expiredForMs: expired.length > 0 ? Math.max(...expired.map(h => h.expiredForMs ?? 0)) : null,
    source: first.source,
    fork: hops.some(h => h.fork),
    values: [...(hops.find(h => h.fork) ?? first).values],
    hops: hops.map(h => ({ name: h.name, value: h.value, expired: h.expired, source: h.source })),
    failures: [...failures.values()].map(({ place, error }) => ({ place, error: { ...error } })),
  }
}

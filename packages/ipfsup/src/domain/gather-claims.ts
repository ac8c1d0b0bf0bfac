import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { hastyOrigin } from './hasty-origin.ts'
import type { LockedHash } from './home-state.ts'
import { IPFS_CLAIM_MS } from './install-limits.ts'
import type { Claim, DownloadSource, Origin, TransportName } from './origin.ts'
import { architectureOf, type Platform } from './platform.ts'
import { decideTrust, type Expected } from './trust.ts'
import { formatVersion, type Version } from './version.ts'

export interface ClaimDeps {
  readonly platform: Platform
  /** In the order they are asked for bytes. */
  readonly httpsOrigins: readonly Origin[]
  /** Opens the way over ipfs. @throws AppError that says why there is none */
  ipfsOrigin(signal: AbortSignal): Promise<Origin>
  readonly clock: Clock
}

export interface Wanted {
  readonly version: Version
  readonly transport: TransportName | 'auto'
  readonly trusted: readonly string[]
  readonly locked: LockedHash | undefined
  readonly shipped: LockedHash | undefined
}

export interface Believed {
  readonly expected: Expected
  /** Who has it, in the order they are asked for it. */
  readonly from: readonly DownloadSource[]
  /** Why ipfs was passed over or left, in words; asked when the download is done. */
  whyNotIpfs(): string | undefined
}

type Answer =
  | { readonly kind: 'has', readonly origin: Origin, readonly claim: Claim }
  | { readonly kind: 'unknown', readonly name: string }
  | { readonly kind: 'failed', readonly name: string, readonly error: AppError }

/**
 * Asks who has a release and decides whom to believe. https origins are asked for their word also where the bytes come over ipfs, unless what is
 * known already, or a root that the user pinned, says enough: what hangs on DNS alone proves nothing.
 * @throws AppError VERSION_UNKNOWN, NO_BUILD (exit notFound), ORIGIN_UNREACHABLE, what an origin threw; as `decideTrust`; the signal's reason
 */
export async function gatherClaims (deps: ClaimDeps, wanted: Wanted, signal: AbortSignal): Promise<Believed> {
  const { transport, version } = wanted
  const askHttps = async (): Promise<Answer[]> => await Promise.all(deps.httpsOrigins.map(async origin => await askOne(deps, version, origin.name, async () => origin, signal)))
  const askIpfs = async (): Promise<Answer> => await askOne(deps, version, 'ipfs', async stop => await deps.ipfsOrigin(stop), signal, transport === 'auto' ? IPFS_CLAIM_MS : undefined)

  let ipfs: Answer | undefined
  let https: readonly Answer[] = []
  if (transport === 'https') https = await askHttps()
  else if (transport === 'auto') [ipfs, https] = await Promise.all([askIpfs(), askHttps()])
  else {
    ipfs = await askIpfs()
    const isEnough = wanted.locked !== undefined || wanted.shipped !== undefined || (ipfs.kind === 'has' && ipfs.claim.proof === 'pinned')
    if (ipfs.kind === 'has' && !isEnough) https = await askHttps()
  }
  const answers = ipfs === undefined ? https : [ipfs, ...https]
  const givers = transport === 'ipfs' ? [ipfs!] : answers
  if (!givers.some(answer => answer.kind === 'has')) throw nobodyHas(givers, wanted, deps.platform)

  const having = answers.filter(answer => answer.kind === 'has')
  const expected = decideTrust({
    release: `${formatVersion(version)} for ${architectureOf(deps.platform)}`, claims: having.map(({ claim }) => claim), locked: wanted.locked, shipped: wanted.shipped,
    originCount: deps.httpsOrigins.length, trusted: wanted.trusted,
  })
  const hasty = transport === 'auto' && ipfs?.kind === 'has' && having.length > 1 ? hastyOrigin(ipfs.origin, deps.clock) : undefined
  const from = having.filter(answer => givers.includes(answer)).map(({ origin, claim }) => ({ origin: hasty !== undefined && origin === having[0]!.origin ? hasty.origin : origin, claim }))
  return { expected, from, whyNotIpfs: () => transport === 'auto' ? whyNot(ipfs, hasty?.whyLeft()) : undefined }
}

async function askOne (deps: ClaimDeps, version: Version, name: string, open: (signal: AbortSignal) => Promise<Origin>, signal: AbortSignal, limitMs?: number): Promise<Answer> {
  const stop = new AbortController()
  const onAbort = (): void => { stop.abort(signal.reason) }
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })
  const asking = async (): Promise<Answer> => {
    const origin = await open(stop.signal)
    const claim = await origin.claim({ version, platform: deps.platform }, stop.signal)
    return claim === undefined ? { kind: 'unknown', name } : { kind: 'has', origin, claim }
  }
  try {
    return limitMs === undefined ? await asking() : await withDeadline(deps.clock, limitMs, 'an answer', asking(), signal)
  } catch (e) {
    signal.throwIfAborted()
    if (!isAppError(e)) throw e
    return { kind: 'failed', name, error: e.code === 'TIMED_OUT' && limitMs !== undefined ? new AppError('ORIGIN_UNREACHABLE', `no answer within ${limitMs / 1000} s`, { exit: 'unreachable', cause: e }) : e }
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop.abort(new Error('no longer needed'))
  }
}

function whyNot (ipfs: Answer | undefined, left: string | undefined): string | undefined {
  if (left !== undefined) return `not over ipfs: ${left}`
  if (ipfs === undefined || ipfs.kind === 'has') return undefined
  return `not over ipfs: ${ipfs.kind === 'unknown' ? 'the dist there does not have it' : messageOf(ipfs.error)}`
}

/** An origin that answered knows better than one that did not; whoever lacks only this platform's build knows best. */
function nobodyHas (answers: readonly Answer[], { version }: Wanted, platform: Platform): AppError {
  const failures = answers.filter(answer => answer.kind === 'failed')
  const noBuild = failures.find(({ error }) => error.code === 'NO_BUILD')
  if (noBuild !== undefined) return noBuild.error
  const said = failures.map(({ name, error }) => `${name}: ${error.message}`)
  if (answers.some(answer => answer.kind === 'unknown')) return new AppError('VERSION_UNKNOWN', `there is no ${formatVersion(version)} for ${architectureOf(platform)}`, { exit: 'notFound', hints: ["see what there is: 'ipfsup ls --remote'", ...said.map(line => `no answer from ${line}`)] })
  if (failures.length === 1) return failures[0]!.error
  const refused = failures.find(({ error }) => error.exit === 'refused')
  if (refused !== undefined) return refused.error
  return new AppError('ORIGIN_UNREACHABLE', `nobody could be asked for ${formatVersion(version)}`, { exit: 'unreachable', hints: [...said, "what is installed works without: 'ipfsup ls'"], cause: failures[0]?.error })
}

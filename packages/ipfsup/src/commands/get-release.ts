import type { Io } from '@ipkit/core/cli/io'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { formatAsk } from '../domain/holding-version.ts'
import type { Installed } from '../domain/install-release.ts'
import { nearVersions } from '../domain/near-versions.ts'
import type { InstalledRelease } from '../domain/release-store.ts'
import { formatVersion, parseAsk, type Lang, type Version, type VersionAsk } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import type { GettingOptions } from './getting-options.ts'
import { resolveLatest } from './resolve-latest.ts'

/** The release that is asked for, installed now if it was not. `latest` asks origins. Says where what is new came from, and why from there. */
export async function getRelease (deps: IpfsupDeps, io: Io, ask: VersionAsk, options: GettingOptions & { readonly pre?: boolean }): Promise<Installed> {
  const trusted = await trustedOrigins(deps, io, options.trustOrigin)
  const { offline, transport, pre = false } = options
  const version = ask.kind === 'exact' ? ask.version : await resolveLatest(deps, io, ask.lang, { pre, offline, transport })
  const got = await install(deps, io, version, { transport, trusted, offline })
  if (ask.kind === 'latest' && !pre) await (await deps.state(io)).setAlias(version.lang, version)
  if (got.fresh) for (const line of [`${formatVersion(version)} came ${cameFrom(got)}`, ...got.because]) io.report.note(line)
  if (got.resumedBytes > 0) io.report.note(`it went on with an earlier download, of which ${formatBytes(got.resumedBytes)} were here`)
  return got
}

/** As `getRelease`, but what is here already is good enough for `latest`, and nobody is asked then. */
export async function findOrGetRelease (deps: IpfsupDeps, io: Io, ask: VersionAsk, options: GettingOptions): Promise<InstalledRelease> {
  return await installedRelease(deps, io, ask) ?? (await getRelease(deps, io, ask, options)).release
}

/** @returns undefined where it is not installed; for `latest` the last one that was */
export async function installedRelease (deps: IpfsupDeps, io: Io, ask: VersionAsk): Promise<InstalledRelease | undefined> {
  const version = ask.kind === 'exact' ? ask.version : await (await deps.state(io)).alias(ask.lang)
  return version === undefined ? undefined : await (await deps.releases(io)).find(version)
}

/** @throws AppError NOT_INSTALLED (exit notFound), VERSION_INVALID, LANGUAGE_UNKNOWN */
export async function installedByName (deps: IpfsupDeps, io: Io, text: string): Promise<InstalledRelease> {
  const ask = parseAsk(text)
  const found = await installedRelease(deps, io, ask)
  if (found === undefined) throw new AppError('NOT_INSTALLED', `${formatAsk(ask)} is not installed`, { exit: 'notFound', hints: ["see what is: 'ipfsup ls'"] })
  return found
}

/** 'over https from https://dist.ipfs.tech' */
const cameFrom = ({ release: { transport, origin } }: Installed): string => transport === 'npm' ? 'from npm' : `over ${transport} from ${origin}`

async function install (deps: IpfsupDeps, io: Io, version: Version, how: { readonly transport: GettingOptions['transport'], readonly trusted: readonly string[], readonly offline: boolean }): Promise<Installed> {
  try {
    return await (await deps.installer(io)).install({ version, ...how }, io.signal)
  } catch (e) {
    if (io.signal.aborted) throw new AppError('INTERRUPTED', 'interrupted', { exit: 'interrupted', cause: e, hints: ['what has arrived is kept: the same command goes on with it'] })
    if (!isAppError(e) || e.code !== 'VERSION_UNKNOWN') throw e
    const near = nearVersions(version, await knownVersions(deps, io, version.lang, how.transport)).map(formatVersion)
    throw new AppError(e.code, e.message, { exit: e.exit, cause: e, hints: [...near.length === 0 ? [] : [`what there is near it: ${near.join(', ')}`], ...e.hints] })
  }
}

/** For a hint: that the list cannot be had either is no news. */
async function knownVersions (deps: IpfsupDeps, io: Io, lang: Lang, transport: GettingOptions['transport']): Promise<readonly Version[]> {
  try {
    return await (await deps.latest(io, transport)).versions(lang, io.signal)
  } catch (e) {
    if (isAppError(e)) return []
    throw e
  }
}

/** What `--trust-origin` names, as the settings have it. @throws AppError ORIGIN_UNKNOWN (exit usage) */
async function trustedOrigins (deps: IpfsupDeps, io: Io, named: readonly string[]): Promise<readonly string[]> {
  if (named.length === 0) return []
  const { origins } = await deps.settings(io)
  return named.map(name => {
    const origin = name.replace(/\/+$/, '')
    if (origins.includes(origin)) return origin
    throw new AppError('ORIGIN_UNKNOWN', `--trust-origin: '${name}' is not among the origins that are asked`, { exit: 'usage', hints: origins.map(o => `--trust-origin ${o}`) })
  })
}

import { AppError } from '@ipkit/core/errors/app-error'
import { gatherClaims, type ClaimDeps } from './gather-claims.ts'
import type { HomeState, LockedHash } from './home-state.ts'
import { MAX_ARCHIVE_BYTES } from './install-limits.ts'
import { JS_SEMVERS } from './js-release.ts'
import type { Claim, DownloadSource, TransportName } from './origin.ts'
import { architectureOf } from './platform.ts'
import type { InstalledRelease, ReleaseFacts, ReleaseStore } from './release-store.ts'
import type { Expected } from './trust.ts'
import { formatVersion, type Version } from './version.ts'

export interface InstallAsk {
  readonly version: Version
  /** auto: ipfs with a short deadline where it is within reach, then https. */
  readonly transport: TransportName | 'auto'
  /** Origins, as `Settings.origins` has them, whose word alone is enough. */
  readonly trusted: readonly string[]
  /** Nothing is asked of anybody: what is not installed is an error. */
  readonly offline: boolean
}

export interface Installed {
  readonly release: InstalledRelease
  /** False: it was there before. */
  readonly fresh: boolean
  /** Bytes of an earlier, broken download that were used. */
  readonly resumedBytes: number
  /** Why this transport, and why its hash is believed, a line each: 'not over ipfs: no peer has it within 10 s'. */
  readonly because: readonly string[]
}

/** Gets a release that is not here: finds it, decides whether to believe it, downloads, verifies, unpacks, tries it, publishes. */
export interface Installer {
  /**
   * @throws AppError VERSION_UNKNOWN, NO_BUILD (exit notFound), RELEASE_IS_STUB (exit refused), NOT_INSTALLED_OFFLINE, ORIGIN_UNREACHABLE
   * (exit unreachable), RELEASE_CHANGED, HASH_MISMATCH, CID_MISMATCH, ORIGINS_DISAGREE, ORIGIN_ALONE, HASH_MISSING, ARCHIVE_REFUSED,
   * RELEASE_BROKEN (exit refused), NPM_MISSING, NPM_FAILED, DISK_FULL; the signal's reason
   */
  install(ask: InstallAsk, signal: AbortSignal): Promise<Installed>
}

export interface Download {
  /** Absolute; its folder exists. `<partFile>.json` beside it says of which archive it is. Nobody else writes them. */
  readonly partFile: string
  readonly expected: Expected
  /** In the order in which they are asked. */
  readonly from: readonly DownloadSource[]
  readonly maxBytes: number
}

export interface Downloaded {
  /** `partFile`, whole and synced. */
  readonly file: string
  readonly sizeBytes: number
  readonly sha512: string
  readonly cid: string
  /** Of an earlier run. */
  readonly resumedBytes: number
  /** Of who gave its end. */
  readonly claim: Claim
}

export interface DownloadOptions {
  readonly signal: AbortSignal
  onProgress(doneBytes: number, totalBytes: number | undefined): void
}

export interface InstallDeps extends ClaimDeps {
  download(what: Download, options: DownloadOptions): Promise<Downloaded>
  unpack(file: string, fileName: string, folder: string, signal: AbortSignal): Promise<void>
  readonly npm: { fill(version: Version, folder: string, signal: AbortSignal, onProgress: (step: string) => void): Promise<{ readonly sha512: string, readonly origin: string }> }
  tryRelease(folder: string, version: Version, signal: AbortSignal): Promise<{ readonly repoVersion: number | undefined }>
  readonly state: Pick<HomeState, 'lockedHash' | 'lockHash'>
  /** The list that comes with ipfsup. */
  shippedHash(version: Version, architecture: string): LockedHash | undefined
  readonly releases: Pick<ReleaseStore, 'find' | 'verify' | 'locked' | 'partFile' | 'publish'>
  readonly report: { progress(event: { readonly step: string, readonly doneBytes?: number, readonly totalBytes?: number }): void, warn(code: string, message: string): void }
}

export function installer (deps: InstallDeps): Installer {
  const { releases, report, state, clock, platform } = deps
  const architecture = architectureOf(platform)

  /** @returns the release, when it is there and whole */
  const findWhole = async (version: Version, signal: AbortSignal): Promise<InstalledRelease | undefined> => {
    const release = await releases.find(version)
    if (release === undefined) return undefined
    const [fault] = await releases.verify(release, signal)
    if (fault === undefined) return release
    report.warn('RELEASE_DAMAGED', `the installed ${formatVersion(version)} is damaged (${fault}) and is replaced`)
    return undefined
  }

  const fromArchive = async (ask: InstallAsk, signal: AbortSignal): Promise<Omit<Installed, 'fresh'>> => {
    const { version } = ask
    const name = formatVersion(version)
    report.progress({ step: `asking for ${name}` })
    const believed = await gatherClaims(deps, { ...ask, locked: await state.lockedHash(version, architecture), shipped: deps.shippedHash(version, architecture) }, signal)
    report.progress({ step: `downloading ${name}` })
    const got = await deps.download({ partFile: await releases.partFile(version), expected: believed.expected, from: believed.from, maxBytes: MAX_ARCHIVE_BYTES }, {
      signal, onProgress: (doneBytes, totalBytes) => { report.progress({ step: `downloading ${name}`, doneBytes, ...totalBytes === undefined ? {} : { totalBytes } }) },
    })
    // Durable before the release is seen: whatever comes under this name from now on is this archive.
    await state.lockHash(version, architecture, { sha512: got.sha512, cid: got.cid, seenMs: clock.now() })
    const release = await releases.publish(version, async folder => {
      report.progress({ step: `unpacking ${name}` })
      await deps.unpack(got.file, got.claim.fileName, folder, signal)
      report.progress({ step: `trying ${name}` })
      const { repoVersion } = await deps.tryRelease(folder, version, signal)
      return facts(version, { transport: got.claim.transport, origin: got.claim.origin, sha512: got.sha512, cid: got.cid, repoVersion })
    })
    return { release, resumedBytes: got.resumedBytes, because: [got.claim.transport === 'https' ? believed.whyNotIpfs() : undefined, believed.expected.because].flatMap(line => line ?? []) }
  }

  const fromNpm = async ({ version, transport }: InstallAsk, signal: AbortSignal): Promise<Omit<Installed, 'fresh'>> => {
    if (!JS_SEMVERS.includes(version.semver)) throw new AppError('VERSION_UNKNOWN', `there is no ${formatVersion(version)} here: js-ipfs has ended`, { exit: 'notFound', hints: [`its last version: 'ipfsup update js-v${JS_SEMVERS.at(-1)!}'`] })
    const release = await releases.publish(version, async folder => {
      const { sha512, origin } = await deps.npm.fill(version, folder, signal, step => { report.progress({ step }) })
      report.progress({ step: `trying ${formatVersion(version)}` })
      await deps.tryRelease(folder, version, signal)
      await state.lockHash(version, architecture, { sha512, cid: undefined, seenMs: clock.now() })
      return facts(version, { transport: 'npm', origin, sha512, cid: undefined, repoVersion: undefined })
    })
    return { release, resumedBytes: 0, because: transport === 'ipfs' ? ['js-ipfs comes from npm alone'] : [] }
  }

  const facts = (version: Version, rest: Pick<ReleaseFacts, 'transport' | 'origin' | 'sha512' | 'cid' | 'repoVersion'>): ReleaseFacts => ({ version, architecture, ...rest, installedMs: clock.now() })

  return {
    async install (ask, signal) {
      const { version } = ask
      const name = formatVersion(version)
      const there = (release: InstalledRelease): Installed => ({ release, fresh: false, resumedBytes: 0, because: [] })
      const release = await findWhole(version, signal)
      if (release !== undefined) return there(release)
      if (ask.offline) throw new AppError('NOT_INSTALLED_OFFLINE', `${name} is not installed, and nobody is asked for it offline`, { exit: 'unreachable', hints: ["see what is installed: 'ipfsup ls'", `without --offline: 'ipfsup update ${name}'`] })
      const onWait = (): void => { report.progress({ step: `waiting for another ipfsup that installs ${name}` }) }
      return await releases.locked(version, onWait, signal, async () => {
        const meanwhile = await releases.find(version)
        if (meanwhile !== undefined && (await releases.verify(meanwhile, signal)).length === 0) return there(meanwhile)
        return { ...await (version.lang === 'js' ? fromNpm(ask, signal) : fromArchive(ask, signal)), fresh: true }
      })
    },
  }
}

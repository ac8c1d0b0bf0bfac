import type { TransportName } from './origin.ts'
import type { InstalledRelease } from './release-store.ts'
import type { Version } from './version.ts'

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
  /** Why this transport: 'ipfs: no peer has it within 10 s'; undefined when there is nothing to say. */
  readonly because: string | undefined
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

import type { TransportName } from './origin.ts'
import type { Version } from './version.ts'

/** `release.json`: what is known of a release that is installed. docs/formats/ipfsup.md */
export interface ReleaseFacts {
  readonly version: Version
  /** `linux-amd64` */
  readonly architecture: string
  /** How it came: as an archive, or as packages from npm. */
  readonly transport: TransportName | 'npm'
  /** Origin.name, or the name of the npm package. */
  readonly origin: string
  /** Of the archive, in hex; for a js release that of its npm package. */
  readonly sha512: string
  /** Of the archive; undefined for a js release. */
  readonly cid: string | undefined
  /** What it says its repo's version is; undefined for js and where it does not say. */
  readonly repoVersion: number | undefined
  readonly installedMs: number
}

export interface InstalledRelease extends ReleaseFacts {
  /** Its folder, absolute. */
  readonly path: string
  /** What to run: `<path>/ipfs`. */
  readonly program: string
}

/** Releases that are installed, for this machine's architecture. What is listed is whole: a release appears by one rename. */
export interface ReleaseStore {
  list(): Promise<readonly InstalledRelease[]>
  find(version: Version): Promise<InstalledRelease | undefined>
  sizeBytes(release: InstalledRelease): Promise<number>
  /**
   * Runs `work` while no other process has this version's lock; kill -9 frees it. @param onWait called once when another has it
   * @throws the signal's reason
   */
  locked<T>(version: Version, onWait: () => void, signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Where the archive is downloaded to; exists; survives a kill. */
  partFile(version: Version): Promise<string>
  /**
   * `fill` gets an empty folder that nothing runs from; what it leaves there is synced, listed in SHA256SUMS, and becomes the release. When
   * `fill` throws nothing is left. Replaces a release that is damaged.
   * @throws AppError DISK_FULL, FILE_NOT_WRITABLE; what `fill` throws
   */
  publish(version: Version, fill: (folder: string) => Promise<ReleaseFacts>): Promise<InstalledRelease>
  /** @throws AppError RELEASE_IN_USE (exit busy) when a process runs from it */
  remove(release: InstalledRelease): Promise<void>
  /** Compares each file with SHA256SUMS. @returns what is wrong, in words; empty: nothing */
  verify(release: InstalledRelease, signal: AbortSignal): Promise<readonly string[]>
  /** Downloads and folders that nobody works on any more; what is noted beside a download goes with it, untold. @param dryRun only tells */
  clean(dryRun: boolean): Promise<ReadonlyArray<{ readonly path: string, readonly sizeBytes: number }>>
}

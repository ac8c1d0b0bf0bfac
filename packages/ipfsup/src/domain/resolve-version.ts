import type { SeenLatest } from './home-state.ts'
import type { Lang, Version } from './version.ts'

/** Who knows which versions there are: the origins for Kubo; for js-ipfs, which ended, what ipfsup ships. */
export interface LatestSource {
  /** Every version that any origin lists, each once, lowest first. @throws AppError ORIGIN_UNREACHABLE when nobody answers */
  versions(lang: Lang, signal: AbortSignal): Promise<readonly Version[]>
  /**
   * The highest that is no prerelease, or with `pre` the highest of all, over all origins; remembered.
   * @param offline from memory only @throws AppError ORIGIN_UNREACHABLE: nobody answers and nothing is remembered, or offline and nothing is
   */
  latest(lang: Lang, options: { readonly pre: boolean, readonly offline: boolean }, signal: AbortSignal): Promise<Latest>
}

export interface Latest {
  readonly version: Version
  readonly seen: SeenLatest
  /** True where nobody was asked, or nobody answered. */
  readonly remembered: boolean
  /** Origins that did not answer, and why. */
  readonly failures: ReadonlyArray<{ readonly origin: string, readonly message: string }>
}

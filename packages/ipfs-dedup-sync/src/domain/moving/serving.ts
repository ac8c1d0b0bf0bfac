/** Ports of the side that answers: what it may give to whom, and what it does with an offer. */
import type { Moved } from './moved.ts'

export interface ServePolicy {
  /** Whether this peer may have what is below this root: kept here, served, and allowed. Unknown and forbidden are one answer to the peer. */
  may(peer: string, root: string): Promise<boolean>
}

export interface HeadSource {
  /**
   * The newest record of an IPNS name that this peer may know, and commits, newest first: from `from` on (null: from the newest), without `until` and what is older, at most `atMost`.
   * @returns undefined: nothing for this peer
   */
  head(peer: string, name: string, range: { readonly from: string | null, readonly until: string | null, readonly atMost: number }): Promise<{ readonly record: Uint8Array, readonly commits: readonly Uint8Array[] } | undefined>
}

export interface Offer { readonly root: string, readonly name: string | null, readonly sizeBytes: number }

export interface OfferSink {
  /**
   * Fetches what is offered from whom offers it, over streams of its own, and keeps it.
   * @returns undefined: it is not wanted
   */
  take(peer: string, offer: Offer, options: { readonly signal: AbortSignal, onProgress(doneBytes: number, totalBytes: number): void }): Promise<Moved | undefined>
}

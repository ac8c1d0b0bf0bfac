/** What a pull cost. */
export interface Moved {
  /** Of the connections to all peers that were asked, all of it. */
  readonly receivedBytes: number
  readonly sentBytes: number
  /** Requests that had to be waited for one after the other. */
  readonly roundTrips: number
  /** That the shelf did not have before. */
  readonly newBytes: number
  /** With `dryRun`: what would come, about, and nothing was taken. */
  readonly expectedBytes?: number
  /** Peers that were given up, and why: codes of AppErrors. */
  readonly dropped: ReadonlyArray<{ readonly peer: string, readonly code: string }>
}

/** How long installing waits, and how much it takes. */

/** An archive of Kubo has about 50 MB. */
export const MAX_ARCHIVE_BYTES = 1024 * 1024 * 1024
/** `auto`: in this time the ipfs transport says what it has, else https is taken. */
export const IPFS_CLAIM_MS = 10_000
/** `auto`: what comes over ipfs in each such window, else https goes on from there: a first byte, no stall, and no trickle. */
export const IPFS_WINDOW_MS = 10_000
export const IPFS_WINDOW_BYTES = 1024 * 1024
/** A new release tells its version in this time, or does not work. */
export const TRY_MS = 60_000
/** A migration may download what migrates a repo of before version 16. */
export const MIGRATION_MS = 30 * 60_000
/** A daemon that answers its API at all does so in this time. */
export const API_MS = 3_000

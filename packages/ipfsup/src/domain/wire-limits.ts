/** Every limit of what is asked of origins. docs/formats/ipfsup.md, "Origins" has the same table; a test compares the two. */

export const MAX_VERSIONS_BYTES = 1024 * 1024
export const MAX_DIST_JSON_BYTES = 1024 * 1024
/** A `.sha512` or a `.cid`. */
export const MAX_HASH_FILE_BYTES = 4096
/** One of those files, from the dialling to its last byte. */
export const SMALL_FILE_MS = 30_000
/** Until an archive begins to come. */
export const ARCHIVE_HEAD_MS = 30_000
/** An origin that gives less over the span is left for the next one, where there is one. */
export const SLOW_BYTES_PER_SECOND = 16 * 1024
export const SLOW_SPAN_MS = 30_000
/** How often all origins are gone through while each broke off, as long as that brings bytes, and the pause in between. */
export const MAX_DOWNLOAD_ROUNDS = 5
export const ROUND_PAUSE_MS = 1000

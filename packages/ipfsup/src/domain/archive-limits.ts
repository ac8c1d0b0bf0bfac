/** What an archive of a release may hold. Kubo's has 6 entries and 120 MB. */

export const MAX_ENTRIES = 10_000
export const MAX_ENTRY_BYTES = 1024 ** 3
export const MAX_UNPACKED_BYTES = 2 * 1024 ** 3
/** Of a path in it. */
export const MAX_ENTRY_DEPTH = 32

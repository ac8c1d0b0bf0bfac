/** Docs: docs/formats/chunking.md, "Cuts" and "Hash". */

/** Bytes. */
export const MIN = 4096
/** From this length on a weak candidate is enough. */
export const NORMAL = 13_312
export const MAX = 65_536

/** Highest bits of H that are zero at a candidate. */
export const STRONG_BITS = 16
export const WEAK_BITS = 12
/** Bytes before a position that H is over. */
export const WINDOW = 64

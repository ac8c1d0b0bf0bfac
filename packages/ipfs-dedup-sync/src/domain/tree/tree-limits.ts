/** docs/formats/chunking.md, "Nodes" and "A reader MUST reject". */

export const MAX_CHILDREN = 174
export const MIN_CHILDREN = 2
/** A child whose last four bytes are a lower number ends its group: one of 23. */
export const GROUP_END_BELOW = 186_737_708
/** Of nodes above each other. */
export const MAX_LEVELS = 64
export const MAX_LEAF_BYTES = 2 * 1024 * 1024

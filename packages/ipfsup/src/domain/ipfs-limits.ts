/** Limits of what is read over IPFS. */

/** Blocks of one node of a file's tree that are asked for at once: at 1 MiB each they are what memory holds. */
export const BLOCKS_AHEAD = 8
/** Levels of a file's tree. With 174 links of 256 KiB four of them hold 1.3 TB. */
export const MAX_TREE_DEPTH = 8
/** Of directories, which are walked again for each path. */
export const MAX_REMEMBERED_BYTES = 8 * 1024 * 1024

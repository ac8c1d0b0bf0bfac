/** Limits of what is read over IPFS. */

/** Blocks of one node of a file's tree that are asked for at once: at 1 MiB each they are what memory holds. */
export const BLOCKS_AHEAD = 8
/** Levels of a file's tree. With 174 links of 256 KiB four of them hold 1.3 TB. */
export const MAX_TREE_DEPTH = 8
/** Of directories, which are walked again for each path. */
export const MAX_REMEMBERED_BYTES = 8 * 1024 * 1024
/** Without a byte of a block that a daemon looks for. */
export const BLOCK_SILENCE_MS = 60_000
/** For a daemon to say that it is there: it is on this machine. */
export const DAEMON_HELLO_MS = 2_000
/** For it to look up a name. */
export const DAEMON_RESOLVE_MS = 15_000
/** A block that was fetched through the shared node stays there for so long after it was read last. */
export const KEEP_BORROWED_MS = 60_000

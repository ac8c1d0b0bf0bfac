/** The limits of plain messages. Spec: docs/protocols/burn-plain.md, "Limits"; a test compares the two. */

/** Of the file: its 65,536 leaves are what a node keeps a table of. */
export const MAX_PLAIN_BYTES = 2 ** 36
/** Plain messages that wait at one node: each is a libp2p host. */
export const MAX_PLAIN_WAITING = 64
/** Without a block handed over, after the claim. */
export const PLAIN_LEASE_MS = 600_000
/** After the last block was handed over, so that it arrives, or is asked for again. */
export const PLAIN_GRACE_MS = 30_000
export const RANDOM_BYTES = 32
export const RANDOM_NAME = 'burn-random'
/** Levels of nodes between folder and leaves, in what `burn get` takes. */
export const MAX_PLAIN_LEVELS = 2

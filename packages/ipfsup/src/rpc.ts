/** What the command line asks of ipfsup's service in the node. */
import { object, string } from '@ipkit/core/schema/schema'

export const IPFSUP_BLOCK = 'ipfsup.block'

/**
 * Answers with the bytes of one block, from here or from the peers that are connected; what was not here before goes a minute after it was read.
 * Errors: BLOCK_NOT_FOUND, BLOCK_TOO_LARGE, CID_INVALID.
 */
export const blockParams = object({ /** Canonical. */ cid: string({ min: 1, max: 512 }) })

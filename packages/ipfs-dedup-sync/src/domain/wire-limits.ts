/** Every limit of `/ipkit/dedup-sync/1.0.0`: docs/protocols/dedup-sync.md, "Limits"; a test compares. */

/** A frame that is a DAG-CBOR map. */
export const MAX_HEAD_BYTES = 256 * 1024
/** A body, as it travels and unpacked. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024
/** A body of blocks ends with the block that reaches this. */
export const PART_BYTES = 1024 * 1024
/** Roots that the asking side names as what it has. */
export const MAX_HAVE = 16
/** Children that the nodes of one plan have in all, told or copied. */
export const MAX_PLAN_BLOCKS = 16_384
/** Blocks of the bases that stand beside one level. */
export const MAX_OLD_BLOCKS = 65_536
/** Leaves that come within a plan. */
export const MAX_PLAN_LEAF_BYTES = 1024 * 1024
/** What one patch copies from. */
export const MAX_BASE_BYTES = 1024 * 1024
/** One request for blocks. */
export const MAX_RANGES = 512
export const MAX_BATCH_LEAF_BYTES = 8 * 1024 * 1024
export const MAX_BATCH_NODES = 1024
/** What the patches of one request copy from: reading it costs the answering side, whatever comes of it. */
export const MAX_BATCH_BASE_BYTES = 32 * 1024 * 1024
/** One answer about a name. */
export const MAX_NAME_CHARS = 128
export const MAX_RECORD_BYTES = 10 * 1024
export const MAX_COMMITS = 64
export const MAX_COMMIT_BYTES = 3 * 1024
/** The answering side: the next request must be there. */
export const REQUEST_MS = 60_000
/** The asking side: an answer must begin; the answering side tells of an offer it takes at least this often. */
export const ANSWER_MS = 60_000
/** Either side: one frame must be written or read. */
export const TRANSFER_MS = 120_000
export const MAX_STREAMS = 256
export const MAX_STREAMS_PER_PEER = 8
/** Plans being made at once; further ones wait their turn. */
export const MAX_PLANS = 2

/** Every limit of the protocol. Spec: docs/protocols/burn.md, "Limits"; a test compares the two. */

/** A request's frame. Requests are small, so a stranger makes a sender allocate next to nothing. */
export const MAX_REQUEST_BYTES = 1024
export const MAX_ANSWER_BYTES = 1024 * 1024 + 128
export const LEAF_BYTES = 1024 * 1024
export const MAX_LINKS = 1024
export const MAX_PAYLOAD_BYTES = 2 ** 40
export const MAX_HASHES = 32_768
export const MAX_STATEMENT_BYTES = 512
export const MAX_NAME_BYTES = 255
export const MAX_PASSPHRASE_BYTES = 1024
export const MIN_PADDED_BYTES = 1024
export const MAX_READS = 100
export const MAX_WEB_BYTES = 256_000_000

export const MIN_EXPIRY_MS = 1000
export const DEFAULT_EXPIRY_MS = 7 * 86_400_000
export const MAX_EXPIRY_MS = 365 * 86_400_000
export const LEASE_MS = 600_000
export const PASSPHRASE_TRIES = 5
export const FIRST_LOCK_MS = 60_000
export const MAX_LOCK_MS = 86_400_000
export const TOMBSTONE_MS = 30 * 86_400_000

export const REQUEST_MS = 30_000
export const TRANSFER_MS = 300_000
export const ANSWER_MS = 60_000
export const CONVERSATION_MS = 86_400_000
export const MAX_STREAMS = 256
export const MAX_STREAMS_PER_PEER = 8
export const HTTP_NONCE_MS = 600_000

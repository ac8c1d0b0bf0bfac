/** Every limit of the exchange with others. Spec: docs/protocols/ipnsup.md, "Limits"; a test compares the two. */

/** A record and what stands around it, either way. */
export const MAX_MESSAGE_BYTES = 10_368
export const REQUEST_MS = 10_000
export const ANSWER_MS = 15_000
export const CONVERSATION_MS = 30_000
export const MAX_STREAMS = 128
export const MAX_STREAMS_PER_PEER = 8
/** Connected peers that are asked for one name; those that speak our own protocol come first. */
export const MAX_PEERS_ASKED = 32
/** Values of one name that are looked at of what a DHT brings, alike ones counted once. */
export const MAX_DHT_VALUES = 32
/** Listeners to a topic who are asked whether they have what was published, and how often, with a pause that doubles. */
export const MAX_LISTENERS_ASKED = 3
export const MAX_CONFIRM_ASKS = 4
export const CONFIRM_PAUSE_MS = 250
export const REACH_PAUSE_MS = 1000

export const HTTP_MAX_CONNECTIONS = 256
export const HTTP_MAX_CONNECTIONS_PER_ADDRESS = 32
export const HTTP_HEADERS_MS = 10_000
export const HTTP_REQUEST_MS = 20_000
export const HTTP_IDLE_MS = 30_000
export const HTTP_RETRY_AFTER_S = 60
/** Freshness of an answer whose record asks for none. */
export const HTTP_DEFAULT_AGE_S = 60

/** Every limit of the network layer, in one place. docs/protocols/network.md repeats them, and a test compares. */

/** Received and not yet read, a stream; the yamux window comes on top while it is paused. */
export const READ_BUFFER_BYTES = 1024 * 1024
/** Must stay below libp2p's read buffer of 4 MiB, which resets a stream when it overflows. */
export const STREAM_WINDOW_BYTES = 2 * 1024 * 1024
/** A longer write is handed over in pieces of this size, with a look at the transport between them. */
export const WRITE_PIECE_BYTES = 256 * 1024
/** After the last byte was written, how long the peer gets to close its side before the stream is reset. */
export const LINGER_MS = 10_000

/** Upgraded connections, all peers. */
export const MAX_CONNECTIONS = 512
/** So that one machine, or one key, cannot take all of them. What counts as one address: address-group.ts. */
export const MAX_CONNECTIONS_PER_ADDRESS = 256
export const MAX_CONNECTIONS_PER_PEER = 16
/** Sockets that have not finished the handshake. More are turned away; none is waited for longer than the upgrade time. */
export const MAX_PENDING_CONNECTIONS = 1_500
export const UPGRADE_TIMEOUT_MS = 5_000
/** New connections a second from one IP address. */
export const CONNECTIONS_PER_SECOND = 2_000
/** Streams a peer may have open on one connection, all protocols. */
export const MAX_STREAMS_PER_CONNECTION = 256
/** Streams of one protocol from one IP address, however many peers are behind it: one machine cannot take all places, and a household has enough. */
export const MAX_STREAMS_PER_ADDRESS = 64
export const NEGOTIATION_TIMEOUT_MS = 10_000
/** All addresses of a peer, and one of them: an address that swallows packets must leave time for the next. */
export const DIAL_TIMEOUT_MS = 20_000
export const ADDRESS_DIAL_TIMEOUT_MS = 4_000

/** Bitswap of an ephemeral host. A wantlist of the largest number of wants fits well into the first. */
export const MAX_WANTLIST_BYTES = 256 * 1024
/** What we read as an answer: a block of 2 MiB and its frame. */
export const MAX_BITSWAP_MESSAGE_BYTES = 2 * 1024 * 1024 + 64 * 1024
export const MAX_BITSWAP_STREAMS_PER_PEER = 32
/** Of all peers: each may hold a want list that never ends. */
export const MAX_BITSWAP_STREAMS = 256
/** Wants of one peer that are not answered yet. */
export const MAX_BITSWAP_PENDING_WANTS = 4_096
/** To hand one answer to the connection, and to wait for one. */
export const BITSWAP_IDLE_MS = 15_000

/** libp2p's fetch. */
export const MAX_FETCH_KEY_BYTES = 1024
export const MAX_FETCH_VALUE_BYTES = 64 * 1024
export const MAX_FETCH_STREAMS_PER_PEER = 64
export const MAX_FETCH_STREAMS = 256
/** For one question and its answer. */
export const FETCH_IDLE_MS = 10_000

export const MAX_PUBSUB_MESSAGE_BYTES = 64 * 1024
/** Of one frame: messages, subscriptions and control together. As go-libp2p has it. */
export const MAX_PUBSUB_RPC_BYTES = 1024 * 1024
/** To one peer, not taken by its connection yet; more breaks the stream off. */
export const MAX_PUBSUB_WAITING_BYTES = 4 * 1024 * 1024
/** Topics that one peer listens to and that are remembered of it. */
export const MAX_TOPICS_HEARD = 1000

/** What a DHT keeps for others, in memory; the oldest goes first. */
export const MAX_DHT_ENTRIES = 16_384
export const MAX_DHT_BYTES = 32 * 1024 * 1024

/** Peers heard of by multicast DNS that are being dialled at once. */
export const MAX_DISCOVERY_DIALS = 8

/** How often a lost reservation at a relay is asked for again. */
export const RELAY_CHECK_MS = 15_000

/** A request over HTTP: without a byte, from the dialling to the end of the answer. */
export const HTTP_SILENCE_MS = 15_000
export const MAX_HTTP_REDIRECTS = 3

/** One try at one DNS server, and how many tries. */
export const DNS_TRY_MS = 2000
export const DNS_TRIES = 2
export const MAX_TXT_RECORDS = 64

/** Peers whose bytes are remembered after they left. */
export const MAX_TRAFFIC_PEERS = 1024

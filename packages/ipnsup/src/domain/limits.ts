/** Every limit and pace of the rules. Spec: docs/protocols/ipnsup-rules.md, "Limits"; a test compares the two. */
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Of a value that is published here, and of a DNSLink. */
export const MAX_PATH_CHARACTERS = 8192
/** Names that a resolution goes through. */
export const MAX_HOPS = 32
/** For the sources' answers: when something is known of the name already, and when nothing is. */
export const LOOKUP_MS = 2000
export const FIRST_LOOKUP_MS = 10_000
export const DNS_MS = 5000
/** However long its TTL, a record is answered with so long before somebody is asked for a better one. */
export const MAX_UNASKED_MS = 24 * HOUR_MS
/** Names whose last look-up is remembered, so that nobody is asked again within the TTL. */
export const MAX_CONFIRMED = 10_000

/** For one place to confirm a record. */
export const PUT_MS = 10_000
/** What `publish` waits for places before it answers. */
export const PUBLISH_WAIT_MS = 3000
/** Between tries of a place that failed: doubled each time. */
export const FIRST_PAUSE_MS = 5000
export const MAX_PAUSE_MS = HOUR_MS
/** A place that has the record gets it again. */
export const AGAIN_MS = 4 * HOUR_MS
export const MAX_PLACES = 64
/** Names, and places of one name, that are at work at once. */
export const MAX_AT_ONCE = 8

/** A name that is kept or watched is looked up after its TTL, within these. */
export const MIN_LOOK_UP_EVERY_MS = 5 * MINUTE_MS
export const MAX_LOOK_UP_EVERY_MS = HOUR_MS
/** The longest that something due waits after the clock was set. */
export const SWEEP_MS = MINUTE_MS
/** Names that are kept alive hold the node so long; renewed each day. */
export const LEASE_MS = 7 * 24 * HOUR_MS
export const LEASE_STEP_MS = 24 * HOUR_MS

export const MAX_STRANGERS = 2000
export const MAX_STRANGERS_PER_SENDER = 100
export const RATE_WINDOW_MS = MINUTE_MS
export const MAX_RECORDS_PER_WINDOW = 600
export const MAX_RECORDS_PER_SENDER = 60

/** Changes that a watcher who does not read may have waiting; the oldest go first. */
export const MAX_WAITING_CHANGES = 256
/** Names without a key in their record that an import tries, besides own and followed ones. */
export const MAX_NAMES_TRIED = 1000

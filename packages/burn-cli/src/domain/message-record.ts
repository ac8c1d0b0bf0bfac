/** One message's state, derived from its events and the time. Pure: what follows from it is done in outbox.ts. */
import { encodeBase64url } from '@ipkit/core/schema/base64url'
import { CID } from 'multiformats/cid'
import { FIRST_LOCK_MS, MAX_LOCK_MS, PASSPHRASE_TRIES } from './limits.ts'
import type { FinalState, MessageInfo, MessageState } from './message-desk.ts'
import { decodeMessageEvent, type CreatedEvent, type MessageEvent } from './message-events.ts'
import type { ReplayedLog } from './message-store.ts'
import type { SenderTime } from './sender-time.ts'

export interface CountedKey {
  readonly bytes: Uint8Array
  /** The same in base64url. */
  readonly key: string
  readonly reader: string
  readonly claimedAtMs: number
  ackedAtMs: number | undefined
  /** When the lease ended without an ack. */
  overAtMs: number | undefined
}

export interface MessageRecord {
  readonly created: CreatedEvent
  readonly root: CID
  readonly claims: Map<string, CountedKey>
  expiredAtMs: number | undefined
  revokedAtMs: number | undefined
  wrongInRow: number
  lockedUntilTimeMs: number | undefined
  /** The log has a bad record before its end: the message counts as claimed and released. */
  damaged: boolean
  /** Every event as it came, for the audit. */
  readonly events: MessageEvent[]
}

/** As people and file names have it: 32 hex digits. */
export const idText = (id: Uint8Array): string => [...id].map(b => b.toString(16).padStart(2, '0')).join('')
export const keyText = (key: Uint8Array): string => encodeBase64url(key)

export function newRecord (created: CreatedEvent): MessageRecord {
  return {
    created,
    root: CID.parse(created.root),
    claims: new Map(),
    expiredAtMs: undefined,
    revokedAtMs: undefined,
    wrongInRow: 0,
    lockedUntilTimeMs: undefined,
    damaged: false,
    events: [created],
  }
}

/**
 * Replays a log. A record that is whole and yet makes no sense is damage too.
 * @returns undefined when the first record, CREATED, cannot be read
 */
export function readRecord (log: ReplayedLog): MessageRecord | undefined {
  let record: MessageRecord | undefined
  for (const bytes of log.events) {
    let event: MessageEvent
    try { event = decodeMessageEvent(bytes) } catch { if (record !== undefined) record.damaged = true; return record }
    if (record !== undefined) applyEvent(record, event)
    else if (event.event === 'created') record = newRecord(event)
    else return undefined
  }
  if (record !== undefined && log.damaged) record.damaged = true
  return record
}

/** Events are facts: what one says that was already so changes nothing, so replaying a part twice does no harm. */
export function applyEvent (record: MessageRecord, event: MessageEvent): void {
  record.events.push(event)
  switch (event.event) {
    case 'created': return
    case 'claimed': {
      const key = keyText(event.key)
      if (!record.claims.has(key)) record.claims.set(key, { bytes: event.key, key, reader: event.reader, claimedAtMs: event.clockMs, ackedAtMs: undefined, overAtMs: undefined })
      record.wrongInRow = 0 // it has proved the passphrase
      record.lockedUntilTimeMs = undefined
      return
    }
    case 'acked': { const claim = record.claims.get(keyText(event.key)); if (claim !== undefined) claim.ackedAtMs ??= event.clockMs; return }
    case 'over': { const claim = record.claims.get(keyText(event.key)); if (claim !== undefined) claim.overAtMs ??= event.clockMs; return }
    case 'wrong':
      record.wrongInRow++
      if (record.wrongInRow >= PASSPHRASE_TRIES) record.lockedUntilTimeMs = event.timeMs + lockMs(record.wrongInRow)
      return
    case 'unlocked': record.wrongInRow = 0; record.lockedUntilTimeMs = undefined; return
    case 'expired': record.expiredAtMs ??= event.clockMs; return
    case 'revoked': record.revokedAtMs ??= event.clockMs
  }
}

/** @param wrongInRow at least PASSPHRASE_TRIES */
export const lockMs = (wrongInRow: number): number => Math.min(FIRST_LOCK_MS * 2 ** (wrongInRow - PASSPHRASE_TRIES), MAX_LOCK_MS)

export const expiryTimeMs = (record: MessageRecord): number => record.created.timeMs + record.created.lifeMs
const isFull = (record: MessageRecord): boolean => record.claims.size >= record.created.reads

/** Nobody may ask for this key's seal any more. With --strict there is no lease at all. */
export const isSettled = (record: MessageRecord, claim: CountedKey): boolean =>
  claim.ackedAtMs !== undefined || claim.overAtMs !== undefined || record.created.strict

const allSettled = (record: MessageRecord): boolean => [...record.claims.values()].every(c => isSettled(record, c))

/** Time decides through an `expired` event only, so a state never changes without a record of it. */
export function stateOf (record: MessageRecord): MessageState {
  if (record.damaged) return 'unconfirmed'
  if (record.revokedAtMs !== undefined) return 'revoked'
  if (isFull(record) && allSettled(record)) return [...record.claims.values()].every(c => c.ackedAtMs !== undefined) ? 'read' : 'unconfirmed'
  if (record.expiredAtMs !== undefined && allSettled(record)) return 'expired'
  return record.claims.size === 0 ? 'unread' : 'claimed'
}

/** No further key may be counted. */
export const isClosed = (record: MessageRecord): boolean =>
  record.damaged || record.revokedAtMs !== undefined || record.expiredAtMs !== undefined || isFull(record)

export const isFinal = (record: MessageRecord): boolean => !['unread', 'claimed'].includes(stateOf(record))

export const lastClaimedAtMs = (record: MessageRecord): number | null =>
  [...record.claims.values()].reduce<number | null>((last, c) => Math.max(last ?? 0, c.claimedAtMs), null)

export function endedAtMs (record: MessageRecord): number | null {
  if (record.damaged) return record.events.at(-1)!.clockMs
  switch (stateOf(record)) {
    case 'unread': case 'claimed': return null
    case 'revoked': return record.revokedAtMs!
    case 'expired': return Math.max(record.expiredAtMs!, ...[...record.claims.values()].map(settledAtMs))
    case 'read': return Math.max(...[...record.claims.values()].map(c => c.ackedAtMs!))
    case 'unconfirmed': return Math.max(...[...record.claims.values()].map(settledAtMs))
  }
}
const settledAtMs = (c: CountedKey): number => c.ackedAtMs ?? c.overAtMs ?? c.claimedAtMs

/** What a claim is told that comes too late, by a record that is closed: the code and its time. */
export function refusalOf (record: MessageRecord): [code: 'claimed' | FinalState, atMs: number | null] {
  const state = stateOf(record)
  switch (state) {
    case 'unconfirmed': return [state, lastClaimedAtMs(record)]
    case 'read': case 'expired': case 'revoked': return [state, endedAtMs(record)]
    case 'unread': case 'claimed': return record.expiredAtMs === undefined ? ['claimed', lastClaimedAtMs(record)] : ['expired', record.expiredAtMs]
  }
}

export function infoOf (record: MessageRecord, time: SenderTime): MessageInfo {
  const { created } = record
  return {
    state: stateOf(record),
    sizeBytes: created.sizeBytes,
    expiresAtMs: created.clockMs + created.lifeMs,
    passphrase: created.passProofKey !== null,
    strict: created.strict,
    reads: created.reads,
    readsLeft: isClosed(record) ? 0 : created.reads - record.claims.size,
    claimedAtMs: [...record.claims.values()].map(c => c.claimedAtMs),
    endedAtMs: endedAtMs(record),
    lockedUntilMs: record.lockedUntilTimeMs !== undefined && record.lockedUntilTimeMs > time.now() ? time.toClock(record.lockedUntilTimeMs) : null,
  }
}

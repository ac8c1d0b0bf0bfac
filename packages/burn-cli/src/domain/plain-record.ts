/** One plain message's state, derived from its events. Pure: what follows from it is done in kept-plain.ts. */
import type { AuditLine, MessageItem } from '../rpc.ts'
import type { MessageState } from './message-desk.ts'
import type { ReplayedLog } from './message-store.ts'
import { decodePlainEvent, type PlainCreated, type PlainEvent } from './plain-events.ts'

export interface PlainRecord {
  readonly created: PlainCreated
  claim: { readonly reader: string, readonly claimedAtMs: number } | undefined
  /** Places of the blocks that were handed over. */
  readonly sent: Set<number>
  /** How it ended. */
  end: { readonly state: Exclude<MessageState, 'unread' | 'claimed'>, readonly atMs: number } | undefined
  /** For the audit: every event but `sent`. */
  readonly events: PlainEvent[]
}

export const newPlainRecord = (created: PlainCreated): PlainRecord => ({ created, claim: undefined, sent: new Set(), end: undefined, events: [created] })

/**
 * Replays a log. With a bad record before its end the message counts as claimed and released.
 * @returns undefined when the first record, CREATED, cannot be read
 */
export function readPlainRecord (log: ReplayedLog): PlainRecord | undefined {
  let record: PlainRecord | undefined
  let damaged = log.damaged
  for (const bytes of log.events) {
    let event: PlainEvent
    try { event = decodePlainEvent(bytes) } catch { damaged = true; break }
    if (record !== undefined) applyPlainEvent(record, event)
    else if (event.event === 'created') record = newPlainRecord(event)
    else return undefined
  }
  if (record !== undefined && damaged) record.end ??= { state: 'unconfirmed', atMs: record.events.at(-1)!.clockMs }
  return record
}

const ENDS = { read: 'read', over: 'unconfirmed', expired: 'expired', revoked: 'revoked' } as const

/** Events are facts: what one says that was already so changes nothing. */
export function applyPlainEvent (record: PlainRecord, event: PlainEvent): void {
  if (event.event === 'sent') { record.sent.add(event.block); return }
  record.events.push(event)
  if (event.event === 'created') return
  if (event.event === 'claimed') record.claim ??= { reader: event.reader, claimedAtMs: event.clockMs }
  else record.end ??= { state: ENDS[event.event], atMs: event.clockMs }
}

export const plainExpiryTimeMs = ({ created }: PlainRecord): number => created.timeMs + created.lifeMs

/** Its reader was handed every block. */
export const hasAll = (record: PlainRecord): boolean => record.sent.size >= record.created.blockCount

export function plainItem (id: string, record: PlainRecord): MessageItem {
  const { created, claim, end } = record
  return {
    id,
    kind: 'plain',
    name: created.name,
    state: end?.state ?? (claim === undefined ? 'unread' : 'claimed'),
    sizeBytes: created.sizeBytes,
    createdAt: created.clockMs,
    expiresAt: created.clockMs + created.lifeMs,
    claimedAt: claim?.claimedAtMs ?? null,
    readAt: end?.state === 'read' ? end.atMs : null,
    endedAt: end?.atMs ?? null,
    cid: created.root,
    reads: 1,
    readsLeft: claim === undefined && end === undefined ? 1 : 0,
    to: null,
    passphrase: false,
    strict: false,
    volatile: false,
    web: false,
    lockedUntil: null,
    wrongPassphrases: 0,
    damaged: false,
  }
}

export function plainAudit (record: PlainRecord): AuditLine[] {
  return record.events.flatMap((event): AuditLine[] => {
    if (event.event === 'sent') return []
    const readers = event.event === 'claimed' || event.event === 'read' || event.event === 'over'
    return [{ at: event.clockMs, event: event.event === 'read' ? 'acked' : event.event, reader: readers ? record.claim?.reader ?? null : null }]
  })
}

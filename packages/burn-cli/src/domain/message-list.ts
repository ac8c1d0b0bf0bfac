/** What the sender sees of its messages. */
import type { AuditLine, MessageItem } from '../rpc.ts'
import type { MessageInfo } from './message-desk.ts'
import { idText, keyText, lastClaimedAtMs, type MessageRecord } from './message-record.ts'

export function messageItem (record: MessageRecord, info: MessageInfo): MessageItem {
  const { created } = record
  const readAtMs = Math.max(0, ...[...record.claims.values()].map(c => c.ackedAtMs ?? 0))
  return {
    id: idText(created.id),
    kind: 'sealed',
    name: created.name,
    state: info.state,
    sizeBytes: created.sizeBytes,
    createdAt: created.clockMs,
    expiresAt: info.expiresAtMs,
    claimedAt: lastClaimedAtMs(record),
    readAt: readAtMs === 0 ? null : readAtMs,
    endedAt: info.endedAtMs,
    cid: created.root,
    reads: created.reads,
    readsLeft: info.readsLeft,
    to: created.to,
    passphrase: info.passphrase,
    strict: created.strict,
    volatile: created.volatile,
    web: created.web,
    lockedUntil: info.lockedUntilMs === null ? null : Math.round(info.lockedUntilMs),
    wrongPassphrases: record.wrongInRow,
    damaged: record.damaged,
  }
}

/** Every event with its time, and whose it was. */
export function auditOf (record: MessageRecord): AuditLine[] {
  return record.events.map(event => ({
    at: event.clockMs,
    event: event.event,
    reader: 'reader' in event ? event.reader : 'key' in event ? record.claims.get(keyText(event.key))?.reader ?? null : null,
  }))
}

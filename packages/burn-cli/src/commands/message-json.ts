/** How `ls`, `status`, `rm` and `unlock` show a message. Times are ISO 8601 in UTC, null where there is none. */
import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText, tableText } from '@ipkit/core/cli/table'
import type { AuditLine, MessageItem } from '../rpc.ts'

/** Enough of an id to tell messages apart; commands take any unambiguous beginning. */
const SHORT_ID = 12

export const isoTime = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => ms === null ? null : isoTime(ms)

export const messageJson = (m: MessageItem): object => ({
  id: m.id,
  kind: m.kind,
  name: m.name,
  state: m.state,
  sizeBytes: m.sizeBytes,
  createdAt: isoTime(m.createdAt),
  expiresAt: isoTime(m.expiresAt),
  claimedAt: isoOrNull(m.claimedAt),
  readAt: isoOrNull(m.readAt),
  endedAt: isoOrNull(m.endedAt),
  cid: m.cid,
  reads: m.reads,
  readsLeft: m.readsLeft,
  to: m.to,
  passphrase: m.passphrase,
  strict: m.strict,
  volatile: m.volatile,
  web: m.web,
  lockedUntil: isoOrNull(m.lockedUntil),
  wrongPassphrases: m.wrongPassphrases,
  damaged: m.damaged,
})

export const auditJson = ({ at, event, reader }: AuditLine): object => ({ at: isoTime(at), event, reader })

const table = tableText([
  { title: 'ID', width: SHORT_ID }, { title: 'STATE', width: 11 }, { title: 'SIZE', width: 8, align: 'right' }, { title: 'UNTIL OR SINCE', width: 20 }, { title: 'NAME', width: 24 },
])
export const messageHeader = table.header
export const messageRow = (m: MessageItem): string =>
  table.row([m.id.slice(0, SHORT_ID), m.state, formatBytes(m.sizeBytes), formatTime(m.endedAt ?? m.expiresAt), stripControl(m.name ?? '')])

export function messageFacts (m: MessageItem, nowMs: number): string {
  const left = m.readsLeft === m.reads ? `${m.reads}` : `${m.reads}, ${m.readsLeft} left`
  return factsText([
    ['id', m.id],
    ['name', m.name === null ? undefined : stripControl(m.name)],
    ['state', `${m.state}${m.damaged ? ', its log is damaged' : ''}`],
    ['size', `${formatBytes(m.sizeBytes)}${m.kind === 'plain' ? ', plain: for any IPFS client' : ' encrypted and padded'}`],
    ['created', formatTime(m.createdAt)],
    ['expires', m.endedAt === null && m.expiresAt > nowMs ? `${formatTime(m.expiresAt)}, in ${formatDuration(m.expiresAt - nowMs)}` : formatTime(m.expiresAt)],
    ['claimed', m.claimedAt === null ? undefined : formatTime(m.claimedAt)],
    ['confirmed', m.readAt === null ? undefined : formatTime(m.readAt)],
    ['over since', m.endedAt === null ? undefined : formatTime(m.endedAt)],
    ['reads', left],
    ['only for', m.to ?? undefined],
    ['passphrase', m.passphrase ? passphraseText(m) : undefined],
    ['options', [m.strict && 'strict', m.volatile && 'volatile', m.web && 'web'].filter(o => o !== false).join(', ')],
    ['cid', m.cid],
  ])
}

const passphraseText = (m: MessageItem): string =>
  ['yes', ...m.wrongPassphrases > 0 ? [`${m.wrongPassphrases} wrong in a row`] : [], ...m.lockedUntil === null ? [] : [`locked until ${formatTime(m.lockedUntil)}`]].join(', ')

const EVENTS: Readonly<Record<AuditLine['event'], string>> = {
  created: 'added',
  claimed: 'claimed by',
  acked: 'confirmed by',
  over: 'never confirmed by',
  wrong: 'wrong passphrase from',
  unlocked: 'unlocked',
  expired: 'expired',
  revoked: 'revoked',
}

export const auditText = ({ at, event, reader }: AuditLine): string =>
  `${isoTime(at).slice(0, 19).replace('T', ' ')} UTC  ${EVENTS[event]}${reader === null ? '' : ` ${stripControl(reader)}`}`

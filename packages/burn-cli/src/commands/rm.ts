import { formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { messageId } from '../domain/keys.ts'
import { asPlainLink } from '../domain/plain-link.ts'
import { idText } from '../domain/message-record.ts'
import { burnRpc, callBurn, listBurn } from '../rpc.ts'
import { messageIdOf } from './find-message.ts'
import { messageJson } from './message-json.ts'
import { linkText, readLink } from './read-link.ts'

/** `burn rm <id|link>`: takes a message back. Exit 4 when somebody was faster. */
export async function rm (io: Io, args: { readonly message: string }): Promise<Outcome> {
  const before = await callBurn(io.node, burnRpc.status, { id: await revokedId(io, args.message) })
  if (before.message.endedAt !== null) {
    return document(messageJson(before.message), `nothing to take back: its state is ${before.message.state}, since ${formatTime(before.message.endedAt)}`, 'notFound')
  }
  const after = await callBurn(io.node, burnRpc.revoke, { id: before.message.id })
  if (after.claimedAt !== null) io.report.warn('CLAIMED_BEFORE', `a reader had claimed it at ${formatTime(after.claimedAt)} and may have read it`)
  return document(messageJson(after), `${after.state} ${after.id}`, after.state === 'revoked' ? 'ok' : 'notFound')
}

async function revokedId (io: Io, given: string): Promise<string> {
  if (given !== '-' && !given.includes(':')) return await messageIdOf(io, given)
  const text = given === '-' ? await linkText(io) : given
  const plain = /^https?:/.test(text) ? undefined : asPlainLink(text)
  if (plain !== undefined) return await plainId(io, plain.cid)
  const link = await readLink(io, text)
  const { peerId } = await callBurn(io.node, burnRpc.whereAmI, {})
  if (peerId !== link.sender) throw new AppError('NOT_THE_SENDER', 'the message of this link waits at another node; only its sender can take it back', { exit: 'refused', hints: ["run it with the sender's home: burn --home DIR rm -"] })
  return idText(messageId(link.L))
}

/** A plain message's CID cannot be guessed, so it is as good as an id. */
async function plainId (io: Io, cid: string): Promise<string> {
  for await (const message of listBurn(io.node, burnRpc.list, {})) if (message.cid === cid) return message.id
  throw new AppError('NOT_THE_SENDER', 'the message of this link waits at another node, or the link is not whole', { exit: 'refused', hints: ["run it with the sender's home: burn --home DIR rm -", "or name the message by its id: see 'burn ls'"] })
}

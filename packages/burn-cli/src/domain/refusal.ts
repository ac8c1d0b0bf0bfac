/** What a sender's error code means to a person. Table: docs/protocols/burn.md, "Errors". */
import { AppError } from '@ipkit/core/errors/app-error'
import type { ExitName } from '@ipkit/core/errors/exit-codes'

export const ERROR_CODES = ['unknown', 'claimed', 'read', 'unconfirmed', 'expired', 'revoked', 'passphrase', 'locked', 'bad-key', 'bad-request', 'stale', 'busy', 'failed'] as const
export type ErrorCode = typeof ERROR_CODES[number]

interface Meaning { readonly code: string, readonly exit: ExitName, readonly message: string, readonly hint: string }

const MEANINGS: Readonly<Record<ErrorCode, Meaning>> = {
  unknown: { code: 'MESSAGE_UNKNOWN', exit: 'notFound', message: 'the sender does not know this message, or not for you', hint: 'it may be long gone, meant for another peer, or the link is not whole' },
  claimed: { code: 'MESSAGE_CLAIMED', exit: 'notFound', message: 'the message was taken by another reader', hint: 'if that was not meant to happen, tell the sender: somebody else has the link' },
  read: { code: 'MESSAGE_READ', exit: 'notFound', message: 'the message was read', hint: 'if that was not you, tell the sender: somebody else has the link' },
  unconfirmed: { code: 'MESSAGE_UNCONFIRMED', exit: 'notFound', message: 'the message was taken by a reader that never confirmed it', hint: 'ask the sender for a new one' },
  expired: { code: 'MESSAGE_EXPIRED', exit: 'notFound', message: 'the message has expired', hint: 'ask the sender for a new one' },
  revoked: { code: 'MESSAGE_REVOKED', exit: 'notFound', message: 'the sender has revoked the message', hint: 'ask the sender for a new one' },
  passphrase: { code: 'PASSPHRASE_WRONG', exit: 'refused', message: 'wrong passphrase', hint: 'nothing was used up; after 5 wrong ones in a row the message is locked for a while' },
  locked: { code: 'PASSPHRASE_LOCKED', exit: 'busy', message: 'too many wrong passphrases: the message is locked', hint: "wait, or ask the sender to run 'burn unlock'" },
  'bad-key': { code: 'BAD_READER_KEY', exit: 'refused', message: 'the sender refused the reader key', hint: 'try again: a new key is made' },
  'bad-request': { code: 'BAD_REQUEST', exit: 'refused', message: 'the sender did not understand', hint: 'update on both sides and try again' },
  stale: { code: 'NONCE_STALE', exit: 'busy', message: 'the conversation took too long', hint: 'try again' },
  busy: { code: 'SENDER_BUSY', exit: 'busy', message: 'the sender has too much to do', hint: 'try again later' },
  failed: { code: 'SENDER_FAILED', exit: 'unreachable', message: 'the sender could not write to its disk, so nothing was released', hint: 'tell the sender, and try again later: the message is still there' },
}

/** A sender's `error`, as an error here. Its code, exit and hint are for people; `reason` and `atMs` for who acts on it. */
export class Refusal extends AppError {
  readonly reason: ErrorCode
  /** Milliseconds since the epoch by the sender's clock, where the code has a time. */
  readonly atMs: number | null

  constructor (reason: ErrorCode, atMs: number | null) {
    const { code: name, exit, message, hint } = MEANINGS[reason]
    const time = atMs === null || !Number.isFinite(new Date(atMs).getTime()) ? '' : `${reason === 'locked' ? ' until' : ' at'} ${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    super(name, message + time, { exit, hints: [hint] })
    this.reason = reason
    this.atMs = atMs
  }
}

export const refusal = (code: ErrorCode, at: number | null): Refusal => new Refusal(code, at)

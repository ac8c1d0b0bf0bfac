/** What a peer's error code means to a person, and which code a peer is told. Table: docs/protocols/ipnsup.md, "Errors". */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { ExitName } from '@ipkit/core/errors/exit-codes'

export const ERROR_CODES = ['bad-request', 'bad-record', 'expired', 'too-many', 'unavailable'] as const
export type ErrorCode = typeof ERROR_CODES[number]

interface Meaning { readonly code: string, readonly exit: ExitName, readonly message: string, readonly hint: string }

const MEANINGS: Readonly<Record<ErrorCode, Meaning>> = {
  'bad-request': { code: 'BAD_REQUEST', exit: 'refused', message: 'the peer did not understand', hint: 'update on both sides and try again' },
  'bad-record': { code: 'RECORD_REFUSED', exit: 'refused', message: 'the peer did not take the record for one of this name', hint: "look at the record with 'ipnsup inspect'" },
  expired: { code: 'RECORD_EXPIRED', exit: 'refused', message: 'the record has expired, and the peer knew none of this name', hint: "the name's owner can publish again" },
  'too-many': { code: 'TOO_MANY_RECORDS', exit: 'busy', message: 'the peer takes no more records now', hint: 'try again in a minute' },
  unavailable: { code: 'PEER_FAILED', exit: 'unreachable', message: 'the peer could not answer', hint: 'try again later' },
}

/** A peer's `error`, as an error here. */
export function peerRefusal (reason: ErrorCode): AppError {
  const { code, exit, message, hint } = MEANINGS[reason]
  return new AppError(code, message, { exit, hints: [hint] })
}

/** @param e what the desk threw @returns undefined for what is not the sender's fault */
export function refusalFor (e: unknown): Exclude<ErrorCode, 'bad-request' | 'unavailable'> | undefined {
  if (!isAppError(e)) return undefined
  if (e.code === 'TOO_MANY_RECORDS') return 'too-many'
  if (e.code === 'RECORD_EXPIRED') return 'expired'
  return e.code.startsWith('RECORD_') ? 'bad-record' : undefined
}

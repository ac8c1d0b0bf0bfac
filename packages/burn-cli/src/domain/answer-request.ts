/**
 * What the sender answers to each request, and in which order requests may come. The checks of proofs are here; state that must
 * survive is behind `MessageDesk`. Spec: docs/protocols/burn.md, "Messages" and "What the sender does with a claim".
 */
import { CID } from 'multiformats/cid'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { Answer, BurnAnswer, BurnRequest, Request } from '../wire.ts'
import type { MessageDesk, MessageFile } from './message-desk.ts'
import type { NonceRule } from './nonce.ts'
import { leafCount } from './payload-layout.ts'
import { isProof } from './proofs.ts'
import type { ErrorCode } from './refusal.ts'
import { sealSecret } from './sealed-key.ts'
import { claimStatement, decodeClaimStatement, openStatement, WEB_READER, type Parties } from './statement.ts'

export interface Answering {
  readonly desk: MessageDesk
  /** This node's peer id. */
  readonly self: string
  /** 32 random bytes of this process: what proofs about unknown ids are checked with. */
  readonly standInKey: Uint8Array
  /** Our own failures, for the log; the reader is only told `failed`. */
  report(error: unknown): void
}

export interface Caller {
  /** The peer id that Noise has verified, or WEB_READER. */
  readonly reader: string
  /** For the audit: who and from where. */
  readonly audit: string
  readonly nonces: NonceRule
}

/** What has been said so far. */
export interface Progress { nonce?: Uint8Array, opened?: MessageFile, claimed?: boolean }

/** @returns answers, and after a `leaf` its bytes; an `error` ends the conversation */
export async function * answerRequest (server: Answering, caller: Caller, progress: Progress, request: BurnRequest): AsyncGenerator<BurnAnswer | Uint8Array> {
  const said = progress.nonce !== undefined
  switch (request.type) {
    case 'hello': yield * said ? refuse('bad-request') : greet(caller.nonces, progress, request); break
    case 'open': yield * said && progress.opened === undefined ? open(server, caller, progress, request) : refuse('bad-request'); break
    case 'hashes': yield * hashes(server, progress, request); break
    case 'leaves': yield * leaves(server, progress, request); break
    case 'claim':
      if (!said || progress.claimed === true) { yield * refuse('bad-request'); break }
      progress.claimed = true
      yield await claim(server, caller, progress.nonce!, request)
      break
    case 'ack': yield await acknowledge(server, request); break
    case 'has': yield { type: 'holding', has: server.desk.holds(request.cid) }; break
  }
}

export const error = (code: ErrorCode, at: number | null = null): Answer<'error'> => ({ type: 'error', code, at })
export async function * refuse (code: ErrorCode): AsyncGenerator<BurnAnswer> { yield error(code) }

async function * greet (nonces: NonceRule, progress: Progress, { nonce }: Request<'hello'>): AsyncGenerator<BurnAnswer> {
  if (nonce !== null && nonces.accepts === undefined) { yield error('bad-request'); return }
  if (nonce !== null && !nonces.accepts!(nonce)) { yield error('stale'); return }
  progress.nonce = nonce ?? nonces.issue()
  yield { type: 'nonce', nonce: progress.nonce }
}

/** CIDv1, raw, sha2-256 of nothing: of the same size as a real root. */
const STAND_IN_ROOT = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')

/**
 * Step 1 and 2 of a claim, and an `open`: whether this caller may hear about this message. Does the same work whether there is none, it is not
 * for this caller, or the proof is wrong.
 */
function authorise (server: Answering, caller: Caller, id: Uint8Array, proof: Uint8Array, state: (parties: Parties) => Uint8Array): { file: MessageFile, statement: Uint8Array } | undefined {
  const found = server.desk.find(id)
  const web = caller.reader === WEB_READER
  const file = found !== undefined && (found.to === null || found.to === caller.reader) && (!web || found.web) ? found : undefined
  const statement = state({ id, root: file?.root ?? STAND_IN_ROOT, sender: server.self, reader: caller.reader, to: file?.to ?? null })
  const right = isProof(file?.linkProofKey ?? server.standInKey, statement, proof)
  return right && file !== undefined ? { file, statement } : undefined
}

async function * open (server: Answering, caller: Caller, progress: Progress, { id, proof }: Request<'open'>): AsyncGenerator<BurnAnswer> {
  const file = authorise(server, caller, id, proof, parties => openStatement(parties, progress.nonce!))?.file
  if (file === undefined) { yield error('unknown'); return }
  progress.opened = file
  const { info } = file
  yield {
    type: 'info', state: info.state, size: info.sizeBytes, expires: info.expiresAtMs, passphrase: info.passphrase, strict: info.strict, reads: info.reads,
    left: info.readsLeft, claims: [...info.claimedAtMs], ended: info.endedAtMs, locked: info.lockedUntilMs,
  }
}

/** What to say when the payload went away: the state that the message is in now. */
function gone (server: Answering, id: Uint8Array): Answer<'error'> {
  const info = server.desk.find(id)?.info
  if (info === undefined || info.state === 'unread' || info.state === 'claimed') return error('failed')
  return error(info.state, info.state === 'unconfirmed' ? info.claimedAtMs.at(-1) ?? info.endedAtMs : info.endedAtMs)
}

async function * hashes (server: Answering, progress: Progress, { from, count }: Request<'hashes'>): AsyncGenerator<BurnAnswer> {
  const file = progress.opened
  if (file === undefined || from + count > leafCount(file.info.sizeBytes)) { yield error('bad-request'); return }
  const found = await attempt(server, () => server.desk.hashes(file.id, from, count))
  yield found === undefined ? gone(server, file.id) : { type: 'hash-list', from, hashes: found }
}

async function * leaves (server: Answering, progress: Progress, { from, count }: Request<'leaves'>): AsyncGenerator<BurnAnswer | Uint8Array> {
  const file = progress.opened
  if (file === undefined || from + count > leafCount(file.info.sizeBytes)) { yield error('bad-request'); return }
  const found = server.desk.leaves(file.id, from, count)[Symbol.asyncIterator]()
  try {
    for (let index = from; index < from + count; index++) {
      const next = await attempt(server, () => found.next())
      if (next === undefined || next.done === true) { yield gone(server, file.id); return }
      yield { type: 'leaf', index }
      yield next.value
    }
  } finally {
    await found.return?.()
  }
}

/** A disk that cannot be read is our failure, and looks like a payload that is gone. */
async function attempt<T> (server: Answering, work: () => Promise<T>): Promise<T | undefined> {
  try { return await work() } catch (e) { server.report(e); return undefined }
}

async function claim (server: Answering, caller: Caller, nonce: Uint8Array, request: Request<'claim'>): Promise<BurnAnswer> {
  const { id, key, link, pass } = request
  const authorised = authorise(server, caller, id, link, parties => claimStatement(parties, key, nonce))
  if (authorised === undefined) return error('unknown')
  const { file: { passProofKey: wanted }, statement } = authorised
  if (wanted === null && pass !== null) return error('bad-request')
  const passProof = pass === null || wanted === null ? 'missing' : isProof(wanted, statement, pass) ? 'right' : 'wrong'
  const { nonces } = caller
  const spending = { isSpent: () => nonces.isSpent?.(nonce) ?? false, spend: () => { nonces.spend?.(nonce) } }
  try {
    const verdict = await server.desk.claim(id, { readerKey: key, reader: caller.audit, passProof, nonce: spending, seal: D => sealSecret(D, key, statement) })
    if (verdict.kind === 'refused') return error(verdict.code, verdict.atMs)
    return { type: 'answer', ...verdict.sealed, at: verdict.claimedAtMs, until: verdict.leaseUntilMs }
  } catch (e) {
    if (isAppError(e) && e.code === 'BAD_READER_KEY') return error('bad-key')
    server.report(e)
    return error('failed')
  }
}

async function acknowledge (server: Answering, { statement, proof }: Request<'ack'>): Promise<BurnAnswer> {
  let said
  try { said = decodeClaimStatement(statement) } catch { return error('bad-request') }
  const { parties, readerKey } = said
  const file = server.desk.find(parties.id)
  const fits = file !== undefined && file.root.equals(parties.root) && parties.sender === server.self && parties.to === file.to
  const right = isProof(file?.ackKey ?? server.standInKey, statement, proof)
  if (!fits || !right) return error('unknown')
  try {
    return await server.desk.confirm(parties.id, readerKey) ? { type: 'done' } : error('unknown')
  } catch (e) {
    server.report(e)
    return error('failed')
  }
}

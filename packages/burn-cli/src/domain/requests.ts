/** What a reader asks. Pure; shared with the page. Spec: docs/protocols/burn.md, "Messages". */
import type { Request } from '../wire.ts'
import { ackKey, linkProofKey, messageId } from './keys.ts'
import { MAX_HASHES } from './limits.ts'
import type { BurnLink } from './link.ts'
import { leafCount } from './payload-layout.ts'
import { makeProof } from './proofs.ts'
import { claimStatement, openStatement, type Parties } from './statement.ts'

/** Whom a reader asks, and about what: what the link says, without L, which stays with the command or the page. */
export interface Target extends Pick<BurnLink, 'root' | 'sender' | 'passphrase' | 'addressed'> {
  readonly id: Uint8Array
  readonly linkProofKey: Uint8Array
  /** The reader's own peer id in this conversation, or WEB_READER. */
  readonly reader: string
}

/** @param reader the reader's own peer id in the conversation, or WEB_READER */
export const targetOf = ({ L, root, sender, passphrase, addressed }: Pick<BurnLink, 'L' | 'root' | 'sender' | 'passphrase' | 'addressed'>, reader: string): Target =>
  ({ id: messageId(L), linkProofKey: linkProofKey(L), root, sender, passphrase, addressed, reader })

export const targetParties = (target: Target): Parties => ({
  id: target.id, root: target.root, sender: target.sender, reader: target.reader, to: target.addressed ? target.reader : null,
})

export function openRequest (target: Target, nonce: Uint8Array): Request<'open'> {
  const parties = targetParties(target)
  return { type: 'open', id: parties.id, proof: makeProof(target.linkProofKey, openStatement(parties, nonce)) }
}

export interface MadeClaim { readonly request: Request<'claim'>, readonly statement: Uint8Array }

/** @param readerKey public @param passKey passProofKey of the stretched passphrase, when there is one */
export function claimRequest (target: Target, nonce: Uint8Array, readerKey: Uint8Array, passKey: Uint8Array | undefined): MadeClaim {
  const parties = targetParties(target)
  const statement = claimStatement(parties, readerKey, nonce)
  const pass = passKey === undefined ? null : makeProof(passKey, statement)
  return { request: { type: 'claim', id: parties.id, key: readerKey, link: makeProof(target.linkProofKey, statement), pass }, statement }
}

export const ackRequest = (D: Uint8Array, statement: Uint8Array): Request<'ack'> => ({ type: 'ack', statement, proof: makeProof(ackKey(D), statement) })

/** Hashes are asked for in parts that fit a frame. */
export function * hashRequests (sizeBytes: number): Generator<Request<'hashes'>> {
  const count = leafCount(sizeBytes)
  for (let from = 0; from < count; from += MAX_HASHES) yield { type: 'hashes', from, count: Math.min(MAX_HASHES, count - from) }
}

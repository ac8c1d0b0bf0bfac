/** What proofs are made over. Spec: docs/protocols/burn.md, "Statements". */
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { AppError } from '@ipkit/core/errors/app-error'
import { isPeerId } from '@ipkit/core/identity/peer-id'
import { bytes, check, literal, nullable, union } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ID_BYTES, KEY_BYTES } from './key-sizes.ts'
import { MAX_STATEMENT_BYTES } from './limits.ts'
import { isPayloadCid } from './payload-layout.ts'

/** The reader of a conversation over HTTP, which proves no identity. */
export const WEB_READER = 'web'
const OPEN = 'ipkit/burn/open/1'
const CLAIM = 'ipkit/burn/claim/1'

/** Who speaks with whom about what. Peers as text, base58btc. */
export interface Parties {
  readonly id: Uint8Array
  readonly root: CID
  readonly sender: string
  /** A peer id, or WEB_READER. */
  readonly reader: string
  /** The only peer that may read. */
  readonly to: string | null
}

export function openStatement (parties: Parties, nonce: Uint8Array): Uint8Array {
  return encodeStrict([OPEN, parties.id, parties.root, peerBytes(parties.sender), readerItem(parties.reader), nonce, toItem(parties.to)])
}

export function claimStatement (parties: Parties, readerKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return encodeStrict([CLAIM, parties.id, parties.root, peerBytes(parties.sender), readerItem(parties.reader), readerKey, nonce, toItem(parties.to)])
}

export interface Claim { readonly parties: Parties, readonly readerKey: Uint8Array, readonly nonce: Uint8Array }

/** Reads a claim statement that a reader sent with its ack. @throws AppError BAD_MESSAGE */
export function decodeClaimStatement (statement: Uint8Array): Claim {
  if (statement.length > MAX_STATEMENT_BYTES) throw bad(`${statement.length} bytes; the limit is ${MAX_STATEMENT_BYTES}`)
  try {
    const list = decodeStrict(statement)
    if (!Array.isArray(list) || list.length !== 8) throw bad('not a list of 8')
    const [label, id, root, sender, reader, readerKey, nonce, to] = list as unknown[]
    check(literal(CLAIM), label, 'label')
    const cid = CID.asCID(root)
    if (cid === null || !isPayloadCid(cid)) throw bad('no root CID')
    const peer = bytes({ min: 1, max: 64 })
    const readerPart = check(union(literal(WEB_READER), peer), reader, 'reader')
    const toPart = check(nullable(peer), to, 'to')
    return {
      parties: {
        id: check(bytes({ size: ID_BYTES }), id, 'id'),
        root: cid,
        sender: peerText(check(peer, sender, 'sender')),
        reader: readerPart === WEB_READER ? WEB_READER : peerText(readerPart),
        to: toPart === null ? null : peerText(toPart),
      },
      readerKey: check(bytes({ size: KEY_BYTES }), readerKey, 'readerKey'),
      nonce: check(bytes({ size: KEY_BYTES }), nonce, 'nonce'),
    }
  } catch (e) {
    throw bad((e as Error).message)
  }
}

function peerBytes (peer: string): Uint8Array {
  if (!isPeerId(peer)) throw new RangeError('not a peer id')
  return base58btc.baseDecode(peer)
}

function peerText (multihash: Uint8Array): string {
  const text = base58btc.baseEncode(multihash)
  if (!isPeerId(text)) throw bad('no peer id')
  return text
}

const readerItem = (reader: string): Uint8Array | string => reader === WEB_READER ? WEB_READER : peerBytes(reader)
const toItem = (to: string | null): Uint8Array | null => to === null ? null : peerBytes(to)
const bad = (why: string): AppError => new AppError('BAD_MESSAGE', `the peer sent a malformed statement: ${why}`, { exit: 'refused' })

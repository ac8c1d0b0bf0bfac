/** A message as its reader opens it. What the reader's node gets of the link is in rpc.ts: never L. */
import { formatPeerAddress } from '@ipkit/core/link/peer-address'
import type { BulkCrypto } from './bulk-crypto.ts'
import { linkProofKey, messageId, passProofKey, stretchPassphrase, type Argon2id } from './keys.ts'
import type { BurnLink } from './link.ts'
import { idText } from './message-record.ts'
import { decryptPayload } from './payload.ts'
import { decodePayloadHeader } from './payload-header.ts'
import type { OpenedRecord } from './record.ts'

/** What a link says to the reader's node. */
export interface NodeTarget {
  readonly id: string
  readonly cid: string
  readonly sender: string
  readonly addresses: string[]
  readonly linkProofKey: Uint8Array
  readonly passphrase: boolean
  readonly addressed: boolean
}

/** @param addresses multiaddrs that take the place of the link's; empty: the link's own */
export const nodeTarget = (link: BurnLink, addresses: readonly string[]): NodeTarget => ({
  id: idText(messageId(link.L)),
  cid: link.root.toString(),
  sender: link.sender,
  addresses: addresses.length > 0 ? [...addresses] : link.addresses.map(address => formatPeerAddress({ ...address, peerId: link.sender })),
  linkProofKey: linkProofKey(link.L),
  passphrase: link.passphrase,
  addressed: link.addressed,
})

export interface Passphrase {
  readonly stretched: Uint8Array
  /** For the claim. */
  readonly proofKey: Uint8Array
}

/** @param header the first bytes of the payload @throws AppError PASSPHRASE_INVALID, CONTENT_ALTERED */
export async function preparePassphrase (argon2id: Argon2id, passphrase: string, link: BurnLink, header: Uint8Array): Promise<Passphrase> {
  const stretched = await stretchPassphrase(argon2id, passphrase, link.L, decodePayloadHeader(header).salt)
  return { stretched, proofKey: passProofKey(stretched) }
}

/** @param D as released @param payload the whole of it @throws AppError KEY_WRONG, CONTENT_ALTERED */
export async function openMessage (bulk: BulkCrypto, link: BurnLink, D: Uint8Array, passphrase: Passphrase | undefined, payload: AsyncIterable<Uint8Array>): Promise<OpenedRecord> {
  return await decryptPayload(bulk, { L: link.L, D, ...passphrase === undefined ? {} : { stretched: passphrase.stretched } }, payload)
}

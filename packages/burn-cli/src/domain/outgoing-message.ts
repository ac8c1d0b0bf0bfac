/** A message as its sender makes it: secrets, payload, link. What the sender's node gets of it is in rpc.ts. */
import type { LinkAddress } from '@ipkit/core/link/content-link'
import { CID } from 'multiformats/cid'
import type { BulkCrypto } from './bulk-crypto.ts'
import { linkProofKey, messageId, passProofKey, SECRET_BYTES, stretchPassphrase, type Argon2id } from './keys.ts'
import { formatBurnLink, formatWebLink, type BurnLink } from './link.ts'
import { encryptPayload } from './payload.ts'
import { isPayloadCid } from './payload-layout.ts'

export interface OutgoingSecrets {
  readonly L: Uint8Array
  readonly D: Uint8Array
  readonly salt: Uint8Array
  /** Of a message with a passphrase. */
  readonly stretched?: Uint8Array
}

/** @param passphrase undefined for a message without one @throws AppError PASSPHRASE_INVALID */
export async function makeSecrets (randomBytes: (sizeBytes: number) => Uint8Array, argon2id: () => Promise<Argon2id>, passphrase: string | undefined): Promise<OutgoingSecrets> {
  const secrets = { L: randomBytes(SECRET_BYTES), D: randomBytes(SECRET_BYTES), salt: randomBytes(SECRET_BYTES) }
  if (passphrase === undefined) return secrets
  return { ...secrets, stretched: await stretchPassphrase(await argon2id(), passphrase, secrets.L, secrets.salt) }
}

/** What the sender's node keeps to recognise readers; L is not in it. */
export const keysForNode = (secrets: OutgoingSecrets): { id: Uint8Array, D: Uint8Array, linkProofKey: Uint8Array, passProofKey: Uint8Array | null } => ({
  id: messageId(secrets.L),
  D: secrets.D,
  linkProofKey: linkProofKey(secrets.L),
  passProofKey: secrets.stretched === undefined ? null : passProofKey(secrets.stretched),
})

/** @param name what readers save it as; null for a text to be shown */
export function sealMessage (bulk: BulkCrypto, secrets: OutgoingSecrets, content: AsyncIterable<Uint8Array>, options: { readonly name: string | null, readonly pad: boolean }): AsyncIterable<Uint8Array> {
  return encryptPayload(bulk, { secrets, salt: secrets.salt, content, ...options })
}

/** Where and with whom a message waits. */
export interface Whereabouts {
  readonly addresses: readonly LinkAddress[]
  readonly sender: string
  /** Root CID, text. */
  readonly cid: string
  readonly addressed: boolean
}

export function linkOf (secrets: OutgoingSecrets, where: Whereabouts): string {
  return formatBurnLink(burnLinkOf(secrets, where))
}

/** @param baseUrl of the sender's HTTP listener */
export function webLinkOf (secrets: OutgoingSecrets, where: Whereabouts, baseUrl: string): string {
  return formatWebLink(baseUrl, burnLinkOf(secrets, where))
}

function burnLinkOf (secrets: OutgoingSecrets, { addresses, sender, cid, addressed }: Whereabouts): BurnLink {
  const root = CID.parse(cid)
  if (!isPayloadCid(root)) throw new RangeError(`the node made a root of an unknown form: ${cid}`)
  return { addresses, sender, root, L: secrets.L, passphrase: secrets.stretched !== undefined, addressed }
}

/** The link of a plain message: an address, a peer, a CID, and no secret. Spec: docs/protocols/burn-plain.md, "Link". */
import { AppError } from '@ipkit/core/errors/app-error'
import { parseLink, type ContentLink } from '@ipkit/core/link/content-link'
import { CID } from 'multiformats/cid'
import { DAG_PB_CODEC, isPayloadCid } from './payload-layout.ts'

export type PlainLink = ContentLink & { readonly peerId: string }

/** @returns undefined for what is none: a link with a secret, one that names no peer or no folder @throws AppError LINK_INVALID */
export function asPlainLink (text: string): PlainLink | undefined {
  const link = parseLink(text.trim())
  const { peerId, fragment, cid } = link
  const root = CID.parse(cid)
  return fragment === undefined && peerId !== undefined && isPayloadCid(root) && root.code === DAG_PB_CODEC ? { ...link, peerId } : undefined
}

/** @throws AppError USAGE naming the first option that plain messages do not have */
export function requirePlainOptions (given: Readonly<Record<string, boolean>>): void {
  const wrong = Object.keys(given).find(option => given[option] === true)
  if (wrong !== undefined) throw new AppError('USAGE', `${wrong} does not go with --plain: other IPFS clients know nothing of it`, { exit: 'usage', hints: ['leave one of the two out'] })
}

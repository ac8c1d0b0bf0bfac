import type { Io } from '@ipkit/core/cli/io'
import { checkTarget } from './check-target.ts'
import type { SyncCliDeps } from './deps.ts'

export interface Wanted { readonly target: string, readonly from: string[][] }

/** What a person names, and who is to be asked for it: a link says both. @throws AppError LINK_INVALID, CONTACT_UNKNOWN, ADDRESS_INVALID */
export async function findWanted (deps: SyncCliDeps, io: Io, text: string, from: readonly string[]): Promise<Wanted> {
  const named = await Promise.all(from.map(async peer => [...await deps.addressesOf(io, peer)]))
  if (!text.startsWith('ipfs://')) return { target: checkTarget(text), from: named }
  const [{ parseLink }, { formatPeerAddress }] = await Promise.all([import('@ipkit/core/link/content-link'), import('@ipkit/core/link/peer-address')])
  const { cid, addresses, peerId } = parseLink(text)
  const place = addresses.map(address => formatPeerAddress({ ...address, ...peerId === undefined ? {} : { peerId } }))
  return { target: cid, from: [place, ...named] }
}

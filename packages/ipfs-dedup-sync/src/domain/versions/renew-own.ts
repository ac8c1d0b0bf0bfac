import { publicKeyFromPeerId } from '@ipkit/core/identity/peer-id'
import { namePeerId } from '@ipkit/core/names/ipns-name'
import type { SyncDeps } from '../syncing/sync-ports.ts'
import { isOwn } from './known-name.ts'

/** Records of names that are published from here live on, as long as their keys are here. */
export async function renewOwn ({ known, keys, histories }: Pick<SyncDeps, 'known' | 'keys' | 'histories'>): Promise<void> {
  for (const { name, known: item } of known.all()) {
    const publicKey = isOwn(item) ? publicKeyFromPeerId(namePeerId(name)) : undefined
    const signer = publicKey === undefined ? undefined : await keys.signerOf(publicKey)
    if (signer !== undefined) await histories.renew(signer)
  }
}

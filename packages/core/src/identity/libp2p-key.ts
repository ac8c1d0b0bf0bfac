import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import type { PeerKey } from './peer-key.ts'

/** The same key as libp2p wants it: its raw form is seed and public key one after the other. */
export function toLibp2pKey (key: PeerKey): PrivateKey {
  return privateKeyFromRaw(Buffer.concat([key.exportSeed(), key.publicKey]))
}

import type { PeerKey } from '@ipkit/core/identity/peer-key'
import { createRecord, type RecordFields } from '@ipkit/core/names/create-record'
import { nameFromPublicKey, namePeerId } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { validityAtMs } from '@ipkit/core/names/validity'
import type { KeyItem } from '../src/rpc.ts'
import { ALICE as SELF, BOB as BLOG } from './records.ts'

/** When the clock of scripted runs stands. */
export const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
export const HOUR = 3_600_000
export const VALUE = '/ipfs/bafkqaddwgevxmmraojswg33smq'
export const OTHER_VALUE = '/ipfs/bafkqaddwgexxmmraojswg33smq'

export { SELF, BLOG }
export const SELF_NAME = nameFromPublicKey(SELF.publicKey)
export const BLOG_NAME = nameFromPublicKey(BLOG.publicKey)

export const keyItem = (key: string, { publicKey }: PeerKey): KeyItem => {
  const name = nameFromPublicKey(publicKey)
  return { key, name: name.text, peerId: namePeerId(name) }
}

/** @param untilMs end of its validity */
export function sampleRecord (untilMs: number, fields: Partial<RecordFields> = {}, key = SELF): VerifiedRecord {
  return createRecord(key, { value: VALUE, sequence: 3n, validity: validityAtMs(untilMs), ...fields })
}

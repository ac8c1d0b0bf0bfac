/** Records for tests, by keys of RFC 8032, 7.1. */
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { createRecord, type RecordFields } from '@ipkit/core/names/create-record'
import { nameFromPublicKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { validityAtMs } from '@ipkit/core/names/validity'
import { unhex } from './hex.ts'

export const ALICE = new PeerKey(unhex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'))
export const BOB = new PeerKey(unhex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
export const NAME: IpnsName = nameFromPublicKey(ALICE.publicKey)

/** The clock of the tests, and when their records end unless something else is said. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12)
export const HOUR_MS = 3_600_000

export interface RecordOptions extends Partial<Omit<RecordFields, 'validity'>> { readonly untilMs?: number, readonly key?: PeerKey }

/** Of `NAME`, sequence 1, good for an hour. */
export function record ({ key = ALICE, untilMs = NOW_MS + HOUR_MS, ...fields }: RecordOptions = {}): VerifiedRecord {
  return createRecord(key, { value: '/ipfs/bafkqaddwgevxmmraojswg33smq', sequence: 1n, validity: validityAtMs(untilMs), ...fields })
}

/** The same with its last bit flipped. */
export function changed (bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[copy.length - 1]! ^= 1
  return copy
}

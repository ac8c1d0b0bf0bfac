/**
 * A record read without its signature being checked: what it says, and whether envelope, key and data fit together and the name. `verifyRecord` does the rest.
 * Spec: docs/protocols/ipns-records.md, "Record" and "Reading". Pure.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { AppError } from '../errors/app-error.ts'
import { sameBytes } from './compare-bytes.ts'
import { decodeEntry, encodeEntry, type IpnsEntry } from './ipns-entry.ts'
import type { IpnsName } from './ipns-name.ts'
import { readNameKey } from './name-key.ts'
import { decodeSignedData, type SignedData } from './signed-data.ts'

export interface IpnsRecord extends SignedData {
  readonly name: IpnsName
  /** The envelope as it is kept and passed on: nothing in it that nobody can verify. At most `MAX_RECORD_BYTES`. */
  readonly bytes: Uint8Array
  /** What was signed, byte for byte. */
  readonly data: Uint8Array
  /** SHA-256 of `data`: 32 bytes, what tells records apart. */
  readonly dataHash: Uint8Array
  readonly signatureV2: Uint8Array
  /** For old readers; not verified. Absent: V2 only. */
  readonly signatureV1: Uint8Array | undefined
  /** The serialized key that came with it. Absent where the name holds the key, and there it may be too. */
  readonly pubKey: Uint8Array | undefined
}

declare const verified: unique symbol
/** A record whose signature was checked, now or before it was remembered. It may have expired: see `judgeFreshness`. */
export type VerifiedRecord = IpnsRecord & { readonly [verified]: true }

interface V1Fields { readonly value: Uint8Array, readonly validityType: bigint, readonly validity: Uint8Array, readonly sequence: bigint, readonly ttl: bigint }

export const MAX_RECORD_BYTES = 10_240
const EOL_TYPE = 0n
const EMPTY = new Uint8Array(0)

/**
 * @param bytes one envelope; it is copied
 * @throws AppError RECORD_TOO_LARGE, RECORD_TRUNCATED, RECORD_MALFORMED, RECORD_UNSIGNED, RECORD_KEY_MISSING, RECORD_KEY_INVALID, RECORD_KEY_UNSUPPORTED,
 * RECORD_KEY_MISMATCH, RECORD_DATA_INVALID, RECORD_VALIDITY_TYPE, RECORD_VALIDITY_INVALID, RECORD_VALUE_INVALID, RECORD_V1_MISMATCH
 */
export function decodeRecord (name: IpnsName, bytes: Uint8Array): IpnsRecord {
  checkSize(bytes.length)
  const entry = decodeEntry(new Uint8Array(bytes)) // a copy; Uint8Array.from would go byte by byte
  const { data, signatureV2, signatureV1, pubKey } = entry
  if (data === undefined || signatureV2 === undefined) throw refuse('RECORD_UNSIGNED', `the record has no ${data === undefined ? 'signed data' : 'V2 signature'}`)
  checkKey(name, pubKey)
  const signed = decodeSignedData(data)
  const v1 = v1Fields(signed)
  checkV1(entry, v1)
  const kept = { signatureV1, pubKey, signatureV2, data }
  const envelope = encodeEntry(signatureV1 === undefined ? kept : { ...v1, ...kept })
  checkSize(envelope.length) // zeros that had been left out may have been the bytes over the limit
  const { valueBytes, value, sequence, validity, ttlNs, extra } = signed
  return { name, bytes: envelope, data, dataHash: sha256(data), signatureV1, signatureV2, pubKey, valueBytes, value, sequence, validity, ttlNs, extra }
}

/** The copies that V1 readers look at, besides their signature. */
export function v1Fields (signed: Pick<SignedData, 'valueBytes' | 'validity' | 'sequence' | 'ttlNs'>): V1Fields {
  return { value: signed.valueBytes, validityType: EOL_TYPE, validity: new TextEncoder().encode(signed.validity.text), sequence: signed.sequence, ttl: signed.ttlNs }
}

/** Ends silently when the key is that of the name. */
function checkKey (name: IpnsName, pubKey: Uint8Array | undefined): void {
  if (pubKey === undefined) {
    if (name.keyType === 'hashed') throw refuse('RECORD_KEY_MISSING', `the record does not bring the key whose hash is ${name.text}`)
    return
  }
  const { multihash } = readNameKey(pubKey)
  if (!sameBytes(multihash, name.multihash)) throw refuse('RECORD_KEY_MISMATCH', `the key that the record brings is not that of ${name.text}`)
}

/** Every V1 field that is there says the same as the signed data, whoever may read it; where V1 readers find a record, those left out count as zeros. */
function checkV1 (entry: IpnsEntry, v1: V1Fields): void {
  const isV1 = entry.value !== undefined || entry.signatureV1 !== undefined
  for (const [key, expected] of Object.entries(v1) as Array<[keyof IpnsEntry, bigint | Uint8Array]>) {
    const found = entry[key] ?? (isV1 ? (typeof expected === 'bigint' ? 0n : EMPTY) : expected)
    const same = typeof found === 'bigint' || typeof expected === 'bigint' ? found === expected : sameBytes(found, expected)
    if (!same) throw refuse('RECORD_V1_MISMATCH', `the field ${key} differs from the signed data`)
  }
}

function checkSize (sizeBytes: number): void {
  if (sizeBytes > MAX_RECORD_BYTES) throw refuse('RECORD_TOO_LARGE', `the record is ${sizeBytes} bytes; the limit is ${MAX_RECORD_BYTES}`)
}

const refuse = (code: string, message: string): AppError => new AppError(code, message, { exit: 'refused' })

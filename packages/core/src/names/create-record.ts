/** Makes records. Spec: docs/protocols/ipns-records.md, "Record". Pure: the key is a parameter. */
import { AppError } from '../errors/app-error.ts'
import { concatBytes } from '../streams/concat-bytes.ts'
import type { CborValue } from '../streams/strict-cbor.ts'
import { encodeEntry } from './ipns-entry.ts'
import { nameFromPublicKey } from './ipns-name.ts'
import { decodeRecord, MAX_RECORD_BYTES, v1Fields, type VerifiedRecord } from './ipns-record.ts'
import { encodeSignedData } from './signed-data.ts'
import type { Validity } from './validity.ts'

/** A `PeerKey` is one. */
export interface RecordSigner {
  /** Raw Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** @returns 64 bytes */
  sign(message: Uint8Array): Uint8Array
}

export interface RecordFields {
  /** A path: `/ipfs/…`, `/ipns/…`. */
  readonly value: string
  /** From `nextSequence`, or the remembered one for a renewal. */
  readonly sequence: bigint
  readonly validity: Validity
  /** How long an answer may be kept before one asks again. Absent: 5 minutes. */
  readonly ttlNs?: bigint
  /** More signed keys; each begins with `_`. */
  readonly extra?: Readonly<Record<string, CborValue>>
  /** Leave the fields for V1 readers (before 2021) out: half the size and half the work. */
  readonly v2Only?: boolean
}

export const DEFAULT_TTL_NS = 300_000_000_000n
const MAX_UINT64 = (1n << 64n) - 1n
const V2_PREFIX = new TextEncoder().encode('ipns-signature:')
const V1_SUFFIX = new TextEncoder().encode('EOL')

/** @throws AppError RECORD_VALUE_INVALID, RECORD_TOO_LARGE */
export function createRecord (signer: RecordSigner, fields: RecordFields): VerifiedRecord {
  const { value, sequence, validity, ttlNs = DEFAULT_TTL_NS, extra = {} } = fields
  if (!value.startsWith('/') || value.length < 2) throw new AppError('RECORD_VALUE_INVALID', `the value ${JSON.stringify(value)} is no path`, { exit: 'usage', hints: ['it looks like /ipfs/<cid> or /ipns/<name>'] })
  if (sequence < 0n || sequence > MAX_UINT64 || ttlNs < 0n || ttlNs > MAX_UINT64) throw new RangeError('sequence and TTL have 64 bits')
  const reserved = Object.keys(extra).find(key => !key.startsWith('_'))
  if (reserved !== undefined) throw new RangeError(`a key of our own begins with _, not ${reserved}`)
  const data = encodeSignedData({ value, sequence, validity, ttlNs, extra })
  if (data.length > MAX_RECORD_BYTES) throw new AppError('RECORD_TOO_LARGE', `the record would be over ${data.length} bytes; the limit is ${MAX_RECORD_BYTES}`, { exit: 'usage' })
  const v1 = v1Fields({ valueBytes: new TextEncoder().encode(value), sequence, validity, ttlNs })
  const signatureV2 = signer.sign(concatBytes(V2_PREFIX, data))
  const legacy = fields.v2Only === true ? {} : { ...v1, signatureV1: signer.sign(concatBytes(v1.value, v1.validity, V1_SUFFIX)) }
  return decodeRecord(nameFromPublicKey(signer.publicKey), encodeEntry({ ...legacy, signatureV2, data })) as VerifiedRecord
}

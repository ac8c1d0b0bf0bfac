/** What a record signs: the map in strict DAG-CBOR. Spec: docs/protocols/ipns-records.md, "Record". Pure. */
import { CID } from 'multiformats/cid'
import { AppError, isAppError } from '../errors/app-error.ts'
import { answer, bytes, check, uint64 } from '../schema/schema.ts'
import { decodeStrict, encodeStrict, type CborValue } from '../streams/strict-cbor.ts'
import { parseValidity, type Validity } from './validity.ts'

export interface SignedData {
  readonly valueBytes: Uint8Array
  /** What `valueBytes` means: a path. */
  readonly value: string
  readonly sequence: bigint
  readonly validity: Validity
  readonly ttlNs: bigint
  /** Keys other than those of the specification, as decoded. */
  readonly extra: Readonly<Record<string, CborValue>>
}

const EOL_TYPE = 0n
const MAX_FIELD_BYTES = 10_240
const FIELDS = { TTL: uint64(), Value: bytes({ max: MAX_FIELD_BYTES }), Sequence: uint64(), Validity: bytes({ max: MAX_FIELD_BYTES }), ValidityType: uint64() }
const SCHEMA = answer(FIELDS)
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** @throws AppError RECORD_DATA_INVALID, RECORD_VALIDITY_TYPE, RECORD_VALIDITY_INVALID, RECORD_VALUE_INVALID */
export function decodeSignedData (data: Uint8Array): SignedData {
  const { map, fields } = decodeFields(data)
  if (fields.ValidityType !== EOL_TYPE) throw refuse('RECORD_VALIDITY_TYPE', `the validity type is ${fields.ValidityType}; only 0, an end of life, is known`)
  const validityText = readText(fields.Validity)
  const validity = validityText === undefined ? undefined : parseValidity(validityText)
  if (validity === undefined) throw refuse('RECORD_VALIDITY_INVALID', `the validity ${shown(validityText)} is not RFC 3339 as IPNS has it`)
  const value = readValue(fields.Value)
  if (value === undefined) throw refuse('RECORD_VALUE_INVALID', `the value ${shown(readText(fields.Value))} is no path that begins with /`)
  const extra = Object.create(null) as Record<string, CborValue>
  for (const [key, item] of Object.entries(map)) if (!Object.hasOwn(FIELDS, key)) extra[key] = item
  return { valueBytes: fields.Value, value, sequence: fields.Sequence, validity, ttlNs: fields.TTL, extra }
}

/** @param extra must hold none of the specification's keys; what `encodeStrict` refuses is a bug in the caller */
export function encodeSignedData (fields: Pick<SignedData, 'value' | 'sequence' | 'validity' | 'ttlNs' | 'extra'>): Uint8Array {
  return encodeStrict({
    ...fields.extra, TTL: fields.ttlNs, Value: encoder.encode(fields.value), Sequence: fields.sequence, Validity: encoder.encode(fields.validity.text), ValidityType: 0,
  })
}

/** @returns undefined for what is no path and no CID */
function readValue (value: Uint8Array): string | undefined {
  const text = readText(value)
  if (text?.startsWith('/') === true) return text.length > 1 ? text : undefined
  for (const read of [() => CID.decode(value), () => CID.parse(text ?? '')]) {
    try { return `/ipfs/${read().toV1().toString()}` } catch { /* the other form, or none */ }
  }
  return undefined
}

function decodeFields (data: Uint8Array): { readonly map: Readonly<Record<string, CborValue>>, readonly fields: ReturnType<typeof SCHEMA.read> } {
  try {
    const map = decodeStrict(data)
    return { map: map as Readonly<Record<string, CborValue>>, fields: check(SCHEMA, map, 'data') }
  } catch (e) {
    if (!isAppError(e)) throw e
    throw refuse('RECORD_DATA_INVALID', `the signed data are not those of a record: ${e.message}`)
  }
}

function readText (bytes: Uint8Array): string | undefined {
  try { return UTF8.decode(bytes) } catch { return undefined }
}

const shown = (text: string | undefined): string => text === undefined ? '(bytes)' : JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
const refuse = (code: string, message: string): AppError => new AppError(code, message, { exit: 'refused' })

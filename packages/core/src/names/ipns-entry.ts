/**
 * The envelope of a record: the protobuf message IpnsEntry as bytes. Says nothing about what the fields mean. Spec: docs/protocols/ipns-records.md,
 * "Record", and protobuf's wire format. Pure.
 */
import { AppError } from '../errors/app-error.ts'
import { concatBytes } from '../streams/concat-bytes.ts'

/** Absent fields are undefined, also bytes of length 0; unknown fields are left out. */
export interface IpnsEntry {
  readonly value?: Uint8Array | undefined
  readonly signatureV1?: Uint8Array | undefined
  readonly validityType?: bigint | undefined
  readonly validity?: Uint8Array | undefined
  readonly sequence?: bigint | undefined
  readonly ttl?: bigint | undefined
  readonly pubKey?: Uint8Array | undefined
  readonly signatureV2?: Uint8Array | undefined
  readonly data?: Uint8Array | undefined
}

const FIELDS: ReadonlyArray<readonly [number: number, key: keyof IpnsEntry, kind: 'bytes' | 'number']> = [
  [1, 'value', 'bytes'], [2, 'signatureV1', 'bytes'], [3, 'validityType', 'number'], [4, 'validity', 'bytes'], [5, 'sequence', 'number'], [6, 'ttl', 'number'],
  [7, 'pubKey', 'bytes'], [8, 'signatureV2', 'bytes'], [9, 'data', 'bytes'],
]
const BY_NUMBER = new Map(FIELDS.map(([number, key, kind]) => [number, { key, kind }]))
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const MAX_VARINT_BYTES = 10
const MAX_UINT64 = (1n << 64n) - 1n

/**
 * @param bytes whose size the caller has capped; the fields are views of it
 * @throws AppError RECORD_TRUNCATED, RECORD_MALFORMED: a known field of the wrong type or twice, a group, a number over 64 bits
 */
export function decodeEntry (bytes: Uint8Array): IpnsEntry {
  const entry: Record<string, bigint | Uint8Array> = {}
  const seen = new Set<number>()
  for (const field of readFields(bytes)) {
    const known = BY_NUMBER.get(field.number)
    if (known === undefined) continue
    const { key, kind } = known
    if ((kind === 'number') !== (typeof field.value === 'bigint')) throw malformed(`the field ${key} does not hold ${kind === 'number' ? 'a number' : 'bytes'}`)
    if (seen.has(field.number)) throw malformed(`the field ${key} stands twice`)
    seen.add(field.number)
    if (typeof field.value === 'bigint' || field.value.length > 0) entry[key] = field.value
  }
  return entry
}

/** In the order of the field numbers; numbers of 0 are written. */
export function encodeEntry (entry: IpnsEntry): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [number, key] of FIELDS) {
    const value = entry[key]
    if (typeof value === 'bigint') parts.push(encodeVarint(number * 8 + VARINT), encodeVarint(value))
    else if (value !== undefined) parts.push(encodeVarint(number * 8 + BYTES), encodeVarint(value.length), value)
  }
  return concatBytes(...parts)
}

interface Field { readonly number: number, readonly value: bigint | Uint8Array }

/** Lengths are checked against what is there; nothing is copied. */
function * readFields (bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): bigint => {
    const only = bytes[at]
    if (only !== undefined && only < 0x80) { at++; return BigInt(only) }
    let value = 0n
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = bytes[at++]
      if (byte === undefined) throw truncated('a number')
      value |= BigInt(byte & 0x7f) << BigInt(7 * i)
      if (byte >= 0x80) continue
      if (value > MAX_UINT64) throw malformed('a number has more than 64 bits')
      return value
    }
    throw malformed(`a number has more than ${MAX_VARINT_BYTES} bytes`)
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Number(tag >> 3n)
    const wireType = Number(tag & 7n)
    if (number === 0) throw malformed('a field has the number 0')
    if (wireType === VARINT) {
      yield { number, value: varint() }
      continue
    }
    const length = wireType === BYTES ? varint() : wireType === FIXED64 ? 8n : wireType === FIXED32 ? 4n : -1n
    if (length < 0n) throw malformed(`a field has the wire type ${wireType}`)
    if (length > BigInt(bytes.length - at)) throw truncated('a field')
    yield { number, value: bytes.subarray(at, at + Number(length)) }
    at += Number(length)
  }
}

function encodeVarint (value: bigint | number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(Number(value)) // most are: tags, and all lengths but that of the data
  const out: number[] = []
  let rest = BigInt(value)
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80)
  out.push(Number(rest))
  return Uint8Array.from(out)
}

const truncated = (where: string): AppError => new AppError('RECORD_TRUNCATED', `the record ends inside ${where}`, { exit: 'refused', hints: ['fetch or copy it again: a part is missing'] })
const malformed = (problem: string): AppError => new AppError('RECORD_MALFORMED', `not an IPNS record: ${problem}`, { exit: 'refused' })

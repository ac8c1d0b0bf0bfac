/** Protobuf's wire format for messages of libp2p's and IPFS's protocols. Pure; nothing is copied. Unknown fields are the caller's to skip. */

import { concatBytes } from '../streams/concat-bytes.ts'

export interface ProtobufField { readonly number: number, readonly value: number | Uint8Array }

/** Makes the error of the protocol whose message it is. */
type Refuse = (problem: string) => Error

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Lengths are checked against what is there. @param refuse makes what is thrown */
export function * protobufFields (bytes: Uint8Array, refuse: Refuse): Generator<ProtobufField> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++]
      if (byte === undefined) throw refuse('it ends inside a number')
      value += (byte & 0x7f) * 2 ** (7 * shift) // negative int32 take ten bytes and come out large and inexact; none is used
      if (byte < 0x80) return value
    }
    throw refuse('a number is longer than ten bytes')
  }
  while (at < bytes.length) {
    const tag = varint()
    const fieldNumber = Math.floor(tag / 8)
    const wireType = tag % 8
    if (fieldNumber === 0) throw refuse('field number 0')
    if (wireType === VARINT) {
      yield { number: fieldNumber, value: varint() }
      continue
    }
    const length = wireType === BYTES ? varint() : wireType === FIXED64 ? 8 : wireType === FIXED32 ? 4 : -1
    if (length < 0) throw refuse(`wire type ${wireType}`)
    if (length > bytes.length - at) throw refuse('it ends inside a field')
    yield { number: fieldNumber, value: bytes.subarray(at, at + length) }
    at += length
  }
}

export function bytesOf ({ value }: ProtobufField, refuse: Refuse): Uint8Array {
  if (typeof value === 'number') throw refuse('a number stands where bytes belong')
  return value
}

export function numberOf ({ value }: ProtobufField, refuse: Refuse): number {
  if (typeof value !== 'number') throw refuse('bytes stand where a number belongs')
  return value
}

export const bytesField = (fieldNumber: number, bytes: Uint8Array): Uint8Array => concatBytes(encodeVarint(fieldNumber * 8 + BYTES), encodeVarint(bytes.length), bytes)

/** Zero is the default and is left out, as proto3 does. */
export const numberField = (fieldNumber: number, value: number): Uint8Array => value === 0 ? new Uint8Array(0) : concatBytes(encodeVarint(fieldNumber * 8 + VARINT), encodeVarint(value))

export function encodeVarint (value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  out.push(rest)
  return Uint8Array.from(out)
}

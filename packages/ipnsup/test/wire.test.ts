import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import { MAX_MESSAGE_BYTES } from '../src/domain/wire-limits.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type ExchangeAnswer, type ExchangeRequest } from '../src/wire.ts'
import { hex, unhex } from './hex.ts'
import { fromJson, wireVectors } from './wire-vectors.ts'

const sides = [
  ...wireVectors.requests.map(v => ({ type: v.value.type, hex: v.hex, message: fromJson(v.value), encode: (m: unknown) => encodeRequest(m as ExchangeRequest), decode: decodeRequest as (b: Uint8Array) => unknown, other: decodeAnswer as (b: Uint8Array) => unknown })),
  ...wireVectors.answers.map(v => ({ type: v.value.type, hex: v.hex, message: fromJson(v.value), encode: (m: unknown) => encodeAnswer(m as ExchangeAnswer), decode: decodeAnswer as (b: Uint8Array) => unknown, other: decodeRequest as (b: Uint8Array) => unknown })),
]
const codeOf = (decode: (b: Uint8Array) => unknown, bytes: Uint8Array): unknown => {
  try { decode(bytes) } catch (e) { return (e as { code?: string }).code }
  return 'decoded'
}
const rejected = (decode: (b: Uint8Array) => unknown, bytes: Uint8Array): void => { expect(codeOf(decode, bytes)).toBe('BAD_MESSAGE') }

describe.each(sides)('$type $hex', side => {
  test('encodes to the bytes in the spec and back, and is nothing to the other side', () => {
    expect(hex(side.encode(side.message))).toBe(side.hex)
    expect({ ...side.decode(unhex(side.hex)) as object }).toEqual(side.message)
    rejected(side.other, unhex(side.hex))
  })

  test('each key missing, of another type or over its limit, and each unknown key is refused', () => {
    const message = Object.fromEntries(Object.entries(side.message as object).map(([key, value]) => [key, key === 'name' ? (value as { multihash: Uint8Array }).multihash : value as CborValue]))
    for (const [key, value] of Object.entries(message)) {
      const { [key]: _left, ...without } = message
      rejected(side.decode, encodeStrict(without))
      for (const wrong of [{}, [[]], 'x'.repeat(20), -1, 1, null, true, new Uint8Array(0), new Uint8Array(10_241)] as CborValue[]) rejected(side.decode, encodeStrict({ ...without, [key]: wrong }))
      rejected(side.decode, encodeStrict({ ...without, [`${key}x`]: value }))
    }
    rejected(side.decode, encodeStrict({ ...message, extra: 1 }))
  })

  test('every shorter form of it, and every single bit flipped, is refused or is another message', () => {
    const bytes = unhex(side.hex)
    for (let n = 0; n < bytes.length; n++) rejected(side.decode, bytes.subarray(0, n))
    for (let bit = 0; bit < Math.min(bytes.length, 120) * 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const code = codeOf(b => { expect(hex(side.encode(side.decode(b)))).toBe(hex(b)) }, flipped)
      expect(['BAD_MESSAGE', 'decoded']).toContain(code)
    }
  })
})

test.each(wireVectors.reject)('rejects $title', vector => {
  rejected(decodeRequest, unhex(vector.hex))
  rejected(decodeAnswer, unhex(vector.hex))
})

test('the largest record fits into a message; what is over the limit is refused before it is looked at', () => {
  const { message } = sides[0]!
  const largest: ExchangeRequest = { type: 'hand', name: (message as ExchangeRequest).name, record: new Uint8Array(10_240) }
  expect(decodeRequest(encodeRequest(largest))).toEqual(largest)
  expect(() => decodeRequest(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE', message: expect.stringContaining(`the limit is ${MAX_MESSAGE_BYTES}`) }))
})

test('garbage throws our error and nothing else; what decodes re-encodes identically', () => {
  const known = fc.constantFrom(...sides.map(s => unhex(s.hex)))
  const spliced = fc.tuple(known, known, fc.nat(200), fc.nat(200)).map(([a, b, i, j]) => Uint8Array.from([...a.subarray(0, i), ...b.subarray(j)]))
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), spliced), bytes => {
    for (const [decode, encode] of [[decodeRequest, encodeRequest], [decodeAnswer, encodeAnswer]] as const) {
      expect(['BAD_MESSAGE', 'decoded']).toContain(codeOf(b => { expect(hex((encode as (m: unknown) => Uint8Array)(decode(b)))).toBe(hex(b)) }, bytes))
    }
  }), { numRuns: 2000 })
})

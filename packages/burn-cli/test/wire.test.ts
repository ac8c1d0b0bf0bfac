import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { decodeStrict, encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import { decodeClaimStatement } from '../src/domain/statement.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type BurnAnswer, type BurnRequest } from '../src/wire.ts'
import { hex, unhex } from './hex.ts'
import { cryptoVectors, wireVectors } from './vectors.ts'

function fromJson (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const { $bytes, $cid } = value as { $bytes?: string, $cid?: string }
  if ($bytes !== undefined) return unhex($bytes)
  if ($cid !== undefined) return CID.parse($cid)
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fromJson(v)]))
}
const name = (v: { value: unknown }): string => (v.value as { type: string }).type
const sides = [
  ...wireVectors.requests.map(v => ({ type: name(v), hex: v.hex, message: fromJson(v.value), encode: (m: unknown) => encodeRequest(m as BurnRequest), decode: decodeRequest as (b: Uint8Array) => unknown, other: decodeAnswer as (b: Uint8Array) => unknown })),
  ...wireVectors.answers.map(v => ({ type: name(v), hex: v.hex, message: fromJson(v.value), encode: (m: unknown) => encodeAnswer(m as BurnAnswer), decode: decodeAnswer as (b: Uint8Array) => unknown, other: decodeRequest as (b: Uint8Array) => unknown })),
]
const rejected = (decode: (b: Uint8Array) => unknown, bytes: Uint8Array): void => {
  let code: unknown
  try { decode(bytes) } catch (e) { code = (e as { code?: string }).code }
  expect(code).toBe('BAD_MESSAGE')
}

describe.each(sides)('$type $hex', side => {
  test('encodes to the bytes in the spec and back, and is nothing to the other side', () => {
    expect(hex(side.encode(side.message))).toBe(side.hex)
    expect({ ...side.decode(unhex(side.hex)) as object }).toEqual(side.message)
    rejected(side.other, unhex(side.hex))
  })

  test('each key missing, of another type, over its limit, negative or fractional, and each unknown key is refused', () => {
    const message = side.message as Record<string, CborValue>
    const encode = (m: Record<string, CborValue>): Uint8Array => encodeStrict(m)
    for (const key of Object.keys(message)) {
      const { [key]: value, ...without } = message
      rejected(side.decode, encode(without))
      for (const wrong of [{}, [[]], 'x'.repeat(20), -1, 2n ** 53n, new Uint8Array(1_048_577).fill(1), new Uint8Array(7)] as CborValue[]) {
        if (value instanceof Uint8Array && key === 'statement' && wrong instanceof Uint8Array && wrong.length === 7) continue // any 1 to 512 bytes
        rejected(side.decode, encode({ ...message, [key]: wrong }))
      }
      if (value !== null && !['pass', 'nonce', 'ended', 'locked', 'at'].includes(key)) rejected(side.decode, encode({ ...without, [key]: null }))
      rejected(side.decode, encode({ ...without, [`${key}x`]: value! }))
    }
    rejected(side.decode, encode({ ...message, extra: 1 }))
    rejected(side.decode, encode({ ...message, __proto__x: null }))
  })

  test('every shorter form of it, and every single bit flipped, is refused or is another message', () => {
    const bytes = unhex(side.hex)
    for (let n = 0; n < bytes.length; n++) rejected(side.decode, bytes.subarray(0, n))
    for (let bit = 0; bit < Math.min(bytes.length, 150) * 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      try { expect(hex(side.encode(side.decode(flipped)))).toBe(hex(flipped)) } catch (e) { expect((e as { code?: string }).code).toBe('BAD_MESSAGE') }
    }
  })
})

test.each(wireVectors.reject)('rejects $title', vector => {
  rejected(decodeRequest, unhex(vector.hex))
  rejected(decodeAnswer, unhex(vector.hex))
})

test('a request over its limit is refused before it is looked at', () => {
  rejected(decodeRequest, new Uint8Array(1025))
})

test('garbage throws our error and nothing else; what decodes re-encodes identically', () => {
  const known = fc.constantFrom(...sides.map(s => unhex(s.hex)))
  const spliced = fc.tuple(known, known, fc.nat(200), fc.nat(200)).map(([a, b, i, j]) => Uint8Array.from([...a.subarray(0, i), ...b.subarray(j)]))
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), spliced), bytes => {
    for (const [decode, encode] of [[decodeRequest, encodeRequest], [decodeAnswer, encodeAnswer]] as const) {
      try { expect(hex((encode as (m: unknown) => Uint8Array)(decode(bytes)))).toBe(hex(bytes)) } catch (e) { expect((e as { code?: string }).code).toBe('BAD_MESSAGE') }
    }
    try { decodeClaimStatement(bytes) } catch (e) { expect((e as { code?: string }).code).toBe('BAD_MESSAGE') }
  }), { numRuns: 2000 })
})

describe('a claim statement', () => {
  const good = unhex(cryptoVectors.claims[0]!.claimStatement)
  const flip = (at: number): Uint8Array => { const b = Uint8Array.from(good); b[at]! ^= 1; return b }
  test.each([
    ['of an open', unhex(cryptoVectors.claims[0]!.openStatement)],
    ['with bytes after it', Uint8Array.from([...good, 0])],
    ['cut', good.subarray(0, -1)],
    ['over the limit', new Uint8Array(513)],
    ['with another label', flip(3)],
    ['with a ninth item', encodeStrict([...decodeStrict(good) as CborValue[], null])],
    ['with seven items', encodeStrict((decodeStrict(good) as CborValue[]).slice(0, 7))],
    ['with a reader that is some text', encodeStrict(['ipkit/burn/claim/1', new Uint8Array(16), CID.parse(cryptoVectors.claims[0]!.root), new Uint8Array(38), 'we', new Uint8Array(32), new Uint8Array(32), null])],
    ['with a sender that is no peer', encodeStrict(['ipkit/burn/claim/1', new Uint8Array(16), CID.parse(cryptoVectors.claims[0]!.root), new Uint8Array(38), 'web', new Uint8Array(32), new Uint8Array(32), null])],
  ])('%s is refused', (_title, bytes) => { rejected(decodeClaimStatement, bytes) })
})

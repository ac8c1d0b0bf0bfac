import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { decodeStrict, encodeStrict, MAX_DEPTH, MAX_ITEMS, type CborValue } from '../../src/streams/strict-cbor.ts'

interface Vectors { cbor: { valid: Array<{ name: string, hex: string, value: unknown }>, reject: Array<{ name: string, hex: string }> } }
const { cbor } = JSON.parse(readFileSync(new URL('../../../../docs/protocols/vectors/framing.json', import.meta.url), 'utf8')) as Vectors
const spec = readFileSync(new URL('../../../../docs/protocols/framing.md', import.meta.url), 'utf8')
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** JSON with marks -> the value, maps without a prototype. */
function valueOf (json: unknown): CborValue {
  if (Array.isArray(json)) return json.map(valueOf)
  if (typeof json !== 'object' || json === null) return json as CborValue
  const marked = json as { $bigint?: string, $bytes?: string, $cid?: string }
  if (marked.$bigint !== undefined) return BigInt(marked.$bigint)
  if (marked.$bytes !== undefined) return bytesOf(marked.$bytes)
  if (marked.$cid !== undefined) return CID.parse(marked.$cid)
  const map = Object.create(null) as Record<string, CborValue>
  for (const [key, value] of Object.entries(json)) map[key] = valueOf(value)
  return map
}

test.each(cbor.valid)('decodes and encodes: $name', ({ hex, value }) => {
  expect(decodeStrict(bytesOf(hex))).toEqual(valueOf(value))
  expect(hexOf(encodeStrict(valueOf(value)))).toBe(hex)
})

test.each(cbor.reject)('refuses: $name', ({ hex }) => {
  expect(() => decodeStrict(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'CBOR_INVALID', exit: 'refused' }))
})

const leaf = fc.oneof(
  fc.constant(null), fc.boolean(), fc.maxSafeInteger(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 40 }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
)
const { value: anyValue } = fc.letrec<{ value: CborValue }>(tie => ({
  value: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('value'), { maxLength: 5 }), fc.dictionary(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'asCID', '/', 'bytes')), tie('value'), { maxKeys: 5, noNullPrototype: false })),
}))
/** Map keys in a fixed order and no prototypes, so that equal values compare equal. */
const normal = (value: CborValue): unknown => JSON.stringify(value, (_key, v: unknown) => typeof v === 'bigint' ? `${v}n` : v instanceof Uint8Array ? { bytes: hexOf(v) } : typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.entries(v).sort(([a], [b]) => a < b ? -1 : 1) : v)

test('every value round-trips', () => {
  fc.assert(fc.property(anyValue, value => {
    const bytes = encodeStrict(value)
    const again = decodeStrict(bytes)
    expect(normal(again)).toBe(normal(value))
    expect(hexOf(encodeStrict(again))).toBe(hexOf(bytes))
  }), { numRuns: 500 })
})

test('one changed byte gives another value or our error, and what decodes encodes to the same bytes', () => {
  fc.assert(fc.property(anyValue, fc.nat(), fc.nat(255), (value, place, byte) => {
    const bytes = encodeStrict(value)
    bytes[place % bytes.length] = byte
    try {
      expect(hexOf(encodeStrict(decodeStrict(bytes)))).toBe(hexOf(bytes))
    } catch (e) {
      expect(e).toMatchObject({ code: 'CBOR_INVALID' })
    }
  }), { numRuns: 2000 })
})

test('garbage gives our error or a value, never anything else', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
    try { decodeStrict(bytes) } catch (e) { expect(e).toMatchObject({ code: 'CBOR_INVALID' }) }
  }), { numRuns: 2000 })
})

test('maps have no prototype, so no key finds something that the peer did not send', () => {
  const outer = decodeStrict(bytesOf('a16161a0')) as { a: object }
  expect(Object.getPrototypeOf(outer)).toBeNull()
  expect(Object.getPrototypeOf(outer.a)).toBeNull()
})

test('a caller can lower the number of items', () => {
  expect(decodeStrict(bytesOf('83010203'), { maxItems: 4 })).toEqual([1, 2, 3])
  expect(() => decodeStrict(bytesOf('83010203'), { maxItems: 3 })).toThrow(/too many items/)
})

test.each<[string, unknown]>([
  ['a float', 0.5], ['minus zero', -0], ['an unsafe integer', 2 ** 53], ['undefined', { a: undefined }], ['a Map', new Map()],
  ['a lone surrogate', '\ud800'], ['65 bits', 2n ** 64n], ['seventeen lists', JSON.parse('['.repeat(17) + ']'.repeat(17))],
])('does not encode %s', (_name, value) => {
  expect(() => encodeStrict(value as CborValue)).toThrow()
})

test('the limits are those of the spec', () => {
  expect(spec).toContain(`| arrays and maps inside each other | ${MAX_DEPTH} |`)
  expect(spec).toContain(`| items in a body, unless a protocol says less | ${MAX_ITEMS} |`)
})

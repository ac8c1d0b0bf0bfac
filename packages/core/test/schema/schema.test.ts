import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { answer, array, anything, base64url, boolean, bytes, check, integer, literal, nullable, object, optional, record, string, uint64, union, variant, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { decodeBase64url, encodeBase64url } from '@ipkit/core/schema/base64url'

const message = object({
  id: base64url({ size: 4 }),
  name: optional(string({ min: 1, max: 5, pattern: /^[a-z]+$/, what: 'lower-case letters' })),
  reads: integer({ min: 1, max: 9 }),
  to: nullable(string({ max: 3 })),
  flags: array(literal('strict', 'web'), { max: 2 }),
})
// A compile-time check: the inferred type is exactly this one.
const typed: { id: Uint8Array, name?: string, reads: number, to: string | null, flags: Array<'strict' | 'web'> } = check(message, { id: 'AAECAw', reads: 1, to: null, flags: [] }, 'params')
type Same = Infer<typeof message> extends typeof typed ? typeof typed extends Infer<typeof message> ? true : false : false
const same: Same = true

const good = { id: 'AAECAw', name: 'bob', reads: 9, to: 'x', flags: ['web'] }

test('a good value comes out with its bytes decoded, a missing optional key stays missing', () => {
  expect(same).toBe(true)
  expect(check(message, good, 'params')).toEqual({ ...good, id: Uint8Array.of(0, 1, 2, 3) })
  expect(Object.keys(typed)).toEqual(['id', 'reads', 'to', 'flags'])
})

test.each<[string, unknown, string]>([
  ['an unknown key', { ...good, nmae: 'x' }, 'params has an unknown key "nmae"'],
  ['a key from the prototype chain', JSON.parse('{"__proto__":{"reads":1}}'), 'params has an unknown key "__proto__"'],
  ['a missing key', { ...good, reads: undefined }, 'params.reads is missing; it must be a whole number'],
  ['a wrong type', { ...good, reads: '1' }, 'params.reads is a string; it must be a whole number'],
  ['a fraction', { ...good, reads: 1.5 }, 'params.reads is not a whole number'],
  ['minus zero', { ...good, reads: -0 }, 'params.reads is not a whole number'],
  ['a number over the range', { ...good, reads: 10 }, 'params.reads is 10; it must be from 1 to 9'],
  ['a long string', { ...good, name: 'abcdef' }, 'params.name has 6 characters; the limit is 5'],
  ['a short string', { ...good, name: '' }, 'params.name has 0 characters; it must have 1 or more'],
  ['a string of another form', { ...good, name: 'Bob' }, 'params.name is not lower-case letters'],
  ['a lone surrogate', { ...good, to: '\ud800' }, 'params.to is not well-formed text'],
  ['bytes too long, before decoding', { ...good, id: 'A'.repeat(1000) }, 'params.id has 1000 characters of base64url; the limit is 6 (4 bytes)'],
  ['bytes too short', { ...good, id: 'AAEC' }, 'params.id is 3 bytes; it must be 4'],
  ['stray bits', { ...good, id: 'AAECAx' }, 'params.id is not base64url: stray bits after the last byte'],
  ['too many items', { ...good, flags: ['web', 'web', 'web'] }, 'params.flags has 3 items; the limit is 2'],
  ['an unknown literal deep down', { ...good, flags: ['web', 'wob'] }, 'params.flags[1] is not one of "strict", "web"'],
  ['a list for an object', [good], 'params is a list; it must be an object'],
  ['null', null, 'params is null; it must be an object'],
])('refuses %s, naming the path and the limit', (_what, value, text) => {
  expect(() => check(message, value, 'params')).toThrow(expect.objectContaining({ code: 'BAD_VALUE', exit: 'usage', message: text }))
})

test('an unknown key gets the nearest known one as a hint', () => {
  expect(() => check(message, { ...good, flasg: 1 }, 'params')).toThrow(expect.objectContaining({ hints: ['did you mean "flags"?'] }))
  expect(() => check(message, { ...good, quite_other: 1 }, 'params')).toThrow(expect.objectContaining({ hints: ['known keys: id, name, reads, to, flags'] }))
})

test('an answer may have keys that this version does not know; what it knows is as strict as ever', () => {
  const schema = answer({ n: integer(), inner: optional(answer({ ok: boolean() })) })
  expect(check(schema, { n: 1, later: 'x', inner: { ok: true, more: [] } }, 'answer')).toEqual({ n: 1, inner: { ok: true } })
  expect(() => check(schema, { n: 1, inner: { ok: 'yes' } }, 'answer')).toThrow(/answer\.inner\.ok/)
  expect(() => check(schema, { later: 1 }, 'answer')).toThrow(/answer\.n/)
})

test('the error code can be the caller\'s, and a string that may be secret is never repeated', () => {
  const secret = 'hunter2-hunter2'
  expect(() => check(message, { ...good, name: secret, id: secret }, 'frame', 'BAD_MESSAGE')).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }))
  for (const value of [{ ...good, name: secret }, { ...good, id: secret }, { ...good, to: secret }, { ...good, flags: [secret] }, { ...good, reads: secret }]) {
    try { check(message, value, 'params'); throw new Error('accepted') } catch (e) { expect((e as Error).message).not.toContain('hunter2') }
  }
})

describe('other shapes', () => {
  const cases: Array<[string, Schema<unknown>, unknown, unknown]> = [
    ['bytes', bytes({ size: 2 }), Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
    ['uint64 from a number', uint64(), 5, 5n],
    ['uint64, largest', uint64(), (1n << 64n) - 1n, (1n << 64n) - 1n],
    ['boolean', boolean(), false, false],
    ['anything', anything(), [1, { a: 2 }], [1, { a: 2 }]],
    ['union, second form', union(integer(), array(string({ max: 9 }), { max: 3 })), ['a'], ['a']],
    ['record', record(string({ max: 9 }), integer(), { max: 2 }), { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    ['variant', variant('kind', { a: { n: integer() }, b: { s: string({ max: 2 }) } }), { kind: 'b', s: 'x' }, { kind: 'b', s: 'x' }],
  ]
  test.each(cases)('%s', (_name, schema, value, out) => { expect(schema.read(value, 'v')).toEqual(out) })

  const refused: Array<[string, Schema<unknown>, unknown, string]> = [
    ['bytes of another size', bytes({ size: 2 }), new Uint8Array(3), 'v is 3 bytes; it must be 2'],
    ['bytes over a limit', bytes({ max: 2 }), new Uint8Array(3), 'v is 3 bytes; the limit is 2'],
    ['bytes under a limit', bytes({ min: 1, max: 2 }), new Uint8Array(0), 'v is 0 bytes; it must be 1 or more'],
    ['uint64 over 64 bits', uint64(), 1n << 64n, 'v must be from 0 to 18446744073709551615'],
    ['uint64 below zero', uint64(), -1, 'v must be from 0 to 18446744073709551615'],
    ['variant with an unknown tag', variant('kind', { a: {}, b: {} }), { kind: 'c' }, 'v.kind is not one of "a", "b"'],
    ['variant with a key of another case', variant('kind', { a: { n: integer() }, b: {} }), { kind: 'b', n: 1 }, 'v has an unknown key "n"'],
    ['record with too many keys', record(string({ max: 9 }), integer(), { max: 1 }), { a: 1, b: 2 }, 'v has 2 keys; the limit is 1'],
    ['union that fits nothing', union(integer(), boolean()), 'x', 'v fits none of its forms: v is a string; it must be a whole number; v is a string; it must be true or false'],
  ]
  test.each(refused)('refuses %s', (_name, schema, value, text) => { expect(() => schema.read(value, 'v')).toThrow(text) })

  test('a record key named __proto__ is only a key', () => {
    const out = record(string({ max: 9 }), integer(), { max: 2 }).read(JSON.parse('{"__proto__":1}'), 'v')
    expect(Object.entries(out)).toEqual([['__proto__', 1]])
  })

  test('any JSON is accepted or refused with our error, and what is accepted re-reads to the same', () => {
    fc.assert(fc.property(fc.jsonValue(), value => {
      try { check(message, value, 'v') } catch (e) { expect((e as { code?: string }).code).toBe('BAD_VALUE') }
    }))
  })
})

describe('base64url', () => {
  test.each([['', ''], ['66', 'Zg'], ['666f', 'Zm8'], ['666f6f', 'Zm9v'], ['fbff', '-_8']])('%s is %s (RFC 4648)', (hex, text) => {
    expect(encodeBase64url(Buffer.from(hex, 'hex'))).toBe(text)
    expect(Buffer.from(decodeBase64url(text)).toString('hex')).toBe(hex)
  })
  test.each(['A', 'Zg==', 'Zm8=', 'Zh', 'Zm9', 'Z g', '+/8', 'Zg\n', 'é'])('refuses %j', text => {
    expect(() => decodeBase64url(text)).toThrow(expect.objectContaining({ code: 'BAD_BASE64URL' }))
  })
  test('agrees with node on any bytes, both ways', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), b => {
      const text = Buffer.from(b).toString('base64url')
      expect(encodeBase64url(b)).toBe(text)
      expect(Buffer.from(decodeBase64url(text))).toEqual(Buffer.from(b))
    }))
  })
})

import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { judgeFreshness, parseValidity, validityAt, validityAtMs } from '../../src/names/validity.ts'

test.each<[string, bigint]>([
  ['1970-01-01T00:00:00.000000001Z', 1n],
  ['1970-01-01T00:00:00Z', 0n],
  ['1969-12-31T23:59:59.999999999Z', -1n],
  ['1970-01-01T00:00:00.5Z', 500_000_000n],
  ['1970-01-01T02:00:00+01:30', 1_800_000_000_000n],
  ['1969-12-31T22:30:00-01:30', 0n],
  ['1970-01-01T00:00:00-00:00', 0n],
  ['2000-02-29T00:00:00Z', 951_782_400_000_000_000n],
  ['0000-01-01T00:00:00Z', -62_167_219_200_000_000_000n],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000_000_000n],
  ['9999-12-31T23:59:59.999999999Z', 253_402_300_799_999_999_999n],
  ['2100-01-01T00:00:00.000000000Z', 4_102_444_800_000_000_000n],
])('reads %s', (text, unixNs) => {
  expect(parseValidity(text)).toEqual({ text, unixNs })
})

test.each([
  '2100-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-04-31T00:00:00Z', '2026-01-00T00:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:60Z',
  '2026-01-01T00:00:00+00:60', '2026-01-01T00:00:00+0100', '2026-01-01T00:00:00,5Z', '2026-01-01T00:00:00Z\n', '+002026-01-01T00:00:00Z', '２026-01-01T00:00:00Z', 'never',
])('refuses %j', text => {
  expect(parseValidity(text)).toBeUndefined()
})

const instant = fc.bigInt({ min: -62_167_219_200_000_000_000n, max: 253_402_300_799_999_999_999n })

test('every instant round-trips, with nine digits, and texts sort as instants do', () => {
  fc.assert(fc.property(instant, instant, (a, b) => {
    const { text } = validityAt(a)
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    expect(parseValidity(text)).toEqual({ text, unixNs: a })
    expect(text < validityAt(b).text).toBe(a < b)
  }))
})

test.each([-62_167_219_200_000_000_001n, 253_402_300_800_000_000_000n])('does not make a text for %s ns', unixNs => {
  expect(() => validityAt(unixNs)).toThrow(RangeError)
})

test('an instant of our clock', () => {
  expect(validityAtMs(1_772_368_200_001).text).toBe('2026-03-01T12:30:00.001000000Z')
})

test.each<[string, number, object]>([
  ['1970-01-01T00:00:01Z', 0, { state: 'fresh', leftMs: 1000 }],
  ['1970-01-01T00:00:01.000000001Z', 1000, { state: 'fresh', leftMs: 0 }],
  ['1970-01-01T00:00:01Z', 1000, { state: 'expired', ageMs: 0 }],
  ['1970-01-01T00:00:00.999999999Z', 1000, { state: 'expired', ageMs: 0 }],
  ['1970-01-01T00:00:01Z', 61_000, { state: 'expired', ageMs: 60_000 }],
])('valid until %s, at %d ms', (text, nowMs, expected) => {
  expect(judgeFreshness(parseValidity(text)!, nowMs)).toEqual(expected)
})

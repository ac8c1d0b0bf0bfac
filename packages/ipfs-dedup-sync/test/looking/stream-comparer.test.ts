import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { StreamComparer } from '../../src/domain/looking/stream-comparer.ts'

const pieces = (bytes: Uint8Array, size: number): Uint8Array[] => Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

/** In turns, by the bits of `order`. @returns what was said of each piece, and in the end */
function compare (original: Uint8Array, made: Uint8Array, sizes: readonly [number, number], order: number, sizeBytes: number): { readonly saidSame: boolean, readonly isEqual: boolean } {
  const comparer = new StreamComparer()
  const a = pieces(original, sizes[0])
  const b = pieces(made, sizes[1])
  let saidSame = true
  for (let bits = order; a.length > 0 || b.length > 0; bits = (bits >>> 1) + (bits & 1) * 2 ** 30) {
    const isA = a.length > 0 && (b.length === 0 || (bits & 1) === 0)
    if (isA) comparer.original(a.shift()!)
    else if (!comparer.made(b.shift()!)) saidSame = false
  }
  return { saidSame, isEqual: comparer.isEqual(sizeBytes) }
}

test('the same is the same, in whatever pieces and order, also with more behind the original', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 9 }), fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })), fc.nat(2 ** 30), (bytes, more, sizes, order) => {
    expect(compare(Uint8Array.of(...bytes, ...more), bytes, sizes, order, bytes.length)).toEqual({ saidSame: true, isEqual: true })
  }))
})

test('one other byte, or one too few or too many, is seen', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 })), fc.nat(2 ** 30), (bytes, at, sizes, order) => {
    const other = Uint8Array.from(bytes)
    other[at % bytes.length]! ^= 1
    for (const made of [other, bytes.subarray(1), bytes.subarray(0, -1), Uint8Array.of(...bytes, 0)]) {
      if (Buffer.from(made).equals(bytes)) continue
      expect(compare(bytes, made, sizes, order, bytes.length).isEqual).toBe(false)
    }
  }))
})

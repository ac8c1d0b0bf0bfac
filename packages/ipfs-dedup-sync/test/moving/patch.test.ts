import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CompactReader, CompactWriter } from '../../src/domain/moving/compact-bytes.ts'
import { readPatch, writePatch } from '../../src/domain/moving/patch.ts'
import { streamBytes } from '../chunking/make-bytes.ts'

function patchOf (base: Uint8Array, target: Uint8Array): Uint8Array {
  const out = new CompactWriter()
  writePatch(out, base, target)
  return out.finish()
}

function apply (patch: Uint8Array, base: Uint8Array, sizeBytes: number): Uint8Array {
  const reader = new CompactReader(patch)
  const target = readPatch(reader, base, sizeBytes)
  reader.end()
  return target
}

/** Parts of one text in any order, so that much of the target is somewhere in the base. */
const text = streamBytes('patch', 4000)
const made = fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.tuple(fc.nat(3900), fc.nat(900)).map(([from, n]) => text.subarray(from, from + n))), { maxLength: 12 })
  .map(parts => Uint8Array.from(Buffer.concat(parts)))

test('any bytes come back from any base', () => {
  fc.assert(fc.property(made, made, (base, target) => {
    expect(Buffer.compare(apply(patchOf(base, target), base, target.length), target)).toBe(0)
  }), { numRuns: 500 })
})

test('what moved, was put in or taken out costs little', () => {
  const base = streamBytes('base', 60_000)
  const edits: Array<readonly [Uint8Array, number]> = [
    [base, 5],
    [Buffer.concat([base.subarray(0, 30_000), Buffer.from('x'), base.subarray(30_000)]), 13],
    [Buffer.concat([base.subarray(0, 30_000), base.subarray(30_005)]), 13],
    [Buffer.concat([base.subarray(0, 10_000), Buffer.from('abc'), base.subarray(10_003, 50_000), Buffer.from('d'), base.subarray(50_001)]), 24],
    [Buffer.concat([base.subarray(40_000), base.subarray(0, 40_000)]), 16],
  ]
  for (const [target, atMost] of edits) {
    const patch = patchOf(base, target)
    expect(patch.length).toBeLessThanOrEqual(atMost)
    expect(Buffer.compare(apply(patch, base, target.length), target)).toBe(0)
  }
  const other = streamBytes('nothing alike', 60_000)
  expect(patchOf(base, other).length).toBeLessThan(60_010)
})

test('a patch by hand', () => {
  // 2 literals 'hi', 5 copied from 3 on, 1 literal '!', 2 copied from 6 before the end of the last copy
  const patch = Buffer.from('02686905060121020b', 'hex')
  expect(Buffer.from(apply(patch, Buffer.from('0123456789'), 10)).toString()).toBe('hi34567!23')
})

test('garbage is refused, and gives nothing else', () => {
  const base = streamBytes('base', 500)
  const bad = (hex: string, sizeBytes = 10): void => { expect(() => apply(Buffer.from(hex, 'hex'), base, sizeBytes)).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' })) }
  bad('') // nothing
  bad('0b') // a literal over the size
  bad('036162') // a literal cut off
  bad('000000') // a copy of nothing
  bad('000ae807') // a copy that ends behind the base
  bad('000a01') // a copy that begins before it
  bad('000b00') // a copy over the size
  bad('00808000') // not the shortest form
  bad('000a00ff') // bytes left over
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2000), (bytes, sizeBytes) => {
    try { expect(apply(bytes, base, sizeBytes).length).toBe(sizeBytes) } catch (e) { expect(e).toMatchObject({ code: 'BAD_MESSAGE' }) }
  }), { numRuns: 2000 })
})

import { describe, expect, test } from '@jest/globals'
import { readBlock } from '../../../src/domain/deflate/read-block.ts'
import { writeBlock } from '../../../src/domain/deflate/write-block.ts'
import { newKernel } from './encode-whole.ts'
import { packBits, type BitField } from './pack-bits.ts'

const LAST = [1, 1] as const
const NOT_LAST = [0, 1] as const
const kernel = newKernel()
const write = (tokens: readonly number[], plan: { textSize: number, mayBeStored: boolean, last: boolean }): { stored: true } | { stored: false, hex: string, bits: number } => {
  const written = writeBlock(kernel, Uint32Array.from(tokens), plan)
  return written.stored ? written : { stored: false, hex: Buffer.from(written.bytes).toString('hex'), bits: written.bits }
}
const bits = (...fields: readonly BitField[]): { stored: false, hex: string, bits: number } => {
  const packed = packBits(...fields)
  return { stored: false, hex: packed.bytes.toString('hex'), bits: packed.bits }
}
const times = (count: number, byte: number): number[] => Array.from({ length: count }, () => byte)

describe('known answers, worked out by hand from RFC 1951', () => {
  test('nothing: fixed codes', () => {
    expect(write([], { textSize: 0, mayBeStored: true, last: true })).toEqual(bits(LAST, [1, 2], '0000000'))
  })

  test('a few symbols: fixed codes', () => {
    // 'a', then a match of 258 at 6, then 0x90 with its nine bits
    expect(write([97, (6 << 16) | 258, 144], { textSize: 260, mayBeStored: true, last: false }))
      .toEqual(bits(NOT_LAST, [1, 2], '10010001', '11000101', '00100', [1, 1], '110010000', '0000000'))
  })

  test('the longest match is symbol 285, the one below it 284 with 30', () => {
    expect(write([97, (1 << 16) | 257], { textSize: 258, mayBeStored: false, last: true })).toEqual(bits(LAST, [1, 2], '10010001', '11000100', [30, 5], '00000', '0000000'))
  })

  test('the furthest distance', () => {
    expect(write([(32_506 << 16) | 3], { textSize: 3, mayBeStored: false, last: true })).toEqual(bits(LAST, [1, 2], '0000001', '11101', [32_506 - 24_577, 13], '0000000'))
  })

  test('dynamic codes, without a distance', () => {
    // 16 a, 8 b, 4 c, 1 d and the end: lengths 1, 2, 3, 4, 4. Two distance codes of one bit stand for none.
    // Lengths as runs: 18(97) 1 2 3 4 18(138) 18(17) 4 | 1 1, so 18 and 1 stand thrice, 4 twice, 2 and 3 once: 18, 1 and 4 get two bits, 2 and 3 three.
    const tokens = [...times(16, 97), ...times(8, 98), ...times(4, 99), 100]
    const lengths = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 3, 0, 2].map(length => [length, 3] as const) // 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
    expect(write(tokens, { textSize: 29, mayBeStored: false, last: true })).toEqual(bits(
      LAST, [2, 2], [0, 5], [1, 5], [14, 4], ...lengths,
      '10', [86, 7], '00', '110', '111', '01', '10', [127, 7], '10', [6, 7], '01', '00', '00',
      '0'.repeat(16), '10'.repeat(8), '110'.repeat(4), '1110', '1111',
    ))
  })

  test('of equal weights the shallower tree comes first', () => {
    // 32 of each of a, b, c, d, and the end once. By the heap's order: the end joins b (33, deep), c joins d (64), a joins the first (65): a, c, d get 2, b and the end 3.
    const tokens = [97, 98, 99, 100].flatMap(byte => times(32, byte))
    // 18(97) 2 3 2 2 18(138) 18(17) 3 | 1 1: 18 and 2 thrice, 3 and 1 twice. The heap pairs 1 and 3 (4), then 2 and 18 (6): two bits each.
    const lengths = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2].map(length => [length, 3] as const)
    expect(write(tokens, { textSize: 128, mayBeStored: false, last: true })).toEqual(bits(
      LAST, [2, 2], [0, 5], [1, 5], [14, 4], ...lengths,
      '11', [86, 7], '01', '10', '01', '01', '11', [127, 7], '11', [6, 7], '10', '00', '00',
      '00'.repeat(32), '110'.repeat(32), '01'.repeat(32), '10'.repeat(32), '111',
    ))
  })

  test('codes of 15 bits at most, where weights would have them longer', () => {
    // Fibonacci's numbers make the deepest of trees. With the end, whose weight is 1 too, the lengths would be 17 17 16 15 14 … 1. What is over
    // 15 is cut: four nodes, three of them leaves, so that four leaves have 15. The leaf at 14 goes down beside one of them, then the leaf at
    // 13 beside another: four of 15, two of 14, none of 13, and from 12 on one of each. The longest go to the lightest.
    const weights = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584]
    const lengths = [15, 15, 15, 14, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    const tokens = weights.flatMap((weight, i) => times(weight, i))
    const written = writeBlock(kernel, Uint32Array.from(tokens), { textSize: tokens.length, mayBeStored: true, last: true })
    const block = written.stored ? undefined : readBlock(written.bytes, 0, 0)
    expect(block).toMatchObject({ kind: 'dynamic', tokens: Uint32Array.from(tokens), whole: true })
    expect(block!.endBit - block!.bodyBit).toBe(weights.reduce((sum, weight, i) => sum + weight * lengths[i]!, 0) + 15)
  })
})

describe('the way that takes the fewest bytes', () => {
  const noise = Array.from({ length: 256 }, (_, i) => i)

  test('stored, where the codes would be longer', () => {
    expect(write(noise, { textSize: 256, mayBeStored: true, last: true })).toEqual({ stored: true })
  })

  test('not stored where the text is gone', () => {
    expect(write(noise, { textSize: 256, mayBeStored: false, last: true })).toMatchObject({ stored: false })
  })

  test('stored when it takes as many bytes, not when it takes one more', () => {
    // fixed: 3 + 7 bits and nine for each of these: 32 take 298 bits, 38 bytes; stored 32 + 4 + the three bits, counted as 36; with 36 bytes of text it takes 40
    const tokens = Array.from({ length: 32 }, (_, i) => 144 + i)
    expect(write(tokens, { textSize: 34, mayBeStored: true, last: true })).toEqual({ stored: true })
    expect(write(tokens, { textSize: 35, mayBeStored: true, last: true })).toMatchObject({ stored: false })
  })
})

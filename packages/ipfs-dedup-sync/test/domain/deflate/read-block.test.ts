import zlib from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AppError } from '@ipkit/core/errors/app-error'
import { readBlock, type DeflateBlock } from '../../../src/domain/deflate/read-block.ts'
import { packBits } from './pack-bits.ts'
import { mixedText, sourceText } from './texts.ts'

const LAST = [1, 1] as const
const NOT_LAST = [0, 1] as const
const STORED = [0, 2] as const
const FIXED = [1, 2] as const
const DYNAMIC = [2, 2] as const

/** The lengths of codes of `dynamic` below: 'a' 1, 'b' 2, end of block 2, one distance code of length 1 for the distance 1. */
const HEADER = [
  [0, 5], [0, 5], [14, 4], // 257 literals, 1 distance, 18 lengths of lengths
  // 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
  ...[0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2].map(length => [length, 3] as const),
  // so 18 is 0, 1 is 10, 2 is 11
  '0', [97 - 11, 7], '10', '11', '0', [138 - 11, 7], '0', [157 - 138 - 11, 7], '11', '10',
] as const

describe('known answers, written by hand', () => {
  test('a stored block, behind one that ends inside a byte', () => {
    const { bytes } = packBits(NOT_LAST, FIXED, '0000000', LAST, STORED, [0, 3], [3, 16], [0xfffc, 16], [1, 8], [2, 8], [255, 8])
    const first = readBlock(bytes, 0, 0)!
    expect(first).toMatchObject({ kind: 'fixed', last: false, startBit: 0, bodyBit: 3, endBit: 10, textSize: 0, whole: true })
    expect(readBlock(bytes, first.endBit, 0)).toEqual({
      kind: 'stored', last: true, startBit: 10, bodyBit: 48, endBit: 72, tokens: Uint32Array.of(1, 2, 255), textSize: 3, whole: true,
      header: packBits(LAST, STORED, [0, 3], [3, 16], [0xfffc, 16]).bytes,
    })
  })

  test('a fixed block with the shortest and the longest match', () => {
    // 'a' is 0x30 + 97 in 8 bits; 257 is 0000001, 285 is 11000101; distance 1 is 00000, 5 and 6 are 00100 and a bit
    const { bytes, bits } = packBits(LAST, FIXED, '10010001', '0000001', '00000', '11000101', '00100', [1, 1], '110010000', '0000000')
    const block = readBlock(bytes, 0, 6)!
    expect(block).toMatchObject({ kind: 'fixed', last: true, bodyBit: 3, endBit: bits, textSize: 1 + 3 + 258 + 1, whole: true })
    expect([...block.tokens]).toEqual([97, (1 << 16) | 3, (6 << 16) | 258, 144])
  })

  test('a dynamic block', () => {
    const head = packBits(LAST, DYNAMIC, ...HEADER)
    const { bytes, bits } = packBits(LAST, DYNAMIC, ...HEADER, '0', '10', '0', '11')
    expect(readBlock(bytes, 0, 0)).toEqual({
      kind: 'dynamic', last: true, startBit: 0, bodyBit: head.bits, endBit: bits, tokens: Uint32Array.of(97, 98, 97), textSize: 3, whole: true, header: head.bytes,
    })
  })
})

describe('refuses', () => {
  const lengths = (...given: number[]): Array<readonly [number, number]> => given.map(length => [length, 3] as const)
  test.each([
    ['the fourth kind of block', packBits(LAST, [3, 2]), /has the kind 3/],
    ['a stored block whose length and check differ', packBits(LAST, STORED, [0, 5], [3, 16], [0xfffb, 16]), /length 3, and its check says 4/],
    ['287 literals', packBits(LAST, DYNAMIC, [30, 5], [0, 5], [0, 4]), /287 literals/],
    ['31 distances', packBits(LAST, DYNAMIC, [0, 5], [30, 5], [0, 4]), /31 distances/],
    ['three codes of one bit', packBits(LAST, DYNAMIC, [0, 5], [0, 5], [0, 4], ...lengths(1, 1, 1, 0)), /more codes than/],
    ['an incomplete code', packBits(LAST, DYNAMIC, [0, 5], [0, 5], [0, 4], ...lengths(2, 2, 0, 0)), /incomplete/],
    ['a repeat before the first length', packBits(LAST, DYNAMIC, [0, 5], [0, 5], [0, 4], ...lengths(1, 0, 0, 1), '1', [0, 2]), /before the first/],
    ['a repeat past the last length', packBits(LAST, DYNAMIC, [0, 5], [0, 5], [0, 4], ...lengths(0, 0, 1, 1), '1', [127, 7], '1', [127, 7]), /past the last/],
    ['no code for the end', packBits(LAST, DYNAMIC, [0, 5], [0, 5], [0, 4], ...lengths(0, 0, 1, 1), '1', [127, 7], '1', [109, 7]), /no code for its end/],
    ['the symbol 286', packBits(LAST, FIXED, '11000110'), /symbol 286/],
    ['the distance code 30', packBits(LAST, FIXED, '10010001', '0000001', '11110'), /distance code 30/],
    ['a match from before the text', packBits(LAST, FIXED, '10010001', '0000001', '00001'), /reaches back 2 bytes, there are 1/],
    ['bits that no code has', packBits(LAST, DYNAMIC, ...HEADER.slice(0, -1), '10', '0', '10'), undefined],
  ])('%s', (_, { bytes }, message) => {
    const padded = Buffer.concat([bytes, Buffer.alloc(4)])
    if (message === undefined) expect(readBlock(padded, 0, 0)).toBeDefined()
    else expect(() => readBlock(padded, 0, 0)).toThrow(expect.objectContaining({ code: 'DEFLATE_INVALID', message: expect.stringMatching(message) as unknown }))
  })

  test('whatever stands there, with our error or an answer', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(7), (bytes, startBit) => {
      try {
        readBlock(bytes, startBit, 32768)
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
      }
    }), { numRuns: 600 })
  })
})

function readAll (stream: Uint8Array): DeflateBlock[] {
  const blocks: DeflateBlock[] = []
  for (let bit = 0, text = 0; blocks.at(-1)?.last !== true;) {
    const block = readBlock(stream, bit, text)!
    expect(block.whole).toBe(true)
    blocks.push(block)
    bit = block.endBit
    text += block.textSize
  }
  return blocks
}

function expand (blocks: readonly DeflateBlock[]): Buffer {
  const text = Buffer.alloc(blocks.reduce((sum, { textSize }) => sum + textSize, 0))
  let at = 0
  for (const token of blocks.flatMap(({ tokens }) => [...tokens])) {
    if (token < 65536) text[at++] = token
    else for (const from = at - (token >>> 16), end = at + (token & 0xffff); at < end; at++) text[at] = text[at - (token >>> 16)] ?? from
  }
  return text
}

test('the tokens stand for the text, and the last block ends with the stream', () => {
  const text = fc.tuple(fc.constantFrom(mixedText, sourceText), fc.integer({ min: 0, max: 120_000 }), fc.nat()).map(([make, size, seed]) => make(size, seed))
  const options = fc.record({ level: fc.integer({ min: 0, max: 9 }), strategy: fc.constantFrom(zlib.constants.Z_DEFAULT_STRATEGY, zlib.constants.Z_FIXED, zlib.constants.Z_HUFFMAN_ONLY, zlib.constants.Z_RLE) })
  fc.assert(fc.property(text, options, (text, options) => {
    const stream = zlib.deflateRawSync(text, options)
    const blocks = readAll(stream)
    expect(expand(blocks).equals(text)).toBe(true)
    expect(Math.ceil(blocks.at(-1)!.endBit / 8)).toBe(stream.length)
  }), { numRuns: 25 })
})

test('of a beginning it reads what is whole', () => {
  const stream = zlib.deflateRawSync(sourceText(30_000, 3))
  const whole = readBlock(stream, 0, 0)!
  expect(readBlock(stream.subarray(0, Math.floor(whole.bodyBit / 8)), 0, 0)).toBeUndefined()
  for (const size of [Math.ceil(whole.bodyBit / 8), 1000, 5000]) {
    const part = readBlock(stream.subarray(0, size), 0, 0)!
    expect(part).toMatchObject({ whole: false, kind: 'dynamic' })
    expect(part.tokens).toEqual(whole.tokens.subarray(0, part.tokens.length))
    expect(part.endBit).toBeGreaterThan(size * 8 - 49)
    expect(part.endBit).toBeLessThanOrEqual(size * 8)
  }
})

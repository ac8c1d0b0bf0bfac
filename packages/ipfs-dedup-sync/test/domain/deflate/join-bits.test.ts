import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { BitJoiner } from '../../../src/domain/deflate/join-bits.ts'
import { packBits } from './pack-bits.ts'

test('pieces of any length stand one behind the other', () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 70 }), { maxLength: 20 }), pieces => {
    const joiner = new BitJoiner()
    const joined = pieces.map(piece => {
      const { bytes, bits } = packBits(piece)
      return joiner.join(bytes, bits)
    })
    expect(Buffer.concat([...joined, joiner.end()]).toString('hex')).toBe(packBits(...pieces).bytes.toString('hex'))
  }))
})

test('a stored block begins at a whole byte', () => {
  const joiner = new BitJoiner()
  const parts = [joiner.join(Uint8Array.of(0b11111), 5), joiner.joinStored(Uint8Array.of(1, 2), false), joiner.joinStored(Uint8Array.of(3), true), joiner.end()]
  // 5 bits and the block's 3 fill a byte; the second block's 3 have one of their own
  expect(Buffer.concat(parts).toString('hex')).toBe('1f' + '0200fdff0102' + '01' + '0100feff03')
})

test('nothing is left behind at a whole byte', () => {
  const joiner = new BitJoiner()
  expect([...joiner.join(Uint8Array.of(7, 8), 16)]).toEqual([7, 8])
  expect(joiner.end()).toHaveLength(0)
})

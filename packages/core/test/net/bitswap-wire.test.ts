import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBitswap, encodeBitswap, MAX_WANTS, type BitswapMessage } from '../../src/net/bitswap-wire.ts'
import { encodeVarint } from '../../src/net/protobuf-fields.ts'
import { decodeVarintFrames } from '../../src/streams/varint-frame.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const CID = bytesOf('0155 1201 aa') // raw, sha2-256, a digest of one byte: short enough to read

// Written by hand from the message definition in the bitswap spec and protobuf's wire format.
test.each<[string, string, Partial<BitswapMessage>]>([
  ['nothing', '', {}],
  ['want the block', '0a0b 0a09 0a05 01551201aa 1001', { wants: [{ cid: CID, kind: 'block', cancel: false, sendDontHave: false }] }],
  ['want to know, and to be told no', '0a0f 0a0d 0a05 01551201aa 1001 2001 2801', { wants: [{ cid: CID, kind: 'have', cancel: false, sendDontHave: true }] }],
  ['cancel', '0a0d 0a0b 0a05 01551201aa 1001 1801', { wants: [{ cid: CID, kind: 'block', cancel: true, sendDontHave: false }] }],
  ['a block', '1a0a 0a04 01551201 1202 6869', { blocks: [{ prefix: bytesOf('01551201'), data: bytesOf('6869') }] }],
  ['I have it', '2207 0a05 01551201aa', { presences: [{ cid: CID, has: true }] }],
  ['I do not have it', '2209 0a05 01551201aa 1001', { presences: [{ cid: CID, has: false }] }],
])('%s', (_name, hex, message) => {
  expect(hexOf(encodeBitswap(message))).toBe(hex.replaceAll(' ', ''))
  expect(decodeBitswap(bytesOf(hex))).toEqual({ wants: [], blocks: [], presences: [], ...message })
})

test.each<[string, string]>([
  ['a full want list, priority -1 and unknown fields', '0a18 0a14 0a05 01551201aa 10ffffffffffffffffff01 3001 1001 2804'],
  ['a pending size and a 1.0.0 block', '2a00 1203 616263'],
  ['fixed numbers', '3500000000 390000000000000000'],
])('reads past what it does not use: %s', (_name, hex) => {
  expect(decodeBitswap(bytesOf(hex)).wants.length).toBe(hex.startsWith('0a') ? 1 : 0)
})

test.each<[string, string]>([
  ['a number cut', '0a80'],
  ['eleven bytes of number', '08ffffffffffffffffffff01'],
  ['a field cut', '0a05 0a09'],
  ['an entry cut', '0a03 0a05 0a'],
  ['a huge length', '0affffffffff7f'],
  ['a group', '0b'],
  ['wire type 7', '0f'],
  ['field 0', '0200'],
  ['a want list that is a number', '0801'],
  ['a want without a CID', '0a02 0a00'],
  ['a want with a CID of 129 bytes', `0a8901 0a8601 0a8101 ${'00'.repeat(129)} 1001`],
  ['a CID that is a number', '0a04 0a02 0801'],
  ['a presence without a CID', '2200'],
])('refuses %s', (_name, hex) => {
  expect(() => decodeBitswap(bytesOf(hex))).toThrow(expect.objectContaining({ code: 'BITSWAP_INVALID' }))
})

test('a want list is capped', () => {
  const want = { cid: CID, kind: 'block', cancel: false, sendDontHave: false } as const
  expect(decodeBitswap(encodeBitswap({ wants: Array.from({ length: MAX_WANTS }, () => want) })).wants.length).toBe(MAX_WANTS)
  expect(() => decodeBitswap(encodeBitswap({ wants: Array.from({ length: MAX_WANTS + 1 }, () => want) }))).toThrow(expect.objectContaining({ code: 'BITSWAP_INVALID' }))
})

test.each([['blocks', '1a00'], ['presences', '2207 0a05 01551201aa']])('a small message cannot become a million %s in memory', (_name, hex) => {
  const many = (n: number): Uint8Array => Buffer.concat(Array.from({ length: n }, () => bytesOf(hex)))
  expect(() => decodeBitswap(many(MAX_WANTS))).not.toThrow()
  expect(() => decodeBitswap(many(MAX_WANTS + 1))).toThrow(expect.objectContaining({ code: 'BITSWAP_INVALID' }))
})

const cid = fc.uint8Array({ minLength: 1, maxLength: 128 })
const message: fc.Arbitrary<BitswapMessage> = fc.record({
  wants: fc.array(fc.record({ cid, kind: fc.constantFrom('block' as const, 'have' as const), cancel: fc.boolean(), sendDontHave: fc.boolean() }), { maxLength: 5 }),
  blocks: fc.array(fc.record({ prefix: fc.uint8Array({ maxLength: 10 }), data: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 3 }),
  presences: fc.array(fc.record({ cid, has: fc.boolean() }), { maxLength: 5 }),
})

test('every message round-trips', () => {
  fc.assert(fc.property(message, value => { expect(decodeBitswap(encodeBitswap(value))).toEqual(value) }))
})

test('garbage gives our error or a message, never anything else', () => {
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.tuple(message, fc.nat(), fc.nat(255)).map(([value, place, byte]) => {
    const bytes = encodeBitswap(value)
    if (bytes.length > 0) bytes[place % bytes.length] = byte
    return bytes
  })), bytes => {
    try { decodeBitswap(bytes) } catch (e) { expect(e).toMatchObject({ code: 'BITSWAP_INVALID' }) }
  }), { numRuns: 2000 })
})

describe('varint frames', () => {
  async function decodeAll (bytes: Uint8Array, limit: number): Promise<string[]> {
    async function * byteByByte (): AsyncGenerator<Uint8Array> { for (const byte of bytes) yield Uint8Array.of(byte) }
    const bodies: string[] = []
    for await (const body of decodeVarintFrames(byteByByte(), limit)) bodies.push(hexOf(body))
    return bodies
  }

  test('lengths of one, two and three bytes', async () => {
    for (const size of [0, 1, 127, 128, 300, 16_383, 16_384]) {
      const body = new Uint8Array(size).fill(7)
      expect(await decodeAll(Buffer.concat([encodeVarint(size), body, encodeVarint(1), Uint8Array.of(9)]), 20_000)).toEqual([hexOf(body), '09'])
    }
  })

  test.each([
    ['over the limit', 'ac02', 'FRAME_TOO_LARGE'], ['four bytes and more to come', '80808080', 'FRAME_TOO_LARGE'],
    ['a huge length', 'ffffff7f', 'FRAME_TOO_LARGE'], ['a header cut', '80', 'FRAME_TRUNCATED'], ['a body cut', '0201', 'FRAME_TRUNCATED'],
  ])('refuses %s', async (_name, hex, code) => {
    await expect(decodeAll(bytesOf(hex), 299)).rejects.toMatchObject({ code })
  })
})

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { decodeEntry, encodeEntry, type BlockEntry } from '../../src/domain/keeping/block-entry.ts'
import { blockId, digestOf, isBlockId } from '../../src/domain/keeping/block-id.ts'
import { IdFilter } from '../../src/domain/keeping/id-filter.ts'
import { decodeKeptRoot, encodeKeptRoot } from '../../src/domain/keeping/kept-root.ts'
import { HEAD_BYTES, readHead, writeHead } from '../../src/domain/keeping/pack-record.ts'
import { decodePointedFile, encodePointedFile } from '../../src/domain/keeping/pointed-file.ts'
import { decodePackFacts, decodeState, encodePackFacts, encodeState, packKey } from '../../src/domain/keeping/shelf-state.ts'
import { readVarints, writeVarints } from '../../src/domain/keeping/varints.ts'

const refusal = (code: string): Error => expect.objectContaining({ code }) as unknown as Error
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const LEAF = 'bafkreidwslb22nkaxoadyaqlhlxgntmiq4jdenhkbrxhcq6avxlt75br5u'
const NODE = 'bafybeidwslb22nkaxoadyaqlhlxgntmiq4jdenhkbrxhcq6avxlt75br5u'

describe('ids', () => {
  test('are what every implementation makes of the digest', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (digest, isLeaf) => {
      const cid = CID.createV1(isLeaf ? 0x55 : 0x70, create(0x12, digest)).toString()
      expect(blockId(isLeaf ? 'leaf' : 'node', digest)).toBe(cid)
      expect(isBlockId(cid)).toBe(true)
      expect(hex(digestOf(cid))).toBe(hex(digest))
    }))
  })

  test('have one spelling', () => {
    for (const last of 'abcdefghijklmnopqrstuvwxyz234567') expect([last, isBlockId(LEAF.slice(0, -1) + last)]).toEqual([last, 'aeimquy4'.includes(last)])
    for (const bad of ['', LEAF.slice(1), LEAF.toUpperCase(), `${LEAF} `, `bafkrei2${LEAF.slice(8)}`, LEAF.replace('bafkrei', 'bafyrei')]) expect([bad, isBlockId(bad)]).toEqual([bad, false])
  })
})

describe('heads of records', () => {
  // made from the page with another program: python3's struct, hashlib and zlib.crc32
  test.each([
    [LEAF, 3, 3, false, 7, 8, '0000000300000003007692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431edfdae17b4'],
    [NODE, 2, 70_000, true, 0x01020304, 0x03ffffff, '0000000200011170037692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed13f1f6b4'],
  ])('%s', (cid, storedBytes, sizeBytes, deflated, pack, offset, expected) => {
    const bytes = new Uint8Array(HEAD_BYTES)
    writeHead(bytes, { cid, storedBytes, sizeBytes, deflated }, pack, offset)
    expect(hex(bytes)).toBe(expected)
    expect(readHead(bytes, pack, offset)).toEqual({ cid, storedBytes, sizeBytes, deflated })
    expect(readHead(bytes, pack + 1, offset)).toBeUndefined()
    expect(readHead(bytes, pack, offset + 1)).toBeUndefined()
    expect(readHead(bytes.subarray(1), pack, offset)).toBeUndefined()
    for (let bit = 0; bit < 8 * HEAD_BYTES; bit++) {
      const damaged = Uint8Array.from(bytes)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      expect([bit, readHead(damaged, pack, offset)]).toEqual([bit, undefined])
    }
  })
})

describe('the index', () => {
  const entries: ReadonlyArray<readonly [string, BlockEntry]> = [
    ['0d 02 ac02 01 08', { sizeBytes: 300, refs: 2, whole: true, counted: true, place: { kind: 'pack', pack: 1, offset: 8, storedBytes: 300, deflated: false } }],
    ['02 00 808004 8101 ffffff1f 7f', { sizeBytes: 65_536, refs: 0, whole: false, counted: false, place: { kind: 'pack', pack: 129, offset: 0x03ffffff, storedBytes: 127, deflated: true } }],
    ['0f 01 03 02 ffffffffffffff0f', { sizeBytes: 3, refs: 1, whole: true, counted: true, place: { kind: 'file', file: 2, offset: Number.MAX_SAFE_INTEGER } }],
    ['08 05 03', { sizeBytes: 3, refs: 5, whole: false, counted: true, place: undefined }],
  ]

  test.each(entries)('entry %s', (bytes, entry) => {
    expect(hex(encodeEntry(entry))).toBe(bytes.replaceAll(' ', ''))
    expect(decodeEntry(unhex(bytes), 'x')).toEqual(entry)
  })

  test.each(['', '0d', '0d 02 ac02 01', '0d 02 ac02 01 08 00', '0e 02 ac02 01 08', '08 05', '08 05 03 00', '10 05 03', '0c 05 03', '0d 02 8000 01 08', '0d 02 ac02 01 88', '0f 01 03 02 8080808080808010'])('no entry: %s', bytes => {
    expect(() => decodeEntry(unhex(bytes), 'x')).toThrow(refusal('SHELF_DAMAGED'))
  })

  test('varints have one form', () => {
    fc.assert(fc.property(fc.array(fc.maxSafeNat()), numbers => { expect(readVarints(writeVarints(numbers))).toEqual(numbers) }))
    fc.assert(fc.property(fc.uint8Array(), bytes => {
      const numbers = readVarints(bytes)
      if (numbers !== undefined) expect(hex(writeVarints(numbers))).toBe(hex(bytes))
    }))
  })

  test('the state and the packs', () => {
    const state = { blocks: 300, blockBytes: 5, looseBytes: 1, unsettled: true, miscounted: false, files: 2 }
    expect(hex(encodeState(state))).toBe('01ac0205010102')
    expect(decodeState(unhex('01ac0205010102'))).toEqual(state)
    expect(decodeState(undefined)).toMatchObject({ blocks: 0, unsettled: false })
    expect(() => decodeState(unhex('02ac0205010102'))).toThrow(refusal('SHELF_VERSION'))
    for (const bad of ['', '01', '01ac02050101', '01ac020501010200', '01ac0205010402']) expect(() => decodeState(unhex(bad))).toThrow(refusal('SHELF_DAMAGED'))
    expect([packKey(7), hex(encodePackFacts({ endBytes: 300, liveBytes: 1 }))]).toEqual(['pack/00000007', 'ac0201'])
    for (const [bad, key] of [['', packKey(7)], ['01', packKey(7)], ['010101', packKey(7)], ['ac0201', 'pack/7']] as const) expect(() => decodePackFacts(unhex(bad), key)).toThrow(refusal('SHELF_DAMAGED'))
  })

  test('roots and files come back, and nothing else is one', () => {
    const root = { root: 'r', atMs: 5, sizeBytes: 6, served: true, sha256: new Uint8Array(32), name: 'n', of: 'k' }
    const file = { path: '/a', sizeBytes: 3, mtimeNs: -1_700_000_000_123_456_789n }
    expect(decodeKeptRoot(encodeKeptRoot(root), 'r')).toEqual(root)
    expect(decodePointedFile(encodePointedFile(file), 'file/1')).toEqual(file)
    const refused = (decode: () => unknown): void => { expect(decode).toThrow(refusal('SHELF_DAMAGED')) }
    refused(() => decodeKeptRoot(encodeKeptRoot({ ...root, sha256: new Uint8Array(31) }), 'r'))
    refused(() => decodeKeptRoot(encodePointedFile(file), 'r'))
    refused(() => decodePointedFile(encodeKeptRoot(root), 'file/1'))
    fc.assert(fc.property(fc.uint8Array(), bytes => {
      refused(() => decodeKeptRoot(bytes, 'r'))
      refused(() => decodePointedFile(bytes, 'file/1'))
    }))
  })
})

test('the filter knows all that was added, and little else', () => {
  const filter = new IdFilter()
  const id = (i: number): string => { const digest = new Uint8Array(32); new DataView(digest.buffer).setUint32(4, Math.imul(i, 2_654_435_761)); new DataView(digest.buffer).setUint32(12, Math.imul(i, 40_503)); return blockId('leaf', digest) }
  const added = Array.from({ length: 40_000 }, (_, i) => id(i))
  expect(filter.has(id(1))).toBe(false)
  added.forEach(cid => { filter.add(cid) })
  expect(added.every(cid => filter.has(cid))).toBe(true)
  const wrong = Array.from({ length: 5000 }, (_, i) => id(200_000 + i)).filter(cid => filter.has(cid)).length
  expect(wrong).toBeLessThan(5000 * 0.03)
  expect(filter.sizeBytes).toBeLessThan(40_000 * 6)
})

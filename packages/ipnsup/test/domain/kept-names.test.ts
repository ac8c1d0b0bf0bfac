import { describe, expect, test } from '@jest/globals'
import { encodeStrict, decodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import fc from 'fast-check'
import { afterTry, NO_HANDOVER } from '../../src/domain/handover.ts'
import { decodeKeptName, encodeKeptName, type KeptName } from '../../src/domain/kept-name.ts'
import { KeptNames } from '../../src/domain/kept-names.ts'
import { faultyStore } from '../faulty-store.ts'
import { nameOf } from '../name-world.ts'

const name = nameOf(1)
const hash = new Uint8Array(32).fill(7)
const own: KeptName = { name, own: { highest: 2n ** 64n - 1n, lifetimeMs: 1000, v2Only: true }, followedSinceMs: null, handover: NO_HANDOVER }
const followed: KeptName = { name, own: null, followedSinceMs: 5, handover: afterTry(afterTry(NO_HANDOVER, hash, 'x', 1, undefined), hash, 'y', 2, { code: 'NO', message: 'no' }) }
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const report = (): void => {}

test('an entry by hand', () => {
  const small: KeptName = { name, own: { highest: 3n, lifetimeMs: 1000, v2Only: false }, followedSinceMs: null, handover: NO_HANDOVER }
  expect(hex(encodeKeptName(small))).toBe([
    'a5', // map of 5, keys by length
    '636f776e', 'a3', '667632' + '4f6e6c79', 'f4', '67' + '68696768657374', '03', '6a' + '6c69666574696d654d73', '1903e8', // own: v2Only false, highest 3, lifetimeMs 1000
    '646e616d65', '5826', hex(name.multihash), // name: 38 bytes
    '6776657273696f6e', '01', // version
    '6868616e646f766572', 'a2', '6468617368', 'f6', '66706c61636573', '80', // handover: hash null, places []
    '6f666f6c6c6f77656453696e63654d73', 'f6', // followedSinceMs null
  ].join(''))
})

test.each([['own', own], ['followed', followed], ['both', { ...own, followedSinceMs: 0 }]])('round-trips: %s', (_name, kept) => {
  expect(decodeKeptName(name.text, encodeKeptName(kept))).toEqual(kept)
})

type Mutable = Record<string, CborValue>
test.each<[string, (m: Mutable) => void, RegExp]>([
  ['another version', m => { m['version'] = 2 }, /version/],
  ['an unknown key', m => { m['extra'] = 1 }, /unknown key/],
  ['another name', m => { m['name'] = nameOf(2).multihash }, /another name/],
  ['neither ours nor followed', m => { m['followedSinceMs'] = null }, /neither/],
  ['a negative sequence', m => { m['own'] = { highest: -1, lifetimeMs: 1, v2Only: true } }, /highest/],
  ['a lifetime of nothing', m => { m['own'] = { highest: 1, lifetimeMs: 0, v2Only: true } }, /lifetimeMs/],
  ['too many places', m => { m['handover'] = { hash, places: Array.from({ length: 65 }, () => ({ place: 'x', done: true, failures: 0, lastTryMs: null, error: null })) } }, /places/],
  ['a short hash', m => { m['handover'] = { hash: hash.subarray(1), places: [] } }, /hash/],
])('is damaged: %s', (_name, damage, reason) => {
  const stored = decodeStrict(encodeKeptName(followed)) as Mutable
  damage(stored)
  expect(() => decodeKeptName(name.text, encodeStrict(stored))).toThrow(expect.objectContaining({ code: 'KEPT_NAME_DAMAGED', message: expect.stringMatching(reason) }))
})

test('one changed byte is our error or an entry that is written the same way', () => {
  const stored = encodeKeptName(followed)
  fc.assert(fc.property(fc.nat(stored.length - 1), fc.nat(255), (place, byte) => {
    const changed = Uint8Array.from(stored)
    changed[place] = byte
    try {
      expect(hex(encodeKeptName(decodeKeptName(name.text, changed)))).toBe(hex(changed))
    } catch (e) {
      expect(e).toMatchObject({ code: 'KEPT_NAME_DAMAGED' })
    }
  }), { numRuns: 1000 })
})

describe('in a store', () => {
  test('changes are there for the next one who opens it; own names come first', async () => {
    const store = memoryKeyValueStore()
    const kept = await KeptNames.open({ store, report })
    await kept.change(nameOf(2), before => ({ ...before, followedSinceMs: 3 }))
    await kept.change(name, before => ({ ...before, own: own.own }))
    const again = await KeptNames.open({ store, report })
    expect(again.all().map(k => k.name.text)).toEqual([name.text, nameOf(2).text])
    expect(again.get(name)).toEqual(own)
  })

  test('a change that cannot be written did not happen', async () => {
    const kept = await KeptNames.open({ store: faultyStore(memoryKeyValueStore(), { at: 1, kind: 'full' }), report })
    await kept.change(name, () => own)
    await expect(kept.change(name, before => ({ ...before, followedSinceMs: 3 }))).rejects.toThrow('ENOSPC')
    expect(kept.get(name)).toEqual(own)
  })

  test('what is neither ours nor followed any more goes', async () => {
    const store = memoryKeyValueStore()
    const kept = await KeptNames.open({ store, report })
    await kept.change(name, before => ({ ...before, followedSinceMs: 3 }))
    await kept.change(name, before => ({ ...before, followedSinceMs: null }))
    expect([kept.find(name), store.size]).toEqual([undefined, 0])
  })

  test('a damaged one is reported and refuses until it is dropped; the others work', async () => {
    const store = memoryKeyValueStore()
    await store.put(name.text, Uint8Array.of(1))
    await store.put(nameOf(2).text, encodeKeptName({ ...followed, name: nameOf(2) }))
    const reports: string[] = []
    const kept = await KeptNames.open({ store, report: what => { reports.push(what) } })
    expect(reports).toEqual([`the name ${name.text} is not kept alive`])
    expect(kept.all().map(k => k.name.text)).toEqual([nameOf(2).text])
    await expect(kept.change(name, () => own)).rejects.toMatchObject({ code: 'KEPT_NAME_DAMAGED' })
    expect([kept.has(name), kept.find(name)]).toEqual([true, undefined])
    await kept.dropDamaged(nameOf(2)) // is not damaged
    await kept.dropDamaged(name)
    await kept.change(name, () => own)
    expect(kept.all().length).toBe(2)
  })
})

import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isAppError } from '../../src/errors/app-error.ts'
import { MAX_NAME_CHARACTERS, nameFromMultihash, nameFromPublicKey, nameFromRoutingKey, namePeerId, nameTopic, parseName, routingKey } from '../../src/names/ipns-name.ts'
import { bytesOf, hexOf, spec, vectors } from './vectors.ts'

test.each(vectors.names.valid)('reads: $name', vector => {
  const name = parseName(vector.text)
  expect(name).toEqual({ text: vector.canonical, multihash: bytesOf(vector.multihash), keyType: vector.keyType })
  expect(hexOf(routingKey(name))).toBe(vector.routingKey)
  expect(nameTopic(name)).toBe(vector.topic)
  expect(namePeerId(name)).toBe(vector.peerId)
  expect(nameFromRoutingKey(bytesOf(vector.routingKey))).toEqual(name)
})

test.each(vectors.names.reject)('refuses: $name', ({ text, offset }) => {
  expect(() => parseName(text)).toThrow(expect.objectContaining({ code: 'NAME_INVALID', exit: 'usage', message: expect.stringMatching(new RegExp(` at offset ${offset}$`)) }))
})

test('a hash under the codec of content is answered with the name it would be', () => {
  const { canonical } = vectors.names.valid.find(v => v.name === 'base36, RSA')!
  const { text } = vectors.names.reject.find(v => v.name === 'the codec dag-pb')!
  expect(() => parseName(text)).toThrow(expect.objectContaining({ hints: [`as a name its hash is ${canonical}`], message: expect.stringContaining('0x70 (dag-pb)') }))
})

const multihash = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(key => [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, ...key]),
  fc.uint8Array({ minLength: 33, maxLength: 33 }).map(key => [0x00, 0x25, 0x08, 0x02, 0x12, 0x21, ...key]),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hash => [0x12, 0x20, ...hash]),
).map(bytes => Uint8Array.from(bytes))

test('every name round-trips through each of its texts', () => {
  fc.assert(fc.property(multihash, bytes => {
    const name = nameFromMultihash(bytes)!
    for (const text of [name.text, `/ipns/${name.text}`, `ipns://${name.text}`, namePeerId(name), name.text.toUpperCase()]) expect(parseName(text)).toEqual(name)
  }))
})

test('a changed character gives another name or our error, never the same name', () => {
  fc.assert(fc.property(multihash, fc.boolean(), fc.nat(), fc.string({ unit: 'binary', maxLength: 2 }), (bytes, asPeerId, place, patch) => {
    const name = nameFromMultihash(bytes)!
    const text = asPeerId ? namePeerId(name) : name.text
    const at = place % text.length
    const changed = text.slice(0, at) + patch + text.slice(at + 1)
    if (changed === text) return
    try {
      expect(parseName(changed).text).not.toBe(name.text)
    } catch (e) {
      if (!isAppError(e)) throw e
      expect(e.code).toBe('NAME_INVALID')
    }
  }), { numRuns: 1000 })
})

test('garbage gives our error and nothing else', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.stringMatching(/^[kKbBzfFu1Q][A-Za-z0-9_-]{0,140}$/)), text => {
    try { parseName(text) } catch (e) { expect(e).toMatchObject({ code: 'NAME_INVALID' }) }
  }), { numRuns: 1000 })
})

test('the name of a public key', () => {
  const { multihash: bytes, canonical } = vectors.names.valid[0]!
  expect(nameFromPublicKey(bytesOf(bytes).subarray(6)).text).toBe(canonical)
})

test('the limit is that of the spec', () => {
  expect(spec).toContain(`| characters of a name with its prefix | ${MAX_NAME_CHARACTERS} |`)
})

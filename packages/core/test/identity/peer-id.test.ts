import { createPrivateKey, createPublicKey } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isPeerId, peerIdFromPublicKey, publicKeyFromPeerId } from '../../src/identity/peer-id.ts'

// RFC 8032, test 1; the id was worked out from the peer id spec.
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const ID = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'

test('an Ed25519 key and its peer id', () => {
  const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex')
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  expect(raw.toString('hex')).toBe(KEY)
  expect(peerIdFromPublicKey(raw)).toBe(ID)
  expect(Buffer.from(publicKeyFromPeerId(ID)!).toString('hex')).toBe(KEY)
})

test('any key round-trips', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), key => {
    expect(publicKeyFromPeerId(peerIdFromPublicKey(key))).toEqual(key)
  }))
})

test.each([
  ['Ed25519', ID, true],
  ['a hashed RSA key', 'QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC', true],
  ['secp256k1', '16Uiu2HAmPFG9gMMuwNEbuaSgV19fi4rPBVy1SMmqAgkswhLVLvqP', true],
  ['nothing', '', false],
  ['a name', 'bob', false],
  ['one character short', ID.slice(0, -1), false],
  ['one character long', `${ID}1`, false],
  ['a space', ` ${ID}`, false],
  ['a character outside base58', ID.replace('W', '0'), false],
  ['a leading 1, which base58 reads as a zero byte', `1${ID}`, false],
  ['a CID', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', false],
])('%s', (_name, text, valid) => {
  expect(isPeerId(text)).toBe(valid)
  if (!valid) expect(publicKeyFromPeerId(text)).toBeUndefined()
})

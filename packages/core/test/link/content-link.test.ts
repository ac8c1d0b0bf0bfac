import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { isAppError } from '../../src/errors/app-error.ts'
import { peerIdFromPublicKey } from '../../src/identity/peer-id.ts'
import { formatLink, MAX_LINK_ADDRESSES, MAX_LINK_CHARACTERS, parseLink, type ContentLink } from '../../src/link/content-link.ts'

interface Vectors { valid: Array<{ name: string, text: string, link: ContentLink }>, reject: Array<{ name: string, text: string, offset: number }> }
const vectors = JSON.parse(readFileSync(new URL('../../../../docs/protocols/vectors/link.json', import.meta.url), 'utf8')) as Vectors
const spec = readFileSync(new URL('../../../../docs/protocols/link.md', import.meta.url), 'utf8')

test.each(vectors.valid)('reads and prints: $name', ({ text, link }) => {
  expect(parseLink(text)).toEqual(link)
  expect(formatLink(link)).toBe(text)
})

test.each(vectors.reject)('refuses: $name', ({ text, offset }) => {
  expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: 'LINK_INVALID', exit: 'usage', message: expect.stringMatching(new RegExp(` at offset ${offset}$`)) }))
})

const RELAY = 'QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt'
const hex16 = fc.integer({ min: 0, max: 0xffff })
const ip = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 255 }), fc.nat(255), fc.nat(255), fc.nat(255)).map(octets => octets.join('.')),
  fc.array(fc.oneof(fc.constant(0), hex16), { minLength: 8, maxLength: 8 })
    .map(groups => new URL(`http://[${groups.map(g => g.toString(16)).join(':')}]/`).hostname.slice(1, -1))
    .filter(text => text !== '::' && !text.startsWith('::ffff:')),
)
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const peerId = bytes32.map(peerIdFromPublicKey)
const port = fc.integer({ min: 1, max: 65535 })
const cid = fc.tuple(bytes32, fc.constantFrom(0x55, 0x70, 0x71), fc.boolean())
  .map(([digest, codec, old]) => (old ? CID.createV0(createDigest(0x12, digest)) : CID.createV1(codec, createDigest(0x12, digest))).toString())
const fragment = fc.string({ unit: fc.constantFrom(...'ABCxyz019-._~!$&\'()*+,;=:@/?'), minLength: 1, maxLength: 80 })
const address = fc.record({ ip, port, relay: peerId }, { requiredKeys: ['ip', 'port'] })
const link: fc.Arbitrary<ContentLink> = fc.record({
  cid,
  addresses: fc.uniqueArray(address, { minLength: 1, maxLength: MAX_LINK_ADDRESSES, selector: a => `${a.ip} ${a.port}` }),
  peerId,
  fragment,
}, { requiredKeys: ['cid', 'addresses'] }).map(made => ({
  ...made,
  addresses: made.addresses.map((a, i) => i > 0 && made.peerId !== undefined ? a : { ip: a.ip, port: a.port }),
}))

test('every link round-trips', () => {
  fc.assert(fc.property(link, value => { expect(parseLink(formatLink(value))).toEqual(value) }))
})

test('a changed character gives another link or our error, and what is read prints the same text', () => {
  fc.assert(fc.property(link, fc.nat(), fc.string({ unit: 'binary', minLength: 0, maxLength: 2 }), (value, place, patch) => {
    const text = formatLink(value)
    const at = place % text.length
    const changed = text.slice(0, at) + patch + text.slice(at + 1)
    try {
      expect(formatLink(parseLink(changed))).toBe(changed)
    } catch (e) {
      if (!isAppError(e)) throw e
      expect(e.code).toBe('LINK_INVALID')
    }
  }), { numRuns: 1000 })
})

test('a message never quotes the link: it may be a secret', () => {
  fc.assert(fc.property(link, fc.nat(), (value, place) => {
    const text = formatLink({ ...value, fragment: 'SECRETSECRETSECRET' })
    const at = place % text.length
    try { parseLink(text.slice(0, at) + '\n' + text.slice(at)) } catch (e) { expect(String(e)).not.toMatch(/SECRET/) }
    try { parseLink(text.replace('#', '')) } catch (e) { expect(String(e)).not.toMatch(/SECRET/) }
  }))
})

test.each<[string, Partial<ContentLink>]>([
  ['no address', { addresses: [] }],
  ['an address twice', { addresses: [{ ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.1', port: 1 }] }],
  ['a ninth address', { addresses: Array.from({ length: 9 }, (_, i) => ({ ip: '10.0.0.1', port: i + 1 })) }],
  ['port 0', { addresses: [{ ip: '10.0.0.1', port: 0 }] }],
  ['port 1.5', { addresses: [{ ip: '10.0.0.1', port: 1.5 }] }],
  ['an ip with a path in it', { addresses: [{ ip: '10.0.0.1/tcp/1', port: 1 }] }],
  ['a relay first', { addresses: [{ ip: '10.0.0.1', port: 1, relay: RELAY }], peerId: RELAY }],
  ['a relay and nobody behind it', { addresses: [{ ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.2', port: 1, relay: RELAY }] }],
  ['a relay that is no peer', { addresses: [{ ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.2', port: 1, relay: 'bob' }], peerId: RELAY }],
  ['a CID with a query in it', { cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e?also=/ip4/10.0.0.9/tcp/1' }],
  ['a peer id that is none', { peerId: 'bob' }],
  ['an empty fragment', { fragment: '' }],
  ['a fragment with a second #', { fragment: 'a#b' }],
  ['a fragment that makes it too long', { fragment: 'a'.repeat(MAX_LINK_CHARACTERS) }],
])('does not print a link with %s', (_name, part) => {
  const whole: ContentLink = { cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', addresses: [{ ip: '10.0.0.1', port: 1 }], ...part }
  expect(() => formatLink(whole)).toThrow(expect.objectContaining({ code: 'LINK_INVALID' }))
})

test('the limits are those of the spec', () => {
  expect(spec).toContain(`| characters in a link | ${MAX_LINK_CHARACTERS} |`)
  expect(spec).toContain(`| addresses in a link | ${MAX_LINK_ADDRESSES} |`)
})

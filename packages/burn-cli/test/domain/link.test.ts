import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { peerIdFromPublicKey } from '@ipkit/core/identity/peer-id'
import { formatBurnLink, formatWebLink, parseBurnLink, parseWebFragment, type BurnLink } from '../../src/domain/link.ts'
import { payloadCid } from '../../src/domain/payload-layout.ts'
import { unhex } from '../hex.ts'
import { linkVectors } from '../vectors.ts'

const code = (work: () => unknown): unknown => { try { work() } catch (e) { return (e as { code?: string }).code } return 'parsed' }
const fragment = (link: string): string => link.slice(link.indexOf('#') + 1)

test.each(linkVectors.links)('$title', v => {
  const link: BurnLink = { addresses: v.addresses, sender: v.sender, root: CID.parse(v.root), L: unhex(v.L), passphrase: v.passphrase, addressed: v.addressed }
  expect(formatBurnLink(link)).toBe(v.link)
  expect(parseBurnLink(v.link)).toEqual(link)
  expect(parseBurnLink(`  ${v.link}\n`)).toEqual(link)
  expect(fragment(v.link)).toHaveLength(52)
})

test.each(linkVectors.rejectLinks)('rejects a link with $title', v => { expect(code(() => parseBurnLink(v.link))).toBe(v.code) })

test.each(linkVectors.webLinks)('web link: $title', v => {
  const secret = { sender: v.sender, root: CID.parse(v.root), L: unhex(v.L), passphrase: v.passphrase }
  expect(formatWebLink(v.baseUrl, secret)).toBe(v.link)
  expect(formatWebLink(`${v.baseUrl}/`, secret)).toBe(v.link)
  expect(parseWebFragment(fragment(v.link))).toEqual(secret)
})

test.each(linkVectors.rejectWebFragments)('rejects a web fragment: $title', v => { expect(code(() => parseWebFragment(v.fragment))).toBe(v.code) })

describe('damage', () => {
  const link = linkVectors.links[1]!.link
  test('every bit flipped anywhere in a link is noticed before anything is dialled', () => {
    for (let at = 0; at < link.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const damaged = link.slice(0, at) + String.fromCharCode(link.charCodeAt(at) ^ (1 << bit)) + link.slice(at + 1)
        if (damaged.trim() === link) continue
        expect(code(() => parseBurnLink(damaged))).toMatch(/^LINK_(INVALID|DAMAGED|INCOMPLETE|VERSION)$/)
      }
    }
  })
  test('every link cut short is noticed', () => {
    for (let n = 0; n < link.length; n++) expect(code(() => parseBurnLink(link.slice(0, n)))).toMatch(/^LINK_(INVALID|DAMAGED|INCOMPLETE)$/)
  })
  test('no error quotes the link', () => {
    for (let at = 0; at < link.length; at++) {
      try { parseBurnLink(`${link.slice(0, at)}A${link.slice(at + 1)}`) } catch (e) { expect((e as Error).message).not.toContain(fragment(link).slice(0, 20)) }
    }
  })
})

test('any link round-trips in both forms', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const port = fc.integer({ min: 1, max: 65535 })
  fc.assert(fc.property(key, key, key, fc.uniqueArray(port, { minLength: 1, maxLength: 8 }), fc.boolean(), fc.boolean(), fc.boolean(), (L, pk, digest, ports, passphrase, addressed, big) => {
    const secret = { sender: peerIdFromPublicKey(pk), root: payloadCid(big ? 0x70 : 0x55, digest), L, passphrase }
    const link = { ...secret, addresses: ports.map(p => ({ ip: '10.1.2.3', port: p })), addressed }
    expect(parseBurnLink(formatBurnLink(link))).toEqual(link)
    expect(parseWebFragment(fragment(formatWebLink('http://10.1.2.3:80', secret)))).toEqual(secret)
  }))
})

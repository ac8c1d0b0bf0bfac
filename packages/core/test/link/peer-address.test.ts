import { expect, test } from '@jest/globals'
import { formatPeerAddress, parsePeerAddress } from '../../src/link/peer-address.ts'

const PEER = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'

test.each([
  ['/ip4/192.168.1.7/tcp/4101', { ip: '192.168.1.7', port: 4101 }],
  ['/ip6/::1/tcp/1', { ip: '::1', port: 1 }],
  [`/ip6/fd00::7/tcp/4101/p2p/${PEER}`, { ip: 'fd00::7', port: 4101, peerId: PEER }],
])('reads and prints %s', (text, address) => {
  expect(parsePeerAddress(text)).toEqual(address)
  expect(formatPeerAddress(address)).toBe(text)
})

test('a bare ip gets the default port where there is one', () => {
  expect(parsePeerAddress('::1', { defaultPort: 4101 })).toEqual({ ip: '::1', port: 4101 })
  expect(parsePeerAddress('10.0.0.1', { defaultPort: 4101 })).toEqual({ ip: '10.0.0.1', port: 4101 })
  expect(() => parsePeerAddress('10.0.0.1')).toThrow(/offset 0/)
})

test.each([
  ['', 0],
  ['10.0.0', 0],
  ['/dns4/example.com/tcp/1', 0],
  ['/ip4/10.0.0.01/tcp/1', 5],
  ['/ip4/::1/tcp/1', 5],
  ['/ip4/10.0.0.1', 13],
  ['/ip4/10.0.0.1/udp/1', 13],
  ['/ip4/10.0.0.1/tcp/0', 18],
  ['/ip4/10.0.0.1/tcp/1/', 19],
  ['/ip4/10.0.0.1/tcp/1/ws', 19],
  ['/ip4/10.0.0.1/tcp/1/p2p/bob', 24],
  [`/ip4/10.0.0.1/tcp/1/p2p/${PEER}/ws`, 24 + PEER.length],
  ['/ip4/10.0.0.1/tcp/1/p2p-circuit', 19],
  [`/ip4/10.0.0.1/tcp/1/p2p/${PEER}/p2p-circuit/tcp/1`, 36 + PEER.length],
  [`/ip4/10.0.0.1/tcp/1/p2p/${PEER}/p2p-circuit/p2p/bob`, 41 + PEER.length],
])('refuses %j', (text, offset) => {
  expect(() => parsePeerAddress(text, { defaultPort: 4101 })).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID', message: expect.stringContaining(`at offset ${offset}`) }))
})

import { expect, test } from '@jest/globals'
import { addressGroup, addressGroupIn, isLoopback } from '../../src/net/address-group.ts'

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:0207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::6', '2001:db8:1:3::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
  ['1:2:3', '1:2:3'],
  ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8:9'],
  ['::12345', '::12345'],
])('%s counts as %s', (ip, group) => { expect(addressGroup(ip)).toBe(group) })

test.each([
  ['/ip4/192.0.2.7/tcp/4101', '192.0.2.7'],
  ['/ip6/2001:db8:1:2::6/tcp/4101', '2001:db8:1:2::/64'],
  ['/ip6zone/eth0/ip6/fe80::1/tcp/4101', 'fe80:0:0:0::/64'],
  ['/ip4/192.0.2.7/tcp/4101/p2p/relay/p2p-circuit/p2p/peer', '192.0.2.7'],
  ['/memory/1', '/memory/1'],
])('%s comes from %s', (multiaddr, group) => { expect(addressGroupIn(multiaddr)).toBe(group) })

test('loopback', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '128.0.0.1', '::2', '2001:db8::1', ''].map(isLoopback)).toEqual([true, true, true, true, true, false, false, false, false])
})

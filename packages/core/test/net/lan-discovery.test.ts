import { expect, test } from '@jest/globals'
import { isLanAddress } from '../../src/net/lan-discovery.ts'

test.each(['/ip4/10.77.0.1/tcp/1', '/ip4/172.31.255.255/tcp/1', '/ip4/192.168.1.7/tcp/4101', '/ip4/169.254.9.9/tcp/1', '/ip4/127.0.0.1/tcp/1', '/ip6/fd00::7/tcp/1', '/ip6/fe80::1/tcp/1', '/ip6/::1/tcp/1'])('%s is on the local network', address => {
  expect(isLanAddress(address)).toBe(true)
})

test.each(['/ip4/8.8.8.8/tcp/1', '/ip4/172.32.0.1/tcp/1', '/ip4/11.0.0.1/tcp/1', '/ip6/2001:db8::1/tcp/1', '/dns4/example.org/tcp/1', '/dnsaddr/example.org', '/ip4/10.0.0.1/udp/1/quic-v1', '/ip4/10.0.0.1/tcp/1/ws', '/ip4/nonsense/tcp/1'])('%s is not dialled', address => {
  expect(isLanAddress(address)).toBe(false)
})

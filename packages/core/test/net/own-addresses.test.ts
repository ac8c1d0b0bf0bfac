import { expect, test } from '@jest/globals'
import { ownAddresses } from '../../src/net/own-addresses.ts'

const info = (address: string, family: 'IPv4' | 'IPv6'): never => ({ address, family, internal: false, netmask: '', mac: '', cidr: null, scopeid: 0 }) as never
const interfaces = { lo: [info('127.0.0.1', 'IPv4'), info('::1', 'IPv6')], eth0: [info('192.168.1.7', 'IPv4'), info('fd00::7', 'IPv6'), info('fe80::1', 'IPv6')], vpn: [info('10.8.0.2', 'IPv4')] }

test('a wildcard is every interface of its family, loopback last, link-local left out', () => {
  expect(ownAddresses([{ ip: '0.0.0.0', port: 1 }, { ip: '::', port: 2 }], interfaces)).toEqual([
    { ip: '192.168.1.7', port: 1 }, { ip: '10.8.0.2', port: 1 }, { ip: 'fd00::7', port: 2 }, { ip: '127.0.0.1', port: 1 }, { ip: '::1', port: 2 },
  ])
})

test('a plain address stands for itself, once', () => {
  expect(ownAddresses([{ ip: '127.0.0.1', port: 1 }, { ip: '0.0.0.0', port: 1 }], interfaces)).toEqual([
    { ip: '192.168.1.7', port: 1 }, { ip: '10.8.0.2', port: 1 }, { ip: '127.0.0.1', port: 1 },
  ])
})

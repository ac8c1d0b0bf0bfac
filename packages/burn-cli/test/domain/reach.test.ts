import { describe, expect, test } from '@jest/globals'
import { kuboCommand, linkAddresses, ownRelays, reachText, reachWarning } from '../../src/domain/reach.ts'

const ME = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'
const RELAY = 'QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt'
const CIRCUIT = `/ip4/203.0.113.9/tcp/4001/p2p/${RELAY}/p2p-circuit/p2p/${ME}`
const OWN = [`/ip4/192.168.1.7/tcp/4101/p2p/${ME}`, `/ip4/127.0.0.1/tcp/4101/p2p/${ME}`, CIRCUIT]
const LAN = { ip: '192.168.1.7', port: 4101 }
const RELAYED = { ip: '203.0.113.9', port: 4001, relay: RELAY }

describe('a relay that the node uses', () => {
  test('is named only when it is asked for, after the addresses of the node', () => {
    expect(linkAddresses(OWN, ME, [])).toEqual([LAN])
    expect(ownRelays(OWN).length).toBe(1)
    for (const chosen of ['relay', CIRCUIT, CIRCUIT.replace(`/p2p/${ME}`, '')]) expect(linkAddresses(OWN, ME, [chosen])).toEqual([LAN, RELAYED])
    expect(linkAddresses(OWN, ME, ['relay', '10.9.9.9', CIRCUIT])).toEqual([{ ip: '10.9.9.9', port: 4101 }, RELAYED])
  })

  test('leaves room for itself among eight addresses', () => {
    const many = Array.from({ length: 12 }, (_, i) => `/ip4/192.168.2.${i + 1}/tcp/4101/p2p/${ME}`)
    const named = linkAddresses([...many, CIRCUIT], ME, ['relay'])
    expect([named.length, named.at(-1)]).toEqual([8, RELAYED])
  })

  test('takes the warning away that nobody outside can come', () => {
    expect(reachWarning([LAN])).toMatchObject({ code: 'LAN_ONLY' })
    expect(reachWarning([LAN, RELAYED])).toBeUndefined()
    expect(reachText(RELAYED)).toBe('through a relay')
  })

  test('must be there, and must lead to this node', () => {
    expect(() => linkAddresses(OWN.slice(0, 2), ME, ['relay'])).toThrow(expect.objectContaining({ code: 'NO_RELAY' }))
    expect(() => linkAddresses(OWN, ME, [CIRCUIT.replace(ME, RELAY)])).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }))
  })
})

test.each([
  [{ ip: '127.0.0.1', port: 1 }, 'connect /ip4/127.0.0.1/tcp/1'],
  [LAN, 'connect /ip4/192.168.1.7/tcp/4101'],
  [{ ip: '203.0.113.9', port: 4101 }, 'peering add /ip4/203.0.113.9/tcp/4101'],
  [{ ip: '100.64.0.9', port: 4101 }, 'peering add /ip4/100.64.0.9/tcp/4101'],
  [RELAYED, `peering add /ip4/203.0.113.9/tcp/4001/p2p/${RELAY}/p2p-circuit`],
])('a Kubo outside our network is told to peer with us, since it asks no other stranger: %j', (address, words) => {
  expect(kuboCommand({ ...address, peerId: ME })).toBe(`ipfs swarm ${words}/p2p/${ME}`)
})

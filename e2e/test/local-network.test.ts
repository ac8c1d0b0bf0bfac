import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { lackingForNetworkPair, networkPair, type Network } from '@ipkit/testkit/network-pair'
import { endNodes } from '@ipkit/testkit/node/node-processes'
import { testWith } from '@ipkit/testkit/test-with-program'

const bin = path.resolve(import.meta.dirname, '../../packages/ipkit/bin/ipkit.js')
const runFile = promisify(execFile)

interface Peer { readonly peerId: string, readonly address: string }

let folder: string
const homeOf = ({ ip }: Network): string => path.join(folder, ip, 'home')
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-lan-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

/** The built command inside a network, with a home of its own there. */
async function ipkit (network: Network, ...args: string[]): Promise<string> {
  mkdirSync(path.join(folder, network.ip), { recursive: true })
  const { stdout } = await runFile(...network.inside(process.execPath, [bin, ...args]), {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: path.join(folder, network.ip), IPKIT_HOME: homeOf(network), IPKIT_LISTEN: '/ip4/0.0.0.0/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' },
  })
  return stdout
}

const peersOf = async (network: Network): Promise<Peer[]> => (await ipkit(network, 'peers', '--json')).split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Peer)
const peerIdOf = async (network: Network): Promise<string> => (JSON.parse(await ipkit(network, 'id', '--json')) as Peer).peerId

/** Ends the nodes before the networks go away under them. */
async function inTwoNetworks (body: (a: Network, b: Network) => Promise<void>): Promise<void> {
  await using pair = await networkPair()
  const [a, b] = pair.networks
  try {
    await body(a, b)
  } finally {
    for (const network of [a, b]) await endNodes(homeOf(network))
  }
}

const testInNetworks = testWith(lackingForNetworkPair())

testInNetworks('mdns: two nodes on one network find each other, also after one was away', async () => {
  await inTwoNetworks(async (a, b) => {
    for (const network of [a, b]) {
      await ipkit(network, 'config', 'set', 'mdns', 'on')
      await ipkit(network, 'start')
    }
    const ids = [await peerIdOf(a), await peerIdOf(b)]
    const met = async (network: Network, peerId: string): Promise<void> => {
      while (!(await peersOf(network)).some(peer => peer.peerId === peerId)) await sleep(200)
    }
    await met(a, ids[1]!)
    await met(b, ids[0]!)
    expect((await peersOf(a)).map(peer => [peer.peerId, peer.address.split('/')[2]])).toContainEqual([ids[1], b.ip])
    await ipkit(b, 'restart')
    await met(b, ids[0]!)
    await met(a, ids[1]!)
  })
})

testInNetworks('without mdns a node puts nothing on the network', async () => {
  await inTwoNetworks(async (a, b) => {
    await ipkit(a, 'start')
    await sleep(1_500)
    expect(await ipkit(a, 'peers')).toContain('no peers')
    expect([await a.packetsSent(), await b.packetsSent()]).toEqual([0, 0])
    // The same count does see a node that asks.
    await ipkit(a, 'config', 'set', 'mdns', 'on')
    await ipkit(a, 'restart')
    while (await a.packetsSent() === 0) await sleep(100)
  })
})

import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { askKubo } from '@ipkit/core/daemon/join-kubo'
import { LOOPBACK, nodeFixture, until } from './node-fixture.ts'

const on = nodeFixture()
const never = new AbortController().signal
const servers: http.Server[] = []
afterEach(async () => { for (const s of servers.splice(0)) { s.closeAllConnections(); await new Promise(resolve => { s.close(resolve) }) } })

/** An API that answers /api/v0/id as Kubo does, and refuses anything but POST as Kubo does. @returns its multiaddr */
async function kubo (answer: () => string, status = 200): Promise<string> {
  const server = http.createServer((req, res) => {
    if (req.method !== 'POST' || req.url !== '/api/v0/id') { res.writeHead(405).end(); return }
    res.writeHead(status, { 'content-type': 'application/json' }).end(answer())
  })
  servers.push(server)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`
}

test('Kubo is asked who it is; only plain TCP addresses count', async () => {
  const api = await kubo(() => JSON.stringify({ ID: 'QmKubo', PublicKey: 'x', AgentVersion: 'kubo/0.30', Addresses: ['/ip4/127.0.0.1/udp/4001/quic-v1/p2p/QmKubo', '/ip4/127.0.0.1/tcp/4001/p2p/QmKubo', '/ip4/1.2.3.4/tcp/4001/ws/p2p/QmKubo'] }))
  expect(await askKubo(api, never)).toEqual({ peerId: 'QmKubo', addresses: ['/ip4/127.0.0.1/tcp/4001/p2p/QmKubo'] })
})

test.each<[string, () => Promise<string>]>([
  ['an address of another kind', async () => '/unix/var/run/kubo'],
  ['nobody', async () => '/ip4/127.0.0.1/tcp/1'],
  ['a refusal', async () => await kubo(() => 'no', 403)],
  ['no addresses', async () => await kubo(() => '{"ID":"QmKubo","Addresses":null}')],
  ['another program', async () => await kubo(() => '{}')],
])('%s is told as unreachable', async (_name, api) => {
  await expect(askKubo(await api(), never)).rejects.toMatchObject({ code: 'KUBO_UNREACHABLE' })
})

test('with kubo on, the node connects to the Kubo that runs on this machine; with it off, it does not', async () => {
  const other = path.join(path.dirname(on.home), 'other')
  const peer = on.node({ flags: { home: other }, nodeMain: on.built.nodeMain })
  try {
    const { peerId, addresses } = await peer.call('node.id', {}) as { peerId: string, addresses: string[] }
    let asked = 0
    const api = await kubo(() => { asked++; return JSON.stringify({ ID: peerId, Addresses: addresses }) })
    const repo = path.join(path.dirname(on.home), 'kubo')
    mkdirSync(repo)
    writeFileSync(path.join(repo, 'api'), api)
    const env = { ...LOOPBACK, IPFS_PATH: repo }

    const node = (): ReturnType<typeof on.node> => on.node({ nodeMain: on.built.nodeMain, env })
    await node().call('node.id', {})
    expect(asked).toBe(0)
    await node().stop({ ifIdle: false })
    await on.gone()
    writeFileSync(path.join(on.home, 'config.json'), '{"kubo":true}')
    await node().call('node.id', {})
    await until(() => readFileSync(path.join(on.home, 'node.log'), 'utf8').includes(`connected to Kubo ${peerId}`))
    const peers = []
    for await (const p of node().list('node.peers', {})) peers.push((p as { peerId: string }).peerId)
    expect(peers).toContain(peerId)
  } finally {
    await peer.stop({ ifIdle: false })
  }
})

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { writeSampleService } from '@ipkit/testkit/sample-service'
import type { SharedNode } from '../../src/daemon/open-node.ts'
import { verifySignature } from '../../src/identity/peer-key.ts'
import { LOOPBACK, nodeFixture, status } from './node-fixture.ts'

const fixture = nodeFixture()
const open = (manifest: string, name: string, build = 1): SharedNode => fixture.node({ nodeMain: fixture.built.nodeMain, service: { name, build, manifest } })
const tool = async (name: string, more: { build?: number, fails?: 'start' | 'call' | 'stop', needs?: string[], body?: string } = {}): Promise<string> =>
  await writeSampleService(path.join(path.dirname(fixture.home), 'tools', name), { name, ...more })
const servicesOf = async (node: SharedNode): Promise<string[]> => ((await status(node))['services'] as Array<{ name: string, build: number, state: string }>).map(s => `${s.name} ${s.build} ${s.state}`)

test('five services of five tools run in one real node; those that fail leave the others running, and it ends cleanly', async () => {
  const nodes = await Promise.all((['a', 'b', 'c'] as const).map(async name => open(await tool(name), name)))
  expect(await Promise.all(nodes.map(async (node, i) => await node.call(`${'abc'[i]!}.echo`, { i })))).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }])
  const failsAtStart = open(await tool('d', { fails: 'start' }), 'd')
  await expect(failsAtStart.call('d.echo', {})).rejects.toMatchObject({ code: 'SERVICE_FAILED' })
  const failsAtStop = open(await tool('e', { fails: 'stop' }), 'e')
  expect(await failsAtStop.call('e.echo', 1)).toBe(1)
  expect(await servicesOf(nodes[0]!)).toEqual(expect.arrayContaining(['a 1 running', 'b 1 running', 'c 1 running', 'd 1 failed', 'e 1 running']))
  expect(await nodes[0]!.stop({ ifIdle: false })).toBe(true)
  await fixture.gone()
})

test('after a restart services are there before anybody asks, addresses are the same, and a newer build takes over an idle node', async () => {
  const manifest = await tool('echo', { needs: ['http', 'datastore', 'blocks'], body: "await scope.http.handle(async (q, r) => { r.end('page') }); await scope.datastore.put('k', new Uint8Array([7]))" })
  const first = open(manifest, 'echo')
  expect(await first.call('echo.where', {})).toMatchObject({ build: 1 })
  const before = await first.call('node.id', {}) as { peerId: string, addresses: string[], httpAddresses: string[] }
  expect(before.httpAddresses.length).toBe(1)
  expect(await (await fetch(`${before.httpAddresses[0]!}/echo`)).text()).toBe('page')
  await first.stop({ ifIdle: false })
  await fixture.gone()

  const plain = fixture.node({ nodeMain: fixture.built.nodeMain })
  expect(await servicesOf(plain)).toEqual(['echo 1 running'])
  expect(await plain.call('node.id', {})).toEqual(before)

  await tool('echo', { build: 2 })
  const newer = open(manifest, 'echo', 2)
  expect(await newer.call('echo.where', {})).toMatchObject({ build: 2 })
  expect(await servicesOf(newer)).toEqual(['echo 2 running'])
  await newer.stop({ ifIdle: false })
  await fixture.gone()
})

test('the pins of each service are counted, also after a restart', async () => {
  const node = open(await tool('keeper', { needs: ['blocks'], body: "await scope.blocks.pin('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')" }), 'keeper')
  await node.call('keeper.echo', 1)
  const pins = async (asked: SharedNode): Promise<unknown> => {
    const items: unknown[] = []
    for await (const item of asked.list('node.apps', {})) items.push(item)
    return items
  }
  expect(await pins(node)).toEqual([expect.objectContaining({ name: 'keeper', pins: 1 })])
  await node.stop({ ifIdle: false })
  await fixture.gone()
  const again = fixture.node({ nodeMain: fixture.built.nodeMain })
  expect(await pins(again)).toEqual([expect.objectContaining({ name: 'keeper', pins: 1 })])
  await again.stop({ ifIdle: false })
  await fixture.gone()
})

test('a need that a node does not offer is refused with the needs it does offer', async () => {
  const node = open(await tool('later', { needs: ['telepathy'] }), 'later')
  await expect(node.call('later.echo', 1)).rejects.toMatchObject({ code: 'SERVICE_NEED_UNKNOWN', exit: 'refused', message: expect.stringContaining('it offers blocks, http, ephemeral-host, datastore, keys, fetch, pubsub, peers, value-store, bulk-store') })
  await node.stop({ ifIdle: false })
  await fixture.gone()
  const started = readFileSync(path.join(fixture.home, 'node.log'), 'utf8').split('\n').filter(line => line.includes('"ready"')).length
  expect(started).toBe(2) // the one that was there, and one that could have been newer; not one after the other without end
})

test('under a passphrase a service makes a key that is sealed, and signs with it after a restart', async () => {
  const passphraseFile = path.join(path.dirname(fixture.home), 'passphrase')
  writeFileSync(passphraseFile, 'swordfish\n', { mode: 0o600 })
  const body = `
    scope.rpc('signs.create', async () => ({ kind: 'result', value: (await scope.keys.create('blog')).peerId }))
    scope.rpc('signs.sign', async name => { const key = await scope.keys.signer(name); return { kind: 'result', value: [...key.sign(new Uint8Array([1]))] } })`
  const manifest = await tool('signs', { needs: ['keys'], body })
  const start = (): SharedNode => fixture.node({ nodeMain: fixture.built.nodeMain, service: { name: 'signs', build: 1, manifest }, env: { ...LOOPBACK, IPKIT_PASSPHRASE_FILE: passphraseFile } })
  const first = start()
  const peerId = await first.call('signs.create', {}) as string
  expect(readFileSync(path.join(fixture.home, 'keys', 'blog.key'), 'utf8')).toMatch(/^ipkit identity key 1\npeer \w+\nscrypt 17 8 1 /)
  await first.stop({ ifIdle: false })
  await fixture.gone()
  const again = start()
  expect(verifySignature(peerId, Uint8Array.of(1), Uint8Array.from(await again.call('signs.sign', 'blog') as number[]))).toBe(true)
  await again.stop({ ifIdle: false })
  await fixture.gone()
})

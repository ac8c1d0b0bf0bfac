import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { writeSampleService } from '@ipkit/testkit/sample-service'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import { appPins } from '../../src/blocks/app-pins.ts'
import { memoryBlockStore } from '../../src/blocks/memory-block-store.ts'
import { HttpDoor } from '../../src/daemon/http-door.ts'
import type { RpcCall } from '../../src/daemon/service.ts'
import { ServiceHost } from '../../src/daemon/service-host.ts'
import { loadOrCreateKey } from '../../src/identity/key-file.ts'
import { Keychain } from '../../src/identity/keychain.ts'
import { systemClock, type Clock } from '../../src/time/clock.ts'

interface Bench extends AsyncDisposable { readonly node: TestNode, readonly tools: string, open(clock?: Clock): Promise<ServiceHost>, readonly stop: AbortController }

/** A home with a real node; `open` starts a service host in it, as the node's process does. */
async function bench (): Promise<Bench> {
  const node = await testNode()
  const stop = new AbortController()
  const us = { uid: process.geteuid!(), gid: process.getegid!() }
  const http = new HttpDoor({ listen: ['/ip4/127.0.0.1/tcp/0'], names: [], portsFile: path.join(node.dir, 'ports.json'), log: node.log })
  const stores = new Map<string, ReturnType<typeof memoryKeyValueStore>>()
  const blocks = memoryBlockStore()
  const self = await loadOrCreateKey(path.join(node.dir, 'identity.key'), { randomBytes, passphrase: async () => '' })
  const keys = new Keychain({ dir: path.join(node.dir, 'keys'), identityFile: path.join(node.dir, 'identity.key'), self, randomBytes, passphrase: async () => '' })
  return {
    node,
    stop,
    tools: path.join(node.dir, 'tools'),
    open: async (clock = systemClock) => await ServiceHost.open({
      node: node.node, http, pins: appPins(async () => blocks, memoryKeyValueStore()), keys, routers: ['https://router.example'], clock, clockState: () => 'set-back', log: node.log, logOf: () => node.log, us, signal: stop.signal,
      randomBytes: n => new Uint8Array(randomBytes(n)),
      leases: { holder: () => ({ async hold () {}, async release () {} }) },
      servicesDir: path.join(node.dir, 'services'),
      dataRoot: path.join(node.dir, 'data'),
      keyValues: prefix => { const store = stores.get(prefix) ?? memoryKeyValueStore(); stores.set(prefix, store); return store },
    }),
    async [Symbol.asyncDispose] () {
      await http[Symbol.asyncDispose]()
      await node[Symbol.asyncDispose]()
    },
  }
}

const noCall: RpcCall = { signal: new AbortController().signal, upload: (async function * () {})(), progress () {} }
async function call (host: ServiceHost, method: string, params: unknown = null): Promise<unknown> {
  const handler = host.lookup(method)
  if (handler === undefined) throw new Error(`no ${method}`)
  const reply = await handler(params, noCall)
  return reply.kind === 'result' ? reply.value : reply.kind
}
async function until (met: () => boolean): Promise<void> { while (!met()) await new Promise(resolve => { setTimeout(resolve, 5) }) }
const states = (host: ServiceHost): string[] => host.list().map(service => `${service.name} ${service.build} ${service.state}`)

test('a service is installed, answers, and runs again at the next start from its copy', async () => {
  await using b = await bench()
  const manifest = await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo', build: 3 })
  {
    await using host = await b.open()
    expect(host.lookup('echo.echo')).toBeUndefined()
    expect(await host.ensure({ manifest, build: 3 })).toEqual({ name: 'echo', build: 3, state: 'running' })
    expect(await host.ensure({ manifest, build: 2 })).toEqual({ name: 'echo', build: 3, state: 'running' })
    expect(await call(host, 'echo.echo', { a: 1 })).toEqual({ a: 1 })
    const dataDir = path.join(b.node.dir, 'data/echo')
    expect(await call(host, 'echo.where')).toEqual({ build: 3, dataDir })
    expect((await fs.stat(dataDir)).mode & 0o777).toBe(0o700)
    expect(host.lookup('echo.none')).toBeUndefined()
    expect(host.lookup('echo')).toBeUndefined()
  }
  await fs.rm(b.tools, { recursive: true })
  await using again = await b.open()
  expect(states(again)).toEqual(['echo 3 running'])
  expect(await call(again, 'echo.echo', 'still here')).toBe('still here')
})

test('its protocol is answered over real sockets, and no more once it is stopped', async () => {
  await using b = await bench()
  await using other = await testNode()
  const host = await b.open()
  await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo' }), build: 1 })
  const ask = async (): Promise<string> => {
    await using channel = await other.node.open(b.node.node.addresses(), '/ipkit/echo/1.0.0')
    await channel.write(Buffer.from('hi'))
    for await (const chunk of channel.source) return Buffer.from(chunk).toString()
    return 'ended'
  }
  expect(await ask()).toBe('hi')
  await host[Symbol.asyncDispose]()
  await expect(ask()).rejects.toMatchObject({ code: 'PEER_NO_PROTOCOL' })
  expect(states(host)).toEqual(['echo 1 stopped'])
  await expect(call(host, 'echo.echo')).rejects.toMatchObject({ code: 'SERVICE_STOPPED' })
})

describe('a service that fails', () => {
  test.each(['import', 'start'] as const)('at its %s is listed with the reason, its calls get it, and the others run', async fails => {
    await using b = await bench()
    const good = await writeSampleService(path.join(b.tools, 'good'), { name: 'good' })
    const bad = await writeSampleService(path.join(b.tools, 'bad'), { name: 'bad', fails })
    {
      await using host = await b.open()
      await expect(host.ensure({ manifest: bad, build: 1 })).rejects.toMatchObject({ code: 'SERVICE_FAILED', message: `service bad did not start: sample failure at ${fails}` })
      await host.ensure({ manifest: good, build: 1 })
      expect(states(host)).toEqual(['bad 1 failed', 'good 1 running'])
      await expect(call(host, 'bad.echo')).rejects.toMatchObject({ code: 'SERVICE_FAILED' })
      expect(await call(host, 'good.echo', 1)).toBe(1)
    }
    await using again = await b.open()
    expect(states(again)).toEqual(['bad 1 failed', 'good 1 running'])
    await expect(again.ensure({ manifest: bad, build: 1 })).rejects.toMatchObject({ code: 'SERVICE_FAILED' })
    const mended = await writeSampleService(path.join(b.tools, 'bad'), { name: 'bad', build: 2 })
    expect(await again.ensure({ manifest: mended, build: 2 })).toMatchObject({ state: 'running', build: 2 })
  })

  test('in a call throws to its caller alone, and at its stop is only logged', async () => {
    await using b = await bench()
    const host = await b.open()
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'calls'), { name: 'calls', fails: 'call' }), build: 1 })
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'stops'), { name: 'stops', fails: 'stop' }), build: 1 })
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'good'), { name: 'good' }), build: 1 })
    await expect(call(host, 'calls.echo')).rejects.toThrow('sample failure at call')
    expect(await call(host, 'calls.where')).toMatchObject({ build: 1 })
    await host[Symbol.asyncDispose]()
    expect(states(host)).toEqual(['calls 1 stopped', 'stops 1 stopped', 'good 1 stopped'])
    expect(b.node.log.lines.filter(line => line.message === 'a service did not stop cleanly').map(line => line.fields['service'])).toEqual(['stops'])
  })

  test('to come up in time is given up, and the others run', async () => {
    await using b = await bench()
    const clock = new ManualClock()
    await using host = await b.open(clock)
    const manifest = await writeSampleService(path.join(b.tools, 'slow'), { name: 'slow', hangs: true })
    const timePasses = until(() => { clock.advance(1000); return states(host).join() === 'slow 1 failed' })
    await expect(host.ensure({ manifest, build: 1 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
    await timePasses
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'good'), { name: 'good' }), build: 1 })
    expect(states(host)).toEqual(['slow 1 failed', 'good 1 running'])
  })

  test('with an error of its own copy of core keeps code, exit and hints', async () => {
    await using b = await bench()
    await using host = await b.open()
    const body = "throw Object.assign(new Error('the disk is full'), { [Symbol.for('ipkit.AppError')]: true, code: 'DISK_FULL', exit: 'busy', hints: ['make room'] })"
    await expect(host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'x'), { name: 'x', body }), build: 1 })).rejects.toMatchObject({ code: 'DISK_FULL', exit: 'busy', hints: ['make room'] })
  })
})

test('a newer build waits for the next start of the node, and is there then', async () => {
  await using b = await bench()
  const manifest = await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo', build: 1 })
  {
    await using host = await b.open()
    await host.ensure({ manifest, build: 1 })
    await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo', build: 2 })
    await expect(host.ensure({ manifest, build: 2 })).rejects.toMatchObject({ code: 'SERVICE_OLDER', exit: 'busy' })
    expect(await call(host, 'echo.where')).toMatchObject({ build: 1 })
    await expect(host.ensure({ manifest, build: 3 })).rejects.toMatchObject({ code: 'SERVICE_INVALID' })
  }
  await using again = await b.open()
  expect(await call(again, 'echo.where')).toMatchObject({ build: 2 })
  expect((await fs.readdir(path.join(b.node.dir, 'services/echo'))).length).toBe(2)
})

test('ten that ask at once load it once', async () => {
  await using b = await bench()
  await using host = await b.open()
  const manifest = await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo' })
  const all = await Promise.all(Array.from({ length: 10 }, async () => await host.ensure({ manifest, build: 1 })))
  expect(new Set(all.map(service => service.state))).toEqual(new Set(['running']))
  expect(b.node.log.lines.filter(line => line.message === 'service started').length).toBe(1)
})

test('a damaged copy does not run; the tool brings it back', async () => {
  await using b = await bench()
  const manifest = await writeSampleService(path.join(b.tools, 'echo'), { name: 'echo' })
  { await using host = await b.open(); await host.ensure({ manifest, build: 1 }) }
  const toolDir = path.join(b.node.dir, 'services/echo')
  const [copy] = (await fs.readdir(toolDir)).filter(name => name !== 'installed.json')
  await fs.appendFile(path.join(toolDir, copy!, 'service.js'), '\n// changed')
  await using host = await b.open()
  expect(states(host)).toEqual(['echo 0 failed'])
  await expect(call(host, 'echo.echo')).rejects.toMatchObject({ code: 'SERVICE_DAMAGED' })
  expect(await host.ensure({ manifest, build: 1 })).toMatchObject({ state: 'running' })
})

describe('a scope keeps a service to itself', () => {
  test.each<[string, string, string]>([
    ['a method of another', "scope.rpc('burn.steal', async () => ({}))", 'SERVICE_NAME_REFUSED'],
    ['a method twice', "scope.rpc('x.echo', async () => ({}))", 'SERVICE_NAME_REFUSED'],
    ['a method that no call can name', "scope.rpc('x.a b', async () => ({}))", 'SERVICE_NAME_REFUSED'],
    ['a protocol of another', "await scope.net.handle('/ipkit/burn/1.0.0', async () => {}, { maxStreams: 1, maxStreamsPerPeer: 1 })", 'SERVICE_NAME_REFUSED'],
    ['a standard protocol that it did not declare', "await scope.net.handle('/ipfs/bitswap/1.2.0', async () => {}, { maxStreams: 1, maxStreamsPerPeer: 1 })", 'SERVICE_NAME_REFUSED'],
    ['blocks that it did not ask for', 'await scope.blocks.has("x")', 'SERVICE_NEED_UNDECLARED'],
    ['a datastore that it did not ask for', 'await scope.datastore.get("x")', 'SERVICE_NEED_UNDECLARED'],
    ['HTTP that it did not ask for', 'await scope.http.urls()', 'SERVICE_NEED_UNDECLARED'],
    ['keys that it did not ask for', 'await scope.keys.list()', 'SERVICE_NEED_UNDECLARED'],
    ['fetch that it did not ask for', "scope.fetch.answer('/x/', async () => undefined)", 'SERVICE_NEED_UNDECLARED'],
    ['pubsub that it did not ask for', "scope.pubsub.listeners('t')", 'SERVICE_NEED_UNDECLARED'],
    ['peers that it did not ask for', 'scope.peers.list()', 'SERVICE_NEED_UNDECLARED'],
    ['a DHT that it did not ask for', 'scope.valueStore.stores.length', 'SERVICE_NEED_UNDECLARED'],
    ['a host that it did not ask for', 'await scope.ephemeralHost({})', 'SERVICE_NEED_UNDECLARED'],
  ])('%s', async (_name, body, code) => {
    await using b = await bench()
    await using host = await b.open()
    await expect(host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'x'), { name: 'x', body }), build: 1 })).rejects.toMatchObject({ code })
  })

  test('what it asked for is there: datastore, blocks, HTTP, a host, a declared protocol', async () => {
    await using b = await bench()
    const host = await b.open()
    const body = `
      await scope.datastore.put('k', new Uint8Array([1]))
      scope.rpc('x.key', async () => ({ kind: 'result', value: [...await scope.datastore.get('k')] }))
      await scope.http.handle(async (request, response) => { response.end('page ' + request.url) })
      scope.rpc('x.urls', async () => ({ kind: 'result', value: await scope.http.urls() }))
      const host = await scope.ephemeralHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
      scope.rpc('x.host', async () => ({ kind: 'result', value: host.addresses() }))
      await scope.net.handle('/test/declared/1', async () => {}, { maxStreams: 1, maxStreamsPerPeer: 1 })
      scope.rpc('x.has', async () => ({ kind: 'result', value: await scope.blocks.has('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e') }))`
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'x'), { name: 'x', body, needs: ['datastore', 'http', 'ephemeral-host', 'blocks'], protocols: ['/test/declared/1'] }), build: 1 })
    expect(await call(host, 'x.key')).toEqual([1])
    expect(await call(host, 'x.has')).toBe(false)
    const [url] = await call(host, 'x.urls') as string[]
    expect(await (await fetch(`${url}/x/a?b`)).text()).toBe('page /x/a?b')
    const [address] = await call(host, 'x.host') as string[]
    await using other = await testNode()
    await other.node.connect([address!])
    await host[Symbol.asyncDispose]()
    expect((await fetch(`${url}/x/a`)).status).toBe(404)
    await using late = await testNode()
    await expect(late.node.connect([address!])).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' })
  })

  test('what it asked for of keys and network is there, and is taken back when it stops', async () => {
    await using b = await bench()
    await using other = await testNode()
    const host = await b.open()
    const body = `
      scope.fetch.answer('/x/', async (key, peer) => new Uint8Array([key.length]))
      const heard = []
      scope.pubsub.subscribe('t', ({ data }) => { heard.push('old handler') })
      scope.pubsub.subscribe('t', ({ data }) => { heard.push(new TextDecoder().decode(data)) })
      scope.pubsub.subscribe('left', () => {})
      scope.pubsub.unsubscribe('left')
      scope.pubsub.onListener((peer, topic) => { heard.push(topic) })
      scope.peers.onConnect(peer => { heard.push('peer') })
      const method = (name, run) => { scope.rpc('x.' + name, async params => ({ kind: 'result', value: await run(params) })) }
      method('keys', async () => { await scope.keys.create('news'); return (await scope.keys.list()).map(key => key.name) })
      method('facts', async () => ({ routers: scope.peers.routers, clock: scope.clockState(), stores: scope.valueStore.stores, peers: scope.peers.list().length, listeners: scope.pubsub.listeners('u').length }))
      method('publish', async topic => await scope.pubsub.publish(topic, new TextEncoder().encode('hi')))
      method('ask', async peer => await scope.fetch.ask([peer], new TextEncoder().encode('/y/')))
      method('heard', async () => heard)`
    await host.ensure({ manifest: await writeSampleService(path.join(b.tools, 'x'), { name: 'x', body, needs: ['keys', 'fetch', 'pubsub', 'peers', 'value-store'] }), build: 1 })
    other.node.fetchDesk.answer('/y/', async () => Uint8Array.of(7))
    const got: string[] = []
    other.node.pubsub.subscribe('u', ({ data }) => { got.push(Buffer.from(data).toString()) })
    await other.node.connect(b.node.node.addresses())
    await until(() => b.node.node.pubsub.listeners('u').length === 1 && b.node.node.peerBook.list().some(peer => peer.protocols.length > 0) && other.node.pubsub.listeners('t').length === 1)
    expect(await call(host, 'x.keys')).toEqual(['self', 'news'])
    expect(await call(host, 'x.facts')).toEqual({ routers: ['https://router.example'], clock: 'set-back', stores: [], peers: 1, listeners: 1 })
    expect(await call(host, 'x.publish', 'u')).toBe(1)
    expect(await call(host, 'x.ask', other.node.peerId)).toEqual(Uint8Array.of(7))
    expect(await other.node.fetch([b.node.node.peerId], Buffer.from('/x/ab'))).toEqual(Uint8Array.of(5))
    await other.node.pubsub.publish('t', Buffer.from('there'))
    await until(() => got.length === 1)
    const heard = await call(host, 'x.heard') as string[]
    await until(() => heard.includes('there'))
    expect([...heard].sort()).toEqual(['peer', 'there', 'u'])
    expect(other.node.pubsub.listeners('left')).toEqual([])
    await host[Symbol.asyncDispose]()
    expect(await other.node.fetch([b.node.node.peerId], Buffer.from('/x/ab'))).toBeUndefined()
    await until(() => other.node.pubsub.listeners('t').length === 0)
    other.node.pubsub.subscribe('later', () => {})
    await until(() => b.node.node.pubsub.listeners('later').length === 1)
    expect(heard).not.toContain('later')
  })

  test('a fetch prefix of another service is refused to it, and free when that one is gone', async () => {
    await using b = await bench()
    const host = await b.open()
    const body = "scope.fetch.answer('/ipns/', async () => undefined)"
    const manifest = async (name: string): Promise<string> => await writeSampleService(path.join(b.tools, name), { name, body, needs: ['fetch'] })
    await host.ensure({ manifest: await manifest('a'), build: 1 })
    await expect(host.ensure({ manifest: await manifest('b'), build: 1 })).rejects.toMatchObject({ code: 'FETCH_PREFIX_TAKEN' })
    await host[Symbol.asyncDispose]()
    await using again = await b.open()
    expect(states(again)).toEqual(['a 1 running', 'b 1 failed'])
  })
})

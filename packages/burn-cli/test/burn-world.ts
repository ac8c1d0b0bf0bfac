import '@ipkit/core/time/polyfill'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import type { ChannelHandler, RpcCall, RpcHandler, ServiceLog, ServiceScope } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { peerIdFromPublicKey } from '@ipkit/core/identity/peer-id'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryChannelPair } from '@ipkit/testkit/memory-channel'
import service from '../src/service.ts'

/** Nodes in one process: burn's real service over real folders, with channels in memory in place of libp2p, and time that is moved by hand. */
export class BurnWorld implements AsyncDisposable {
  readonly clock = new ManualClock(Date.UTC(2026, 0, 15, 12, 0, 0))
  readonly dir = mkdtempSync(path.join(os.tmpdir(), 'burn-world-'))
  /** What every node wrote to its log. */
  readonly log: string[] = []
  readonly #nodes = new Map<string, WorldNode>()
  #peers = 0

  /** @param name of its folder; a name that was stopped comes back with what it had */
  async node (name: string, options: { readonly addresses?: readonly string[] } = {}): Promise<WorldNode> {
    const before = this.#nodes.get(name)
    const node = new WorldNode(this, before?.peerId ?? this.newPeer(), path.join(this.dir, name), options.addresses ?? ['/ip4/192.168.1.7/tcp/4101', '/ip4/127.0.0.1/tcp/4101'])
    this.#nodes.set(name, node)
    await node.start()
    return node
  }

  newPeer (): string { return peerIdFromPublicKey(Uint8Array.from({ length: 32 }, (_, i) => i === 0 ? ++this.#peers : 7)) }

  /** Who listens there. */
  at (addresses: readonly string[]): WorldNode | undefined {
    const wanted = addresses.map(text => parsePeerAddress(text))
    return [...this.#nodes.values()].find(node => node.running && wanted.some(({ ip, port, peerId }) => peerId === node.peerId && node.addresses.includes(`/ip4/${ip}/tcp/${port}`)))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const node of this.#nodes.values()) await node.stop()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

export class WorldNode {
  readonly peerId: string
  readonly dataDir: string
  addresses: readonly string[]
  readonly methods = new Map<string, RpcHandler>()
  readonly #world: BurnWorld
  readonly #protocols = new Map<string, ChannelHandler>()
  readonly #stop = new AbortController()
  #service: AsyncDisposable | undefined
  #random = 0

  constructor (world: BurnWorld, peerId: string, dataDir: string, addresses: readonly string[]) {
    this.#world = world
    this.peerId = peerId
    this.dataDir = dataDir
    this.addresses = addresses
  }

  get running (): boolean { return this.#service !== undefined }

  async start (): Promise<void> {
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 })
    this.#service = await service.start(this.#scope())
  }

  async stop (): Promise<void> {
    const running = this.#service
    this.#service = undefined
    this.#stop.abort(new Error('the node stops'))
    await running?.[Symbol.asyncDispose]()
  }

  /** What a command gets for `Io.node`. */
  get door (): NodeDoor {
    const reply = async (method: string, params: unknown, options: Parameters<NodeDoor['call']>[2] = {}): ReturnType<RpcHandler> => {
      const handler = this.methods.get(method)
      if (handler === undefined || !this.running) throw new AppError('NODE_UNREACHABLE', `no node answers ${method}`, { exit: 'unreachable' })
      const call: RpcCall = { signal: options.signal ?? new AbortController().signal, upload: options.upload ?? nothing(), progress: event => options.onProgress?.(event) }
      return await handler(JSON.parse(JSON.stringify(params)), call)
    }
    return {
      async call (method, params, options) {
        const answer = await reply(method, params, options)
        if (answer.kind !== 'result') throw new Error(`${method} answers with ${answer.kind}`)
        return JSON.parse(JSON.stringify(answer.value)) as unknown
      },
      async * list (method, params, options) {
        const answer = await reply(method, params, options)
        if (answer.kind !== 'items') throw new Error(`${method} answers with ${answer.kind}`)
        for await (const item of answer.items) yield JSON.parse(JSON.stringify(item)) as unknown
      },
      async * bytes (method, params, options) {
        const answer = await reply(method, params, options)
        if (answer.kind !== 'bytes') throw new Error(`${method} answers with ${answer.kind}`)
        yield * answer.source
      },
    }
  }

  /** A peer comes in. */
  receive (protocol: string, channel: Parameters<ChannelHandler>[0]): void {
    const handler = this.#protocols.get(protocol)
    if (handler === undefined) { channel.abort(new Error('no such protocol')); return }
    handler(channel, this.#stop.signal).then(async () => { await channel[Symbol.asyncDispose]() }, (e: unknown) => { channel.abort(e as Error) })
  }

  #scope (): ServiceScope {
    const world = this.#world
    const open = (peerId: string) => async (peer: readonly string[], protocol: string): Promise<ReturnType<typeof memoryChannelPair>[0]> => {
      const there = world.at(peer)
      if (there === undefined) throw new AppError('PEER_UNREACHABLE', `no answer from ${peer.join(', ')}`, { exit: 'unreachable' })
      const [ours, theirs] = memoryChannelPair({ remotePeers: [there.peerId, peerId] })
      there.receive(protocol, theirs)
      return ours
    }
    const absent = (what: string) => (): never => { throw new Error(`burn uses ${what}`) }
    const say = (level: string) => (message: string, fields?: object): void => { world.log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`) }
    const log: ServiceLog = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
    return {
      name: 'burn',
      dataDir: this.dataDir,
      clock: world.clock,
      log,
      signal: this.#stop.signal,
      randomBytes: sizeBytes => Uint8Array.from({ length: sizeBytes }, () => this.#random++ * 167 + 11),
      rpc: (method, handler) => { this.methods.set(method, handler) },
      net: { peerId: this.peerId, addresses: () => this.addresses.map(a => `${a}/p2p/${this.peerId}`), handle: async (protocol, handler) => { this.#protocols.set(protocol, handler) }, open: open(this.peerId) },
      leases: { hold: async () => {}, release: async () => {} },
      ephemeralHost: async ({ listen }) => {
        const peerId = world.newPeer()
        const addresses = listen === 'node' ? this.addresses.map(a => a.replace(/[0-9]+$/, `5000/p2p/${peerId}`)) : []
        return { peerId, addresses: () => addresses, open: open(peerId), bitswapHas: async () => false, bitswapGet: async () => undefined, traffic: () => new Map(), [Symbol.asyncDispose]: async () => {} }
      },
      clockState: () => 'ok',
      get keys (): never { return absent('the keychain')() },
      get fetch (): never { return absent('fetch')() },
      get pubsub (): never { return absent('pubsub')() },
      get peers (): never { return absent('peers')() },
      get valueStore (): never { return absent('the DHT')() },
      get datastore (): never { return absent('the datastore')() },
      get bulkStore (): never { return absent('the bulk store')() },
      get blocks (): never { return absent('the public blockstore')() },
      http: { urls: async () => ['http://192.168.1.7:4180', 'http://127.0.0.1:4180'], handle: async () => {} },
    }
  }
}

async function * nothing (): AsyncGenerator<Uint8Array> {}

/** The network parts of a service's scope, in memory: several nodes in one process. */
import type { ChannelHandler, ServiceScope } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { FETCH_PROTOCOL } from '@ipkit/core/net/fetch-wire'
import type { Clock } from '@ipkit/core/time/clock'
import { memoryChannelPair } from '@ipkit/testkit/memory-channel'
import type { ExchangeScope } from '../src/adapters/net-exchange.ts'

type Message = { readonly from: string, readonly data: Uint8Array }

export interface MemoryNode {
  readonly peerId: string
  readonly scope: ExchangeScope
  /** Protocols that it answers; fetch is one of them once it has a lookup. */
  readonly handlers: Map<string, ChannelHandler>
  readonly topics: Map<string, (message: Message) => void>
  /** Published messages do not arrive here. */
  deaf: boolean
  /** Values by store and key, shared by the whole network. */
  readonly stores: string[]
}

export class MemoryNetwork {
  readonly #clock: Clock
  readonly #nodes = new Map<string, MemoryNode>()
  readonly #lookups = new Map<string, (key: Uint8Array, peer: string) => Promise<Uint8Array | undefined>>()
  readonly #links = new Set<string>()
  readonly #onConnect = new Map<string, Set<(peer: string) => void>>()
  readonly #onListener = new Map<string, Set<(peer: string, topic: string) => void>>()
  /** By peer id; the others are all at one. */
  readonly addresses = new Map<string, string>()
  /** What the DHTs hold; a test may put anything there. */
  readonly values = new Map<string, Uint8Array[]>()
  /** Each question over the network, in order: 'fetch a b', '/ipkit/… a b', 'publish a topic'. */
  readonly said: string[] = []

  constructor (clock: Clock) { this.#clock = clock }

  connect (a: MemoryNode, b: MemoryNode): void {
    this.#links.add(`${a.peerId} ${b.peerId}`).add(`${b.peerId} ${a.peerId}`)
    for (const [at, other] of [[a, b], [b, a]] as const) for (const tell of this.#onConnect.get(at.peerId) ?? []) tell(other.peerId)
  }

  disconnect (a: MemoryNode, b: MemoryNode): void {
    this.#links.delete(`${a.peerId} ${b.peerId}`)
    this.#links.delete(`${b.peerId} ${a.peerId}`)
  }

  /** @param stores the DHTs that are on */
  node (peerId: string, stores: string[] = []): MemoryNode {
    const handlers: MemoryNode['handlers'] = new Map()
    const topics: MemoryNode['topics'] = new Map()
    this.#onConnect.set(peerId, new Set())
    this.#onListener.set(peerId, new Set())
    const scope = { net: this.#net(peerId, handlers), fetch: this.#fetch(peerId, handlers), pubsub: this.#pubsub(peerId, topics), peers: this.#peers(peerId), valueStore: this.#valueStore(stores), clock: this.#clock }
    const node: MemoryNode = { peerId, scope, handlers, topics, stores, deaf: false }
    this.#nodes.set(peerId, node)
    return node
  }

  #neighbours (peerId: string): MemoryNode[] {
    return [...this.#nodes.values()].filter(node => this.#links.has(`${peerId} ${node.peerId}`))
  }

  /** Addresses are dialled, a peer id is one that is connected. */
  #reach (from: string, [first = '']: readonly string[]): MemoryNode {
    const target = this.#nodes.get(/[^/]+$/.exec(first)?.[0] ?? '')
    if (target === undefined || (!first.startsWith('/') && !this.#links.has(`${from} ${target.peerId}`))) throw new AppError('PEER_UNREACHABLE', `${first} cannot be reached`, { exit: 'unreachable' })
    return target
  }

  #speaking (node: MemoryNode, protocol: string): ChannelHandler {
    const handler = node.handlers.get(protocol)
    if (handler === undefined) throw new AppError('PEER_NO_PROTOCOL', `the peer does not speak ${protocol}`, { exit: 'unreachable' })
    return handler
  }

  #net (peerId: string, handlers: MemoryNode['handlers']): ServiceScope['net'] {
    return {
      peerId,
      addresses: () => [`/ip4/127.0.0.1/tcp/4101/p2p/${peerId}`],
      handle: async (protocol, handler) => { handlers.set(protocol, handler) },
      open: async (peer, protocol) => {
        const target = this.#reach(peerId, peer)
        const handler = this.#speaking(target, protocol)
        this.said.push(`${protocol} ${peerId} ${target.peerId}`)
        const [near, far] = memoryChannelPair({ remotePeers: [target.peerId, peerId], chunkBytes: 50 })
        void handler(far, new AbortController().signal).then(async () => { await far[Symbol.asyncDispose]() }, (e: unknown) => { far.abort(e as Error) })
        return near
      },
    }
  }

  #fetch (peerId: string, handlers: MemoryNode['handlers']): ServiceScope['fetch'] {
    return {
      answer: (prefix, lookup) => {
        handlers.set(FETCH_PROTOCOL, async () => {})
        this.#lookups.set(`${peerId} ${prefix}`, lookup)
      },
      ask: async (peer, key) => {
        const target = this.#reach(peerId, peer)
        this.#speaking(target, FETCH_PROTOCOL)
        this.said.push(`fetch ${peerId} ${target.peerId}`)
        const lookup = [...this.#lookups].find(([id]) => id.startsWith(`${target.peerId} `) && latin1(key).startsWith(id.split(' ')[1]!))?.[1]
        return await lookup?.(key, peerId)
      },
    }
  }

  #pubsub (peerId: string, topics: MemoryNode['topics']): ServiceScope['pubsub'] {
    const listeners = (topic: string): MemoryNode[] => this.#neighbours(peerId).filter(node => node.topics.has(topic))
    return {
      subscribe: (topic, handler) => {
        if (topics.has(topic)) throw new Error(`subscribed to ${topic} already`)
        topics.set(topic, handler)
        for (const { peerId: other } of this.#neighbours(peerId)) for (const tell of this.#onListener.get(other)!) tell(peerId, topic)
      },
      unsubscribe: topic => { topics.delete(topic) },
      publish: async (topic, data) => {
        this.said.push(`publish ${peerId} ${topic}`)
        for (const node of listeners(topic)) if (!node.deaf) node.topics.get(topic)!({ from: peerId, data })
        return listeners(topic).length
      },
      listeners: topic => listeners(topic).map(node => node.peerId),
      onListener: handler => registered(this.#onListener.get(peerId)!, handler),
    }
  }

  #peers (peerId: string): ServiceScope['peers'] {
    return {
      routers: [],
      list: () => this.#neighbours(peerId).map(node => ({ peerId: node.peerId, protocols: [...node.handlers.keys()], address: this.addresses.get(node.peerId) ?? '127.0.0.1' })),
      onConnect: handler => registered(this.#onConnect.get(peerId)!, handler),
      traffic: () => new Map(),
    }
  }

  #valueStore (stores: readonly string[]): ServiceScope['valueStore'] {
    const { values } = this
    return {
      stores,
      put: async (store, key, value) => { values.set(`${store} ${latin1(key)}`, [value]) },
      async * get (store, key, options) {
        for (const value of values.get(`${store} ${latin1(key)}`) ?? []) {
          options?.signal?.throwIfAborted()
          yield value
        }
      },
    }
  }
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function registered<T> (set: Set<T>, item: T): () => void {
  set.add(item)
  return () => { set.delete(item) }
}

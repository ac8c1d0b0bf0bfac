import { gossipsub, type GossipSub, type GossipSubComponents, type Message } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { ServiceLog } from '../daemon/service.ts'
import { isAppError } from '../errors/app-error.ts'
import { MAX_PUBSUB_MESSAGE_BYTES, MAX_PUBSUB_RPC_BYTES, MAX_PUBSUB_WAITING_BYTES } from './limits.ts'
import { TopicGate } from './topic-gate.ts'

export type PubsubHandler = (message: { readonly from: string, readonly data: Uint8Array }) => void

/** Gossipsub for the tools: topics by count of who asked, and nothing kept of those that nobody has asked for. */
export class Pubsub {
  readonly #gate: TopicGate
  readonly #log: ServiceLog
  readonly #handlers = new Map<string, Set<PubsubHandler>>()
  readonly #watchers = new Set<(peer: string, topic: string) => void>()
  #gossip: GossipSub | undefined

  constructor (log: ServiceLog) {
    this.#log = log
    this.#gate = new TopicGate((peer, topic) => { for (const watcher of this.#watchers) this.#call(() => { watcher(peer, topic) }, topic) })
  }

  /** For libp2p's `services`: makes the gossipsub that this talks through. */
  readonly service = (components: GossipSubComponents): GossipSub => {
    this.#gossip = this.#gate.guard(gossipsub({
      allowPublishToZeroTopicPeers: true, floodPublish: true, doPX: false, globalSignaturePolicy: 'StrictSign',
      maxInboundDataLength: MAX_PUBSUB_RPC_BYTES, maxOutboundBufferSize: MAX_PUBSUB_WAITING_BYTES,
    })(components), peer => components.connectionManager.getConnections(peer).length > 0)
    this.#gossip.addEventListener('message', ({ detail }) => { this.#deliver(detail) })
    return this.#gossip
  }

  /** @returns ends it; call it once */
  subscribe (topic: string, handler: PubsubHandler): () => void {
    const handlers = this.#handlers.get(topic) ?? new Set()
    if (handlers.has(handler)) throw new Error(`this handler is subscribed to ${topic} already`)
    this.#handlers.set(topic, handlers.add(handler))
    this.#gate.admit(topic)
    if (handlers.size === 1) this.#started().subscribe(topic)
    return () => {
      if (!handlers.delete(handler)) return
      if (handlers.size === 0) {
        this.#handlers.delete(topic)
        this.#started().unsubscribe(topic)
      }
      this.#gate.dismiss(topic)
    }
  }

  /** @returns how many peers it was sent to */
  async publish (topic: string, data: Uint8Array): Promise<number> {
    if (data.length > MAX_PUBSUB_MESSAGE_BYTES) throw new RangeError(`a message of ${data.length} bytes; the limit is ${MAX_PUBSUB_MESSAGE_BYTES}`)
    this.#gate.admit(topic)
    try {
      return (await this.#started().publish(topic, data)).recipients.length
    } finally {
      this.#gate.dismiss(topic)
    }
  }

  /** Peer ids, of connected peers alone. */
  listeners (topic: string): string[] { return this.#gate.listeners(topic) }

  /** Calls `watcher` for each topic that a peer newly listens to. @returns stops it */
  onListener (watcher: (peer: string, topic: string) => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }

  forget (peer: PeerId): void { this.#gate.forget(peer) }

  #deliver (message: Message): void {
    if (message.type !== 'signed') return
    for (const handler of this.#handlers.get(message.topic) ?? []) this.#call(() => { handler({ from: message.from.toString(), data: message.data }) }, message.topic)
  }

  #call (run: () => void, topic: string): void {
    try {
      run()
    } catch (e) {
      this.#log.warn('a pubsub handler failed', { topic, ...isAppError(e) ? { code: e.code } : { error: e instanceof Error ? e.stack : String(e) } })
    }
  }

  #started (): GossipSub {
    if (this.#gossip === undefined) throw new Error('pubsub is used before the node was made')
    return this.#gossip
  }
}

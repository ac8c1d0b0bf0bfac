import { createHash } from 'node:crypto'
import type { GossipSub } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { MAX_PUBSUB_MESSAGE_BYTES, MAX_TOPICS_HEARD } from './limits.ts'

interface SubscriptionNote { readonly topic?: string, readonly subscribe?: boolean }
interface Rpc { readonly subscriptions: SubscriptionNote[], readonly messages: ReadonlyArray<{ readonly topic?: string, readonly data?: Uint8Array }> }
/** What gossipsub does with all that comes from a peer; its class has it, its interface does not. */
interface RpcReceiver { handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void> }
interface Heard { readonly peer: PeerId, readonly topics: Set<number> }

/**
 * Lets gossipsub know only of the topics that our own tools use: it keeps every topic that any peer names, so strangers could fill the memory. What peers listen to
 * besides is noted as one number each, since they say it once, and a tool may ask for the topic later.
 */
export class TopicGate {
  /** How often each topic was asked for. */
  readonly #admitted = new Map<string, number>()
  readonly #heard = new Map<string, Heard>()
  readonly #onListener: (peer: string, topic: string) => void
  #receive: RpcReceiver['handleReceivedRpc'] = async () => {}

  /** @param onListener a peer says that it listens, to whatever topic */
  constructor (onListener: (peer: string, topic: string) => void) { this.#onListener = onListener }

  /** Puts itself in front of `pubsub`. @param isConnected what a peer sent and left behind comes after it was forgotten, and would stay */
  guard (pubsub: GossipSub, isConnected: (peer: PeerId) => boolean): GossipSub {
    const receiver = pubsub as unknown as RpcReceiver
    const receive = receiver.handleReceivedRpc.bind(pubsub)
    this.#receive = receive
    receiver.handleReceivedRpc = async (from, rpc) => {
      if (!isConnected(from)) return
      const fresh = this.#note(from, rpc.subscriptions)
      await receive(from, {
        ...rpc,
        subscriptions: rpc.subscriptions.filter(({ topic }) => topic !== undefined && this.#admitted.has(topic)),
        messages: rpc.messages.filter(({ topic, data }) => topic !== undefined && this.#admitted.has(topic) && (data?.length ?? 0) <= MAX_PUBSUB_MESSAGE_BYTES),
      })
      for (const topic of fresh) this.#onListener(from.toString(), topic)
    }
    return pubsub
  }

  /** From now on gossipsub knows the topic and who listens to it. As often as `dismiss`. */
  admit (topic: string): void {
    const times = this.#admitted.get(topic) ?? 0
    this.#admitted.set(topic, times + 1)
    if (times === 0) this.#tell(topic, true)
  }

  dismiss (topic: string): void {
    const times = this.#admitted.get(topic) ?? 0
    if (times > 1) this.#admitted.set(topic, times - 1)
    if (times !== 1) return
    this.#tell(topic, false)
    this.#admitted.delete(topic)
  }

  /** Peer ids. */
  listeners (topic: string): string[] {
    const number = numberOf(topic)
    return [...this.#heard].flatMap(([id, { topics }]) => topics.has(number) ? [id] : [])
  }

  forget (peer: PeerId): void { this.#heard.delete(peer.toString()) }

  /** @returns topics that the peer did not listen to before */
  #note (peer: PeerId, subscriptions: readonly SubscriptionNote[]): string[] {
    if (subscriptions.length === 0) return []
    const heard = this.#heard.get(peer.toString()) ?? { peer, topics: new Set<number>() }
    this.#heard.set(peer.toString(), heard)
    return subscriptions.flatMap(({ topic, subscribe }) => {
      if (topic === undefined) return []
      const number = numberOf(topic)
      if (subscribe !== true) { heard.topics.delete(number); return [] }
      if (heard.topics.has(number) || heard.topics.size >= MAX_TOPICS_HEARD) return []
      heard.topics.add(number)
      return [topic]
    })
  }

  /** Subscriptions are taken before anything is waited for, so that a message can follow at once. */
  #tell (topic: string, subscribe: boolean): void {
    const number = numberOf(topic)
    for (const { peer, topics } of this.#heard.values()) {
      if (topics.has(number)) this.#receive(peer, { subscriptions: [{ topic, subscribe }], messages: [] }).catch(() => {}) // gossipsub logs it
    }
  }
}

/** 48 bits: who finds another topic with the same number could listen to the topic itself. */
const numberOf = (topic: string): number => createHash('sha256').update(topic).digest().readUIntBE(0, 6)

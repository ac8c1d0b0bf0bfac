import type { NetNode } from '../net/create-node.ts'
import type { ServiceFetch, ServicePeers, ServicePubsub } from './service.ts'

/** Parts of one service's scope that stay registered until they are taken back. */
export interface NetScope extends Disposable {
  readonly fetch: ServiceFetch
  readonly pubsub: ServicePubsub
  readonly peers: ServicePeers
}

/** @param routers HTTP routers of the config */
export function netScope (node: Pick<NetNode, 'fetch' | 'fetchDesk' | 'pubsub' | 'peerBook' | 'traffic'>, routers: readonly string[]): NetScope {
  const topics = new Map<string, () => void>()
  const others = new Set<() => void>()
  const held = (end: () => void): () => void => {
    others.add(end)
    return () => { if (others.delete(end)) end() }
  }
  return {
    fetch: {
      answer (prefix, lookup) { held(node.fetchDesk.answer(prefix, lookup)) },
      ask: async (peer, key, { signal } = {}) => await node.fetch(peer, key, signal),
    },
    pubsub: {
      subscribe (topic, handler) {
        const before = topics.get(topic)
        topics.set(topic, node.pubsub.subscribe(topic, message => { handler(message) }))
        before?.() // only now, so that the topic is not left in between
      },
      unsubscribe (topic) {
        topics.get(topic)?.()
        topics.delete(topic)
      },
      publish: async (topic, data) => await node.pubsub.publish(topic, data),
      listeners: topic => node.pubsub.listeners(topic),
      onListener: handler => held(node.pubsub.onListener(handler)),
    },
    peers: {
      routers,
      list: () => node.peerBook.list(),
      traffic: () => node.traffic(),
      onConnect: handler => held(node.peerBook.onConnect(handler)),
    },
    [Symbol.dispose] () {
      for (const end of [...topics.values(), ...others]) end()
      topics.clear()
      others.clear()
    },
  }
}

import type { Libp2p } from '@libp2p/interface'
import type { ServiceLog } from '../daemon/service.ts'
import { addressGroupIn } from './address-group.ts'

/** Who is connected and what they speak, as identify tells it. */
export class PeerBook {
  readonly #node: Libp2p
  readonly #protocols = new Map<string, readonly string[]>()
  readonly #watchers = new Set<(peerId: string) => void>()

  constructor (node: Libp2p, log: ServiceLog) {
    this.#node = node
    node.addEventListener('peer:identify', ({ detail: { peerId, protocols } }) => {
      const id = peerId.toString()
      const before = this.#protocols.get(id)
      if (node.getConnections(peerId).length === 0) return // it told, and went
      this.#protocols.set(id, [...protocols])
      if (before !== undefined && protocols.every(protocol => before.includes(protocol))) return
      for (const watcher of this.#watchers) {
        try { watcher(id) } catch (e) { log.warn('a handler of new peers failed', { error: e instanceof Error ? e.stack : String(e) }) }
      }
    })
    node.addEventListener('peer:disconnect', ({ detail }) => { this.#protocols.delete(detail.toString()) })
  }

  /** Each once. `protocols` is empty until the peer has told; `address` is the group (address-group.ts) of one of its connections. */
  list (): ReadonlyArray<{ readonly peerId: string, readonly protocols: readonly string[], readonly address: string }> {
    return this.#node.getPeers().map(peer => ({
      peerId: peer.toString(), protocols: this.#protocols.get(peer.toString()) ?? [], address: addressGroupIn(this.#node.getConnections(peer)[0]?.remoteAddr.toString() ?? ''),
    }))
  }

  /** Calls `watcher` when a peer has connected and told what it speaks, and when it speaks more. @returns stops it */
  onConnect (watcher: (peerId: string) => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }
}

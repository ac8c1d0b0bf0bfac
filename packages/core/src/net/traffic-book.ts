import type { Connection, Libp2p } from '@libp2p/interface'
import { MAX_TRAFFIC_PEERS } from './limits.ts'

/** Bytes of connections: all that went over them, handshakes and framing too. */
export interface Traffic { readonly receivedBytes: number, readonly sentBytes: number }

/**
 * Bytes by peer, of all its connections since the node began. Those over TCP are read off their sockets, which count anyway, so this costs nothing a byte;
 * a connection through a relay is counted from the end of its handshake on.
 */
export class TrafficBook {
  /** Of each open connection. */
  readonly #open = new Map<Connection, () => Traffic>()
  /** Of those that are closed, by peer; who closed one last stands last. */
  readonly #closed = new Map<string, Traffic>()

  constructor (node: Pick<Libp2p, 'addEventListener'>) {
    node.addEventListener('connection:open', ({ detail }) => { this.#open.set(detail, counterOf(detail)) })
    node.addEventListener('connection:close', ({ detail }) => {
      const peer = detail.remotePeer.toString()
      const sum = add(this.#closed.get(peer), this.#open.get(detail)?.())
      this.#open.delete(detail)
      this.#closed.delete(peer)
      this.#closed.set(peer, sum)
      for (const [oldest] of this.#closed) {
        if (this.#closed.size <= MAX_TRAFFIC_PEERS) break
        this.#closed.delete(oldest)
      }
    })
  }

  /** By peer id. A peer that is not connected is forgotten when enough others have come and gone since. */
  totals (): ReadonlyMap<string, Traffic> {
    const totals = new Map(this.#closed)
    for (const [{ remotePeer }, count] of this.#open) totals.set(remotePeer.toString(), add(totals.get(remotePeer.toString()), count()))
    return totals
  }
}

interface CountingSocket { readonly bytesRead: number, readonly bytesWritten: number }
/** What libp2p's connections are made over; its typings keep it to themselves. */
interface Wire extends EventTarget { readonly socket?: CountingSocket, send(data: Sized): boolean }
interface Sized { readonly byteLength: number }

function counterOf (connection: Connection): () => Traffic {
  const { maConn: wire } = connection as unknown as { readonly maConn: Wire }
  const { socket } = wire
  if (socket !== undefined) return () => ({ receivedBytes: socket.bytesRead, sentBytes: socket.bytesWritten })
  let [receivedBytes, sentBytes] = [0, 0]
  wire.addEventListener('message', event => { receivedBytes += (event as Event & { readonly data: Sized }).data.byteLength })
  const send = wire.send.bind(wire)
  wire.send = data => { sentBytes += data.byteLength; return send(data) }
  return () => ({ receivedBytes, sentBytes })
}

function add (one: Traffic | undefined, other: Traffic | undefined): Traffic {
  return { receivedBytes: (one?.receivedBytes ?? 0) + (other?.receivedBytes ?? 0), sentBytes: (one?.sentBytes ?? 0) + (other?.sentBytes ?? 0) }
}

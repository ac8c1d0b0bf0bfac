/** The outside, put together: connected peers, topics, DHTs, routers. Spec: docs/protocols/ipnsup.md, "Exchange". */
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { isPeerId } from '@ipkit/core/identity/peer-id'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import { nameFromRoutingKey, nameTopic, type IpnsName } from '@ipkit/core/names/ipns-name'
import { decodeRecord, MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { FETCH_PROTOCOL } from '@ipkit/core/net/fetch-wire'
import type { Exchange, RecordDesk, RecordPlace, RecordSource } from '../domain/exchange.ts'
import { takeTurns } from '../domain/take-turns.ts'
import { MAX_PEERS_ASKED, MAX_STREAMS, MAX_STREAMS_PER_PEER, REACH_PAUSE_MS } from '../domain/wire-limits.ts'
import { serveRecords } from '../protocol.ts'
import { IPNSUP_PROTOCOL } from '../wire.ts'
import { dhtEnd } from './dht-end.ts'
import type { HttpClient } from './http-client.ts'
import { peerEnd } from './peer-end.ts'
import { pubsubPlace } from './pubsub-place.ts'
import { parseRouterUrl, routerEnd } from './router-end.ts'

export type ExchangeScope = Pick<ServiceScope, 'net' | 'fetch' | 'pubsub' | 'peers' | 'valueStore' | 'clock'>

export interface NetExchangeDeps {
  readonly scope: ExchangeScope
  readonly http: HttpClient
  /** http(s) URLs of the config. */
  readonly routers: readonly string[]
  /** Aborts when the service stops. */
  readonly signal: AbortSignal
  /** What nobody waits for: a record that came unasked and was refused, a desk that failed. */
  report(what: string, error: unknown): void
}

export class NetExchange implements Exchange {
  readonly #deps: NetExchangeDeps
  readonly #routers: ReadonlyArray<RecordSource & RecordPlace>
  readonly #topics = new Map<string, IpnsName>()
  #desk: RecordDesk | undefined

  /** Routers that are no URLs are reported and left out. */
  constructor (deps: NetExchangeDeps) {
    this.#deps = deps
    this.#routers = deps.routers.flatMap(text => {
      try {
        return [routerEnd(deps.http, parseRouterUrl(text))]
      } catch (e) {
        deps.report('a router of the config', e)
        return []
      }
    })
  }

  /** Answers peers from the desk from now on. Once. */
  async serve (desk: RecordDesk): Promise<void> {
    const { scope: { net, fetch, clock }, signal, report } = this.#deps
    this.#desk = desk
    fetch.answer('/ipns/', async key => {
      const name = nameFromRoutingKey(key)
      return name === undefined ? undefined : await desk.lookup(name)
    })
    await net.handle(IPNSUP_PROTOCOL, async (channel, ended) => {
      await serveRecords({ desk, clock, report: e => { report('a record for a peer', e) } }, channel, AbortSignal.any([ended, signal]))
    }, { maxStreams: MAX_STREAMS, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  }

  sources (): readonly RecordSource[] {
    return [...this.#peers([IPNSUP_PROTOCOL, FETCH_PROTOCOL]), ...this.#dhts(), ...this.#routers]
  }

  places (name: IpnsName): readonly RecordPlace[] {
    const { pubsub, clock } = this.#deps.scope
    const topic = pubsub.listeners(nameTopic(name)).length === 0 ? [] : [pubsubPlace({ pubsub, clock, peer: id => this.#peer([id], id) })]
    return [...this.#peers([IPNSUP_PROTOCOL]), ...topic, ...this.#dhts(), ...this.#routers].map(place => this.#freshOnly(place))
  }

  named (place: readonly string[]): RecordSource & RecordPlace {
    const [first = ''] = place
    if (/^https?:/i.test(first)) {
      if (place.length > 1) throw new AppError('ADDRESS_INVALID', `${place.length} addresses, of which one is a URL: a URL stands alone`, { exit: 'usage' })
      return this.#freshOnly(routerEnd(this.#deps.http, parseRouterUrl(first)))
    }
    const ids = new Set(place.map(text => text.startsWith('/') ? parsePeerAddress(text).peerId : text))
    if (!first.startsWith('/') && !(place.length === 1 && isPeerId(first))) throw new AppError('ADDRESS_INVALID', `${JSON.stringify(first.slice(0, 80))} is neither a peer id, nor an address of a peer, nor a URL`, { exit: 'usage', hints: ['an address looks like /ip4/192.168.1.7/tcp/4101/p2p/<peer id>'] })
    if (ids.size > 1) throw new AppError('ADDRESS_INVALID', 'the addresses are those of several peers', { exit: 'usage', hints: ['give each peer for itself'] })
    return this.#freshOnly(this.#peer(place, [...ids][0] ?? first))
  }

  onReach (changed: () => void): () => void {
    const { scope: { peers, pubsub, clock }, signal } = this.#deps
    const stop = new AbortController()
    const until = AbortSignal.any([signal, stop.signal])
    let resting = false
    let waiting = false
    /** At once, then not for a second; what happens meanwhile is told once, at its end. */
    const tell = (): void => {
      if (until.aborted) return
      if (resting) { waiting = true; return }
      resting = true
      waiting = false
      changed()
      void clock.sleep(REACH_PAUSE_MS, until).then(() => {
        resting = false
        if (waiting) tell()
      }, () => {})
    }
    const stops = [peers.onConnect(tell), pubsub.onListener((_peer, topic) => { if (this.#topics.has(topic)) tell() })]
    return () => {
      stop.abort(new Error('nobody waits for peers any more'))
      for (const each of stops) each()
    }
  }

  listen (name: IpnsName): void {
    const topic = nameTopic(name)
    if (this.#topics.has(topic)) return
    this.#topics.set(topic, name)
    this.#deps.scope.pubsub.subscribe(topic, ({ from, data }) => {
      if (data.length > MAX_RECORD_BYTES) return
      this.#desk?.offer(name, data, from).catch((e: unknown) => {
        if (codeOf(e) !== 'TOO_MANY_RECORDS') this.#deps.report('a record from a topic', e) // of the others there are only so many
      })
    })
  }

  unlisten (name: IpnsName): void {
    const topic = nameTopic(name)
    if (this.#topics.delete(topic)) this.#deps.scope.pubsub.unsubscribe(topic)
  }

  /** Connected ones that speak one of these, the first of them first, and no address has a second turn before each had one. */
  #peers (protocols: readonly string[]): Array<RecordSource & RecordPlace> {
    const connected = this.#deps.scope.peers.list()
    const speakers = protocols.flatMap((wanted, i) => connected.filter(({ protocols: told }) => told.includes(wanted) && !protocols.slice(0, i).some(better => told.includes(better))))
    return takeTurns(speakers, ({ address }) => address).slice(0, MAX_PEERS_ASKED).map(({ peerId, protocols: told }) => this.#peer([peerId], peerId, told))
  }

  #peer (peer: readonly string[], label: string, protocols?: readonly string[]): RecordSource & RecordPlace {
    return peerEnd(this.#deps.scope, peer, label, protocols)
  }

  #dhts (): Array<RecordSource & RecordPlace> {
    return this.#deps.scope.valueStore.stores.map(store => dhtEnd(this.#deps.scope, store))
  }

  /** Whatever the rules say: an expired record is never handed to anybody. */
  #freshOnly<P extends RecordPlace> (place: P): P {
    const { clock } = this.#deps.scope
    return {
      ...place,
      put: async (name: IpnsName, record: Uint8Array, signal: AbortSignal) => {
        const { state } = judgeFreshness(decodeRecord(name, record).validity, clock.now())
        if (state === 'expired') throw new AppError('RECORD_EXPIRED', `the record of ${name.text} has expired: it is handed to nobody`, { exit: 'refused', hints: ['publish it again'] })
        await place.put(name, record, signal)
      },
    }
  }
}

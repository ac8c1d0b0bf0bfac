/** What the rules ask of the outside: who may know a record, where one is handed to, and what is answered to those who ask us. */
import type { IpnsName } from '@ipkit/core/names/ipns-name'

/** Somebody who may know the record of a name. */
export interface RecordSource {
  /** For people and for `source` in answers: a peer id, a URL, 'pubsub', 'lan-dht'. */
  readonly label: string
  /** @returns bytes as they came, of at most 10 KiB and not verified; undefined: it has none @throws AppError why it could not be asked */
  ask(name: IpnsName, signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** Where a record is handed to. */
export interface RecordPlace {
  readonly label: string
  /** Resolves when the other side has confirmed that it has this record or a better one. @throws AppError why not */
  put(name: IpnsName, record: Uint8Array, signal: AbortSignal): Promise<void>
}

/** Who can be asked and given to at this moment. */
export interface Exchange {
  /** Connected peers, routers of the config, the LAN DHT when it is on. */
  sources(): readonly RecordSource[]
  /** Like `sources`, and pubsub where somebody listens to the topic. */
  places(name: IpnsName): readonly RecordPlace[]
  /** One that a person names: a peer's multiaddrs, or an http(s) URL alone in the list. @throws AppError ADDRESS_INVALID */
  named(place: readonly string[]): RecordSource & RecordPlace
  /** Calls `changed` when a peer has connected or a listener to a name that is listened to here has appeared; at most once a second. @returns stops it */
  onReach(changed: () => void): () => void
  /** Records of this name that peers publish go to the desk from now on; see `RecordDesk.offer`. */
  listen(name: IpnsName): void
  unlisten(name: IpnsName): void
}

/** What peers and HTTP clients are answered from. */
export interface RecordDesk {
  /** The record to hand out, never an expired one; undefined: not known. */
  lookup(name: IpnsName): Promise<Uint8Array | undefined>
  /**
   * A record that came from outside, not verified. Of a name that is own, followed or resolved here it is remembered by the rules; of any other it is kept
   * in a bounded store for strangers.
   * @param from whom the share is counted to: a peer id, or an IP address
   * @returns whether the sender's record holds now ('kept'), or one that is as good or better was known
   * @throws AppError RECORD_*, TOO_MANY_RECORDS (of this sender, or in all, in this minute)
   */
  offer(name: IpnsName, record: Uint8Array, from: string): Promise<'kept' | 'known'>
}

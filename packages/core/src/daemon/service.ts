import type { ProgressEvent } from '../cli/io.ts'
import type { ByteChannel } from '../net/byte-channel.ts'
import type { Clock } from '../time/clock.ts'

/**
 * The contract between the shared node and a tool. A tool's `service.ts` has a default export of type `Service`; its bundle
 * (`dist/service.js`) is copied into the home and imported by the node, whichever tool's build started that node. So it
 * carries its own copy of core, and nothing crosses this boundary that would need `instanceof`.
 */
export interface Service {
  /** Also the prefix of its RPC methods (`<name>.`), of its protocols (`/ipkit/<name>/`) and the name of its data folder. */
  readonly name: string
  /** Major version of this contract. */
  readonly contract: 1
  /** Registers methods and protocols, opens stores. A throw leaves the other services running; calls then get its error. */
  start(scope: ServiceScope): Promise<AsyncDisposable>
}

/** What a service may touch; everything in it is scoped to the service. Parts that `service.json` does not `need` throw. */
export interface ServiceScope {
  readonly name: string
  /** Absolute path; exists, mode 0700, only this service's. */
  readonly dataDir: string
  readonly clock: Clock
  readonly log: ServiceLog
  /** Aborts when the node stops. */
  readonly signal: AbortSignal
  randomBytes(sizeBytes: number): Uint8Array
  /** What this home's own writes say of the machine's clock. `clock` is never behind them. */
  clockState(): 'ok' | 'set-back' | 'jumped-forward'
  /** @param method must start with `<name>.` */
  rpc(method: string, handler: RpcHandler): void
  readonly net: ServiceNet
  readonly leases: LeaseHolder
  /** Needs 'datastore': a key-value store under this service's own prefix. */
  readonly datastore: KeyValueStore
  /** Needs 'bulk-store': the same store and keys as `datastore`, many at once. */
  readonly bulkStore: BulkStore
  /** Needs 'ephemeral-host': a throw-away libp2p host with a key of its own. */
  ephemeralHost(options: EphemeralHostOptions): Promise<EphemeralHost>
  /** Needs 'http': an HTTP listener of the node's (config `httpListen`, `IPKIT_HTTP_LISTEN`), shared by path prefix. */
  readonly http: ServiceHttp
  /** Needs 'keys': the signing keys of the home. */
  readonly keys: ServiceKeys
  /** Needs 'fetch': libp2p's fetch protocol, for small values by key. */
  readonly fetch: ServiceFetch
  /** Needs 'pubsub': gossipsub. */
  readonly pubsub: ServicePubsub
  /** Needs 'peers': who is connected. */
  readonly peers: ServicePeers
  /** Needs 'value-store': the DHTs that the config turns on. */
  readonly valueStore: ServiceValueStore
  /** Needs 'blocks': the node's public blockstore, which bitswap serves. Pins are counted per service. */
  readonly blocks: ServiceBlocks
}

export interface ServiceLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** @param params JSON data as it came: the handler validates it @returns the reply, see `RpcReply` */
export type RpcHandler = (params: unknown, call: RpcCall) => Promise<RpcReply>

export interface RpcCall {
  /** Aborts when the client goes away or the node stops. */
  readonly signal: AbortSignal
  /** The bytes after the params; empty when the client sent none. Single use, backpressured. */
  readonly upload: AsyncIterable<Uint8Array>
  progress(event: ProgressEvent): void
}

export type RpcReply =
  | { readonly kind: 'result', readonly value: unknown }
  | { readonly kind: 'items', readonly items: AsyncIterable<unknown> }
  | { readonly kind: 'bytes', readonly source: AsyncIterable<Uint8Array> }

export interface ServiceNet {
  /** The node's own peer id, base58btc. */
  readonly peerId: string
  /** Multiaddrs the node listens on now, wildcard addresses resolved, each ending in /p2p/<peer id>. */
  addresses(): string[]
  /** Answers a protocol. @param protocol must start with `/ipkit/<name>/` or be declared in service.json */
  handle(protocol: string, handler: ChannelHandler, limits: ProtocolLimits): Promise<void>
  /** @param peer multiaddrs (one peer's) or one peer id the node is connected to @throws AppError PEER_UNREACHABLE, PEER_REFUSED, PEER_NO_PROTOCOL */
  open(peer: readonly string[], protocol: string, options?: { readonly signal?: AbortSignal }): Promise<ByteChannel>
}

/** The node aborts the channel when the handler throws, closes it when it returns. */
export type ChannelHandler = (channel: ByteChannel, signal: AbortSignal) => Promise<void>

export interface ProtocolLimits {
  /** Streams of this protocol at once: in all, and from one peer. One more is reset, and so is one too many from an IP address (core/net/limits.ts). */
  readonly maxStreams: number
  readonly maxStreamsPerPeer: number
}

/** A lease keeps the node from stopping when idle, and makes `ipkit autostart` bring it back. Durable. */
export interface LeaseHolder {
  hold(id: string, lease: { readonly reason: string, readonly untilMs: number }): Promise<void>
  release(id: string): Promise<void>
}

export interface KeyValueStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  /** Keys in byte order. */
  list(prefix: string): AsyncIterable<{ readonly key: string, readonly value: Uint8Array }>
}

/** For hundreds of keys at a time: one of them costs a fraction of a call of its own. */
export interface BulkStore extends KeyValueStore {
  /** In the order asked; the same key may be asked for twice. */
  getMany(keys: readonly string[]): Promise<Array<Uint8Array | undefined>>
  /** All of them or none, also after a crash; on disk when it resolves. Of two changes of one key the later counts. */
  batch(changes: readonly KeyChange[]): Promise<void>
}

/** @property value undefined: the key goes */
export interface KeyChange { readonly key: string, readonly value: Uint8Array | undefined }

export interface EphemeralHostOptions {
  /** Multiaddrs to listen on; 'node': the IP addresses that the node listens on. None: it only dials. */
  readonly listen?: readonly string[] | 'node'
  /** With 'node': the port; another one is taken when it is not free, so look at `addresses`. Absent: any. */
  readonly port?: number
  /** Ed25519 seed, 32 bytes, to come back as the same peer; absent: a new key. */
  readonly seed?: Uint8Array
  /** Serve these blocks over bitswap, under the caller's control of who gets what. */
  readonly bitswap?: BitswapGate
}

/** What an ephemeral host's bitswap may hand out. Every block goes through `get`. */
export interface BitswapGate {
  /** Asked for each wanted block. @returns its bytes, or undefined: the peer is told that it is not here */
  get(cid: string, peer: string, want: 'block' | 'have'): Promise<Uint8Array | undefined>
  /** The block's bytes were handed to the connection to `peer`. */
  sent?(cid: string, peer: string): Promise<void>
  /** Whether `peer` may be connected to the host now; absent: everybody may. Asked when a peer connects, and after each `get` of those that are. */
  admits?(peer: string): boolean
}

export interface EphemeralHost extends AsyncDisposable {
  readonly peerId: string
  addresses(): string[]
  open(peer: readonly string[], protocol: string, options?: { readonly signal?: AbortSignal }): Promise<ByteChannel>
  /** Asks one peer whether it has a block (bitswap HAVE), and nobody else. */
  bitswapHas(peer: readonly string[], cid: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>
  /** Asks one peer for a block (bitswap WANT-BLOCK), and nobody else. @returns its verified bytes; undefined: that peer does not give it */
  bitswapGet(peer: readonly string[], cid: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>
  /** Bytes of this host's connections, by peer; as `ServicePeers.traffic`. */
  traffic(): ReadonlyMap<string, { readonly receivedBytes: number, readonly sentBytes: number }>
}

export interface ServiceHttp {
  /** Base URLs, e.g. http://192.168.1.7:4180; starts listening at first use. */
  urls(): Promise<string[]>
  /** Handles every request whose path is `/<name>` or below it. Node's own request and response objects. */
  handle(handler: (request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<void>): Promise<void>
}

/** Ed25519 keys by name. The home's own is 'self': it is always there, first, and is not exported, replaced or removed here. */
export interface ServiceKeys {
  list(): Promise<readonly NamedKey[]>
  /** @returns undefined when there is none of that name */
  signer(name: string): Promise<KeySigner | undefined>
  /** The key whose public half this is, whatever its name; a key file that cannot be read keeps no other key from being found. @returns undefined when there is none */
  signerOf(publicKey: Uint8Array): Promise<KeySigner | undefined>
  /** Durable when it resolves. @throws AppError KEY_EXISTS, KEY_NAME_INVALID */
  create(name: string): Promise<NamedKey>
  /** @param seed 32 bytes @throws AppError KEY_EXISTS, KEY_KNOWN (it has another name here), KEY_NAME_INVALID */
  import(name: string, seed: Uint8Array): Promise<NamedKey>
  /** @throws AppError KEY_UNKNOWN, KEY_IS_SELF */
  exportSeed(name: string): Promise<Uint8Array>
  /** @throws AppError KEY_UNKNOWN, KEY_IS_SELF */
  remove(name: string): Promise<NamedKey>
}

export interface NamedKey {
  readonly name: string
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly peerId: string
}

export interface KeySigner {
  readonly publicKey: Uint8Array
  /** @returns 64 bytes */
  sign(message: Uint8Array): Uint8Array
}

/** `/libp2p/fetch/0.0.1`: keys are bytes, values at most 64 KiB. */
export interface ServiceFetch {
  /** Answers keys that begin with `prefix`. One service a prefix. @param lookup undefined: not found; what it throws is logged, the peer learns that it failed @throws AppError FETCH_PREFIX_TAKEN */
  answer(prefix: string, lookup: (key: Uint8Array, peer: string) => Promise<Uint8Array | undefined>): void
  /**
   * @param peer as for `net.open` @param key 1 to 1024 bytes @returns undefined: the peer has nothing under this key
   * @throws AppError PEER_UNREACHABLE, PEER_NO_PROTOCOL, PEER_REFUSED (it could not look), PEER_SILENT, PEER_HUNG_UP, FETCH_INVALID, FRAME_TOO_LARGE
   */
  ask(peer: readonly string[], key: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>
}

export interface ServicePubsub {
  /** @param handler of messages whose signature was checked, in place of an earlier one; what it throws is logged. Those over 64 KiB never come */
  subscribe(topic: string, handler: (message: { readonly from: string, readonly data: Uint8Array }) => void): void
  unsubscribe(topic: string): void
  /** @returns how many peers it was sent to; 0: nobody listens */
  publish(topic: string, data: Uint8Array): Promise<number>
  /** Peer ids that listen to the topic, as far as is known. */
  listeners(topic: string): string[]
  /** Calls `handler` for each topic, of whatever tool, that a peer newly listens to; of one peer at most 1000 are known. @returns stops it */
  onListener(handler: (peer: string, topic: string) => void): () => void
}

export interface ServicePeers {
  /** Peer ids, each once, with the protocols that each has told; `address` is the same for peers of one IP address: a machine can have any number of ids. */
  list(): ReadonlyArray<{ readonly peerId: string, readonly protocols: readonly string[], readonly address: string }>
  /** Calls `handler` for each peer that connects, once it is known what it speaks, and again when it speaks more. @returns stops it */
  onConnect(handler: (peerId: string) => void): () => void
  /** Bytes of all connections with each peer since the node began, all that went over them: take the difference of two looks. Of those that left, some are remembered. */
  traffic(): ReadonlyMap<string, { readonly receivedBytes: number, readonly sentBytes: number }>
  /** HTTP routers of the config (`ipnsRouters`): http or https URLs. */
  readonly routers: readonly string[]
}

/** Values by key in a DHT: IPNS records under `/ipns/`. Only authentic and fresh ones are taken or come back; check what comes all the same. */
export interface ServiceValueStore {
  /** Those that are on: 'lan-dht', 'public-dht'. */
  readonly stores: readonly string[]
  /** Resolves when a peer has confirmed it and gives it back. @param store one of `stores` @throws AppError VALUE_NOT_STORED */
  put(store: string, key: Uint8Array, value: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Values as they come, repeated or not; ends when everybody was asked, and at once where nobody is there. */
  get(store: string, key: Uint8Array, options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>
}

export interface ServiceBlocks {
  /** @param cid text form */
  get(cid: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>
  put(cid: string, bytes: Uint8Array): Promise<void>
  has(cid: string): Promise<boolean>
  /** Before `put`: a block that nobody has pinned goes with another service's last unpin of it. Setting a pin twice is setting it once. */
  pin(cid: string): Promise<void>
  /** The block goes when this was its last pin. */
  unpin(cid: string): Promise<void>
}

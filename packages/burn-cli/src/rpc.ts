/**
 * What the command line asks of burn's service in the node: names, parameters, results, and the validators that both ends use.
 * L, the passphrase and plaintext are in none of them. Bytes travel as base64url text, times as milliseconds since the epoch.
 */
import type { CallOptions, NodeDoor } from '@ipkit/core/daemon/node-door'
import { answer, array, base64url, boolean, check, integer, literal, nullable, object, optional, string, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { ID_BYTES, KEY_BYTES } from './domain/key-sizes.ts'
import { MAX_EXPIRY_MS, MAX_NAME_BYTES, MAX_PAYLOAD_BYTES, MAX_READS, MIN_EXPIRY_MS } from './domain/limits.ts'

const MESSAGE_STATES = ['unread', 'claimed', 'read', 'unconfirmed', 'expired', 'revoked'] as const

const bytes32 = base64url({ size: KEY_BYTES })
const id = string({ min: ID_BYTES * 2, max: ID_BYTES * 2, pattern: /^[0-9a-f]+$/, what: 'a message id of 32 hex digits' })
const cid = string({ min: 1, max: 128 })
const peerId = string({ min: 1, max: 128 })
const address = string({ min: 1, max: 512 })
const timeMs = integer()

/** @internal a method without parameters takes {} */
const nothing = object({})

const messageItem = answer({
  id,
  /** plain: not encrypted, for any IPFS client (docs/protocols/burn-plain.md). */
  kind: literal('sealed', 'plain'),
  name: nullable(string({ max: MAX_NAME_BYTES })),
  state: literal(...MESSAGE_STATES),
  /** Of the payload, padding included. */
  sizeBytes: integer({ max: MAX_PAYLOAD_BYTES }),
  createdAt: timeMs,
  expiresAt: timeMs,
  /** When the last key was counted. */
  claimedAt: nullable(timeMs),
  /** When the last reader confirmed. */
  readAt: nullable(timeMs),
  /** When the state became final. */
  endedAt: nullable(timeMs),
  cid,
  reads: integer({ min: 1, max: MAX_READS }),
  readsLeft: integer({ max: MAX_READS }),
  to: nullable(peerId),
  passphrase: boolean(),
  strict: boolean(),
  volatile: boolean(),
  web: boolean(),
  /** Until when wrong passphrases have locked it; null when it is not locked. */
  lockedUntil: nullable(timeMs),
  wrongPassphrases: integer(),
  /** The log of the message is damaged: it counts as claimed and is never offered. */
  damaged: boolean(),
})

const auditLine = answer({
  at: timeMs,
  /** over: a lease ended without a confirmation. */
  event: literal('created', 'claimed', 'acked', 'over', 'wrong', 'unlocked', 'expired', 'revoked'),
  /** Peer id and address, or 'web' and address; of claimed, acked, over and wrong. */
  reader: nullable(string({ max: 512 })),
})

/** What a link says, without L; the reader's command makes it from the link. */
const linkParams = {
  id,
  cid,
  /** The sender's peer id. */
  sender: peerId,
  /** Multiaddrs of the sender, with or without /p2p; the link's, or those the user gave. */
  addresses: array(address, { min: 1, max: 32 }),
  linkProofKey: bytes32,
  /** The link's flag: it needs a passphrase. */
  passphrase: boolean(),
  /** The link's flag: read as this node's own peer, not as a throw-away one. */
  addressed: boolean(),
}

const readerInfo = answer({
  state: literal(...MESSAGE_STATES),
  sizeBytes: integer({ min: 1, max: MAX_PAYLOAD_BYTES }),
  expiresAt: timeMs,
  passphrase: boolean(),
  strict: boolean(),
  reads: integer({ min: 1, max: MAX_READS }),
  readsLeft: integer({ max: MAX_READS }),
  lockedUntil: nullable(timeMs),
})

export interface RpcMethod<Params, Result> { readonly method: string, readonly params: Schema<Params>, readonly result: Schema<Result> }
const method = <P, R>(name: string, params: Schema<P>, result: Schema<R>): RpcMethod<P, R> => ({ method: `burn.${name}`, params, result })

export const burnRpc = {
  /** What a link can name: for `add`. */
  whereAmI: method('whereAmI', nothing, answer({ peerId, addresses: array(address, { max: 256 }) })),

  /** Base URLs of the page for browsers, as the node can be reached; makes the node listen there. Error: LISTEN_FAILED. */
  webUrls: method('webUrls', nothing, answer({ urls: array(string({ max: 512 }), { max: 256 }) })),

  /**
   * Keeps a message. The payload (encrypted) is the upload. Resolves when the message is durable and can be claimed.
   * Errors: DISK_FULL, PAYLOAD_EMPTY, PAYLOAD_TOO_LARGE, MESSAGE_EXISTS. Cancelling it leaves nothing.
   */
  create: method('create', object({
    id,
    D: bytes32,
    linkProofKey: bytes32,
    /** Of a message with a passphrase, else null. */
    passProofKey: nullable(bytes32),
    lifeMs: integer({ min: MIN_EXPIRY_MS, max: MAX_EXPIRY_MS }),
    reads: integer({ min: 1, max: MAX_READS }),
    to: nullable(peerId),
    web: boolean(),
    strict: boolean(),
    volatile: boolean(),
    name: nullable(string({ max: MAX_NAME_BYTES })),
  }), messageItem),

  /**
   * Keeps a plain message. The file is the upload. Resolves when it is durable and served at `addresses` by a peer of its own.
   * Errors: NAME_INVALID, TOO_MANY_PLAIN, NO_ADDRESS, DISK_FULL, PAYLOAD_EMPTY, PAYLOAD_TOO_LARGE. Cancelling it leaves nothing.
   */
  createPlain: method('createPlain', object({ name: string({ min: 1, max: MAX_NAME_BYTES }), lifeMs: integer({ min: MIN_EXPIRY_MS, max: MAX_EXPIRY_MS }) }),
    object({ message: messageItem, peerId, addresses: array(address, { min: 1, max: 256 }) })),

  /** Items, oldest first. */
  list: method('list', nothing, messageItem),
  /** Error: MESSAGE_UNKNOWN. */
  status: method('status', object({ id }), answer({ message: messageItem, audit: array(auditLine, { max: 1_000_000 }) })),
  /** Takes a message back: D is destroyed when it resolves. One that is over stays as it is. Error: MESSAGE_UNKNOWN. */
  revoke: method('revoke', object({ id }), messageItem),
  /** Forgets wrong passphrases. Error: MESSAGE_UNKNOWN. */
  unlock: method('unlock', object({ id }), messageItem),

  /**
   * Reader, step 1: asks the sender about the message and brings its payload here, going on where an earlier call stopped. Claims nothing.
   * Progress: step 'connecting', 'fetching' with bytes. When this reader has claimed the message before, `claimed` is true, the sender is not asked,
   * and `info` is null. Errors: those of a refusal (domain/refusal.ts), PEER_UNREACHABLE, DISK_FULL, PAYLOAD_ALTERED.
   */
  fetch: method('fetch', object(linkParams), answer({ sizeBytes: integer({ min: 1, max: MAX_PAYLOAD_BYTES }), claimed: boolean(), info: nullable(readerInfo) })),

  /**
   * Reader, step 2: claims, and returns D. Again (also after a crash of anything) it returns the same D.
   * @param passProofKey of the passphrase and the payload's salt (see `content`), or null
   * Errors: those of a refusal, PEER_UNREACHABLE, NOT_FETCHED, DISK_FULL.
   */
  claim: method('claim', object({ ...linkParams, passProofKey: nullable(bytes32) }), answer({ D: bytes32, claimedAt: timeMs, leaseUntil: timeMs })),

  /** Reader: the payload's bytes, from an offset on; `sizeBytes` cuts it (73 for the header). Raw bytes. Error: NOT_FETCHED. */
  content: method('content', object({ id, from: optional(integer({ max: MAX_PAYLOAD_BYTES })), sizeBytes: optional(integer({ min: 1, max: MAX_PAYLOAD_BYTES })) }), nothing),

  /**
   * Reader, step 3: the content is durable or shown. Wipes key, D and payload, and confirms to the sender: now, else in the
   * background until the lease is over. `confirmed` says whether the sender has answered yet. Error: NOT_CLAIMED.
   */
  finish: method('finish', object({ ...linkParams }), answer({ confirmed: boolean() })),

  /** Reader: forgets a message that was fetched; a claim that was made is lost with it. */
  drop: method('drop', object({ id }), answer({ dropped: boolean() })),

  /**
   * Reader of a plain message: fetches it from its host and nobody else, which claims it. Raw bytes: the
   * frames of domain/plain-stream.ts; each block is verified before its bytes come.
   * Errors: MESSAGE_GONE, CONTENT_ALTERED, PEER_*.
   */
  plainContent: method('plainContent', object({ cid, sender: peerId, addresses: array(address, { min: 1, max: 32 }) }), nothing),

  /**
   * Items: one for each address, as they answer. Asks burn's `has`, then bitswap HAVE; asks nobody else.
   * @param addresses multiaddrs, with or without /p2p
   */
  find: method('find', object({ cid, addresses: array(address, { min: 1, max: 64 }) }), answer({
    address,
    has: nullable(boolean()),
    ms: integer(),
    error: optional(answer({ code: string({ max: 64 }), message: string({ max: 1024 }) })),
  })),
} as const

export type MessageItem = Infer<typeof messageItem>
export type AuditLine = Infer<typeof auditLine>
export type LinkParams = Infer<typeof burnRpc.finish.params>
export type CreateParams = Infer<typeof burnRpc.create.params>
export type ReaderInfo = Infer<typeof readerInfo>
export type FetchResult = Infer<typeof burnRpc.fetch.result>
export type FindItem = Infer<typeof burnRpc.find.result>

/** One call with one result. @throws AppError as the method, BAD_VALUE when either side does not keep to this file */
export async function callBurn<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
  return check(m.result, await node.call(m.method, toJson(params), options), m.method)
}

/** For `list` and `find`. */
export async function * listBurn<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): AsyncGenerator<R> {
  for await (const item of node.list(m.method, toJson(params), options)) yield check(m.result, item, m.method)
}

/** For `content`. */
export function readBurn<P> (node: NodeDoor, m: RpcMethod<P, unknown>, params: P, options?: CallOptions): AsyncIterable<Uint8Array> {
  return node.bytes(m.method, toJson(params), options)
}

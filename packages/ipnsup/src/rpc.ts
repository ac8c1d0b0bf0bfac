/**
 * What the command line asks of ipnsup's service in the node: names, parameters, results, and the validators that both ends use.
 * Names travel as canonical text (k51…), sequences and nanoseconds as decimal text, records as base64url, times of our own as milliseconds.
 */
import type { CallOptions, NodeDoor } from '@ipkit/core/daemon/node-door'
import { answer, array, base64url, boolean, check, integer, literal, nullable, object, string, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { KEY_NAME, MAX_KEY_NAME_CHARACTERS } from './domain/key-name.ts'
import { MAX_PATH_CHARACTERS } from './domain/limits.ts'

/** Of core/names/ipns-record, which would load a hash function into every command. */
const MAX_RECORD_BYTES = 10_240
const nothing = object({})
/** Any text form of an IPNS name; of a DNSLink name where `target` is asked for. */
const name = string({ min: 1, max: 256 })
const keyName = string({ min: 1, max: MAX_KEY_NAME_CHARACTERS, pattern: KEY_NAME, what: 'a key name of letters, digits, dots, dashes and underscores' })
const decimal = string({ min: 1, max: 20, pattern: /^\d+$/, what: 'a number from 0 to 2^64 - 1' })
const record = base64url({ min: 1, max: MAX_RECORD_BYTES })
const path = string({ min: 2, max: MAX_PATH_CHARACTERS })
/** Values come from whoever signs them. One that is a CID in bytes has 8 characters for 5 of them in text. */
const MAX_VALUE_CHARACTERS = 2 * MAX_RECORD_BYTES
const value = string({ min: 2, max: MAX_VALUE_CHARACTERS })
/** Behind what the last name stands for are the paths behind all names on the way. */
const wholeValue = string({ min: 2, max: MAX_VALUE_CHARACTERS * 33 })
const address = string({ min: 1, max: 512 })
const peer = array(address, { min: 1, max: 32 })
const place = string({ min: 1, max: 1024 })
const error = answer({ code: string({ max: 64 }), message: string({ max: 1024 }) })

/** Where a record went: a peer, a router, 'pubsub' or 'lan-dht'. */
const placeState = answer({ place, state: literal('done', 'waiting'), error: nullable(error), lastTryAt: nullable(integer()) })

const recordFields = {
  name,
  /** Path that the record names. */
  value,
  sequence: decimal,
  /** RFC 3339, as in the record. */
  validUntil: string({ min: 1, max: 64 }),
  ttlNs: decimal,
}

const keyItem = answer({ key: keyName, name, peerId: string({ max: 128 }) })

/** The record and the times are null of a name that is followed and not known yet. */
const nameItem = answer({
  name,
  value: nullable(value),
  sequence: nullable(decimal),
  validUntil: nullable(string({ min: 1, max: 64 })),
  ttlNs: nullable(decimal),
  /** The key of ours that the name belongs to; null of somebody else's name. */
  key: nullable(keyName),
  followed: boolean(),
  expired: boolean(),
  /** local: no place has this record yet. Of an own name; else null. */
  state: nullable(literal('local', 'published')),
  places: array(placeState, { max: 1024 }),
  /** Values of all branches of a fork, the chosen one first; one entry without a fork, none without a record. */
  values: array(value, { max: 4 }),
  moreBranches: boolean(),
  firstSeenAt: nullable(integer()),
  lastSeenAt: nullable(integer()),
  /** When the node signs or hands it over the next time; null: not by itself. */
  nextRepublishAt: nullable(integer()),
})

export interface RpcMethod<Params, Result> { readonly method: string, readonly params: Schema<Params>, readonly result: Schema<Result> }
const method = <P, R>(verb: string, params: Schema<P>, result: Schema<R>): RpcMethod<P, R> => ({ method: `ipnsup.${verb}`, params, result })

export const ipnsupRpc = {
  /** Items; 'self' first. */
  keys: method('keys', nothing, keyItem),
  /** Error: KEY_EXISTS. */
  keyNew: method('keyNew', object({ key: keyName }), keyItem),
  /** Errors: KEY_EXISTS, and KEY_KNOWN when another name has this key. @param seed Ed25519, 32 bytes */
  keyImport: method('keyImport', object({ key: keyName, seed: base64url({ size: 32 }) }), keyItem),
  /** Errors: KEY_UNKNOWN, KEY_IS_SELF. */
  keyExport: method('keyExport', object({ key: keyName }), answer({ key: keyName, name, seed: base64url({ size: 32 }) })),
  /** What was published under it stays remembered and followed. Errors: KEY_UNKNOWN, KEY_IS_SELF. */
  keyRemove: method('keyRemove', object({ key: keyName }), keyItem),

  /**
   * Signs a record and resolves when it is durable; then hands it over for at most a few seconds.
   * Errors: KEY_UNKNOWN, SEQUENCE_EXHAUSTED, SEQUENCE_USED (`sequence` is not above what is remembered), RECORD_VALUE_INVALID, NAME_INVALID, RECORD_TOO_LARGE, DISK_FULL.
   */
  publish: method('publish', object({ value: path, key: keyName, lifetimeMs: integer({ min: 1000 }), ttlNs: decimal, sequence: nullable(decimal), v2Only: boolean() }),
    answer({ ...recordFields, state: literal('local', 'published'), places: array(placeState, { max: 1024 }), healedFork: boolean() })),

  /**
   * The best record known, and where names end: `hops` has each name on the way, `value` is the last one's.
   * `target`: an IPNS name, or a DNS name (DNSLink).
   * Errors: NAME_NOT_FOUND, RECORD_EXPIRED (never seen, or too stale for `maxStaleMs`: 0 is --require-fresh), TOO_MANY_HOPS, NAME_LOOP, DNSLINK_*.
   */
  resolve: method('resolve', object({ target: name, offline: boolean(), maxStaleMs: nullable(integer()), acceptUnknownExpired: boolean(), recurse: boolean(), from: array(peer, { max: 32 }) }),
    answer({
      /** What was asked for. */
      name,
      value: wholeValue,
      /** All null for a DNSLink name. */
      sequence: nullable(decimal),
      validUntil: nullable(string({ max: 64 })),
      ttlNs: nullable(decimal),
      expired: boolean(),
      /** Since when, where it has expired. */
      expiredForMs: nullable(integer()),
      /** 'local', or who gave the record that is answered. */
      source: place,
      fork: boolean(),
      values: array(value, { min: 1, max: 4 }),
      hops: array(answer({ name, value, expired: boolean(), source: place }), { min: 1, max: 33 }),
      /** Of places that were asked in vain. */
      failures: array(answer({ place, error }), { max: 1024 }),
      clock: literal('ok', 'set-back', 'jumped-forward'),
    })),

  /** The record that is remembered. Error: NAME_UNKNOWN. */
  record: method('record', object({ name }), answer({ record, expired: boolean() })),
  /** `name` null: from the key inside, or whichever known name has signed it. Never throws for a bad record. */
  importRecord: method('importRecord', object({ name: nullable(name), record, acceptUnknownExpired: boolean() }),
    answer({ name: nullable(name), accepted: boolean(), relation: nullable(literal('first', 'same', 'newer', 'older', 'renewal', 'outlived', 'fork')), reason: nullable(error) })),

  /** Items: own names, followed ones, then the others that are remembered. With `name` only this one. Error: NAME_UNKNOWN. */
  names: method('names', object({ name: nullable(name) }), nameItem),
  /** Items as they are done, one for each place and name. No `places`: every one in reach. A place is a peer's addresses or a URL. */
  sync: method('sync', object({ places: array(peer, { max: 64 }) }),
    answer({ place, name: nullable(name), handedOver: boolean(), fetched: nullable(literal('newer', 'same', 'older', 'nothing')), error: nullable(error) })),
  /** Keeps its record alive and looks for newer ones. */
  follow: method('follow', object({ name }), answer({ name, followed: boolean(), known: boolean() })),
  unfollow: method('unfollow', object({ name }), answer({ name, followed: boolean(), known: boolean() })),
  /** Drops all that is remembered; an own name keeps its highest sequence. */
  forget: method('forget', object({ name }), answer({ name, forgotten: boolean() })),
  /** Items: the record that holds now, if there is one, then each change, until the caller leaves. */
  watch: method('watch', object({ name }), answer({ ...recordFields, expired: boolean(), fork: boolean(), source: place, at: integer() })),
  /** Serves records over HTTP until told otherwise, across restarts. Error: LISTEN_FAILED. @param http `<ip>:<port>`; null: as before, else 127.0.0.1:0 */
  serve: method('serve', object({ http: nullable(string({ min: 1, max: 128 })) }), answer({ urls: array(string({ max: 256 }), { max: 64 }) })),
  unserve: method('unserve', nothing, answer({ served: boolean() })),
} as const

export type KeyItem = Infer<typeof keyItem>
export type NameItem = Infer<typeof nameItem>
export type PublishParams = Infer<typeof ipnsupRpc.publish.params>
export type PublishResult = Infer<typeof ipnsupRpc.publish.result>
export type ResolveResult = Infer<typeof ipnsupRpc.resolve.result>
export type ImportResult = Infer<typeof ipnsupRpc.importRecord.result>
export type SyncItem = Infer<typeof ipnsupRpc.sync.result>
export type WatchItem = Infer<typeof ipnsupRpc.watch.result>
export type PlaceState = Infer<typeof placeState>

/** One call with one result. @throws AppError as the method, BAD_VALUE when either side does not keep to this file */
export async function callIpnsup<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
  return check(m.result, await node.call(m.method, toJson(params), options), m.method)
}

/** One call with items. */
export async function * listIpnsup<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): AsyncGenerator<R> {
  for await (const item of node.list(m.method, toJson(params), options)) yield check(m.result, item, m.method)
}

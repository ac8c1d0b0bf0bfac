/**
 * What the command line asks of the service in the node: names, parameters, results, and the validators that both ends use. Paths are absolute, and the node reads and
 * writes there itself: it runs for the same user on the same machine. Names travel as canonical text (k51…) or as a person calls them, hashes and keys as base64url, times as milliseconds.
 */
import type { CallOptions, NodeDoor } from '@ipkit/core/daemon/node-door'
import { answer, array, base64url, boolean, check, integer, literal, nullable, object, string, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { MAX_AUTHOR_CHARACTERS, MAX_FILE_CHARACTERS, MAX_NOTE_CHARACTERS } from './domain/versions/commit-limits.ts'
import { KEY_NAME, MAX_KEY_CHARACTERS } from './domain/versions/key-for-file.ts'

const nothing = object({})
const path = string({ min: 1, max: 4096, pattern: /^\/[^\0]*$/, what: 'an absolute path' })
const cid = string({ min: 1, max: 128 })
const name = string({ min: 1, max: 128 })
/** A root, or a name with or without `@<version>`. */
const target = string({ min: 1, max: 512 })
const file = string({ min: 1, max: MAX_FILE_CHARACTERS })
const keyName = string({ min: 1, max: MAX_KEY_CHARACTERS, pattern: KEY_NAME, what: 'a key name of letters, digits, dots, dashes and underscores' })
const peerId = string({ min: 1, max: 128 })
/** One peer: multiaddrs, or its id alone. */
const peer = array(string({ min: 1, max: 512 }), { min: 1, max: 32 })
const peers = array(peer, { max: 32 })
const sha256 = nullable(base64url({ size: 32 }))
const sentence = string({ max: 2048 })
const warnings = array(answer({ code: string({ max: 64 }), message: sentence }), { max: 64 })
const chunker = nullable(string({ min: 1, max: 64 }))
const reading = { chunker, gearKey: nullable(base64url({ size: 32 })), noCopy: boolean() }
/** Where it is written: the file or folder itself, or into a folder under its own name (`into`). */
const output = nullable(object({ path, into: boolean(), overwrite: boolean(), umask: integer({ max: 0o777 }) }))

const layer = answer({ format: string({ max: 32 }), encoder: nullable(string({ max: 64 })), level: nullable(integer()), exact: boolean() })
const added = {
  root: cid,
  file: nullable(file),
  sizeBytes: integer(),
  sha256,
  newBytes: integer(),
  newBlocks: integer(),
  reusedBytes: integer(),
  layers: array(layer, { max: 1024 }),
  /** What was not looked into, and why. */
  notes: array(sentence, { max: 1024 }),
  /** What one byte changed in the middle would touch. */
  edit: answer({ nodes: integer(), bytes: integer() }),
}
/** For who wants to make a link. */
const here = { peerId, addresses: array(string({ max: 512 }), { max: 64 }) }

const moved = {
  root: cid,
  /** Where it was written; null: nowhere. */
  file: nullable(string({ max: 4096 })),
  sizeBytes: integer(),
  sha256,
  /** Of the connections, all of it. */
  receivedBytes: integer(),
  sentBytes: integer(),
  roundTrips: integer(),
  /** What was not on the shelf before. */
  newBytes: integer(),
  /** Of a dry run: what would come, about. */
  expectedBytes: nullable(integer()),
  /** All null for a root that was asked for as such. */
  name: nullable(name),
  version: nullable(integer()),
  commit: nullable(cid),
  warnings,
}

const ruleState = answer({ scope: name, open: boolean(), allowed: array(peerId, { max: 1024 }), denied: array(peerId, { max: 1024 }) })
const servedState = answer({ root: nullable(cid), name: nullable(name), served: boolean(), /** Served names that the root is a version of. */ names: array(name, { max: 1024 }) })

const rootItem = answer({ root: cid, file: nullable(file), sizeBytes: integer(), served: boolean(), at: integer(), versions: array(answer({ name, version: integer() }), { max: 1024 }) })
const nameItem = answer({ name, key: nullable(string({ max: 64 })), file: nullable(file), version: nullable(integer()), root: nullable(cid), own: boolean(), served: boolean(), expired: boolean(), forked: boolean(), validUntil: nullable(integer()) })

export interface RpcMethod<Params, Result> { readonly method: string, readonly params: Schema<Params>, readonly result: Schema<Result> }
const method = <P, R>(verb: string, params: Schema<P>, result: Schema<R>): RpcMethod<P, R> => ({ method: `dedup-sync.${verb}`, params, result })

export const syncRpc = {
  /** @param path null: what is uploaded. Errors: FILE_*, CHUNKER_INVALID, DISK_FULL. `dryRun` stores nothing. */
  add: method('add', object({ path: nullable(path), ...reading, dryRun: boolean() }), answer({ ...added, ...here })),
  /** A new version, durable when it resolves. Errors: as `add`, KEY_NAME_INVALID, KEY_IN_USE. @param key null: called after the file */
  publish: method('publish', object({ path: nullable(path), ...reading, key: nullable(keyName), note: string({ max: MAX_NOTE_CHARACTERS }) }),
    answer({ ...added, ...here, name, key: string({ max: 64 }), version: integer(), commit: cid, /** false: this root is the newest version already. */ created: boolean(), warnings })),
  /** @param from null: whoever is in reach. Errors: TARGET_UNKNOWN, BLOCK_NOT_FOUND, PEER_*, FILE_EXISTS, RESTORED_WRONG, … `dryRun` moves and writes nothing. */
  pull: method('pull', object({ target, from: peers, output, dryRun: boolean() }), answer(moved)),
  /** The bytes of a file whose root is here, as they were. Errors: ROOT_UNKNOWN, ROOT_IS_FOLDER, RESTORED_WRONG (at the end). */
  content: method('content', object({ root: cid }), nothing),
  /** Errors: PUSH_REFUSED, PEER_*. */
  push: method('push', object({ target, to: peer }), answer(moved)),
  /** Items: each version, when it is written; until the caller leaves. */
  watch: method('watch', object({ target, from: peers, output, everyMs: integer({ min: 1000 }) }), answer({ ...moved, at: integer(), note: string({ max: MAX_NOTE_CHARACTERS }) })),

  /** @param peer null: anyone @param target null: everything */
  allow: method('allow', object({ peer: nullable(peerId), target: nullable(target) }), ruleState),
  deny: method('deny', object({ peer: nullable(peerId), target: nullable(target) }), ruleState),
  rules: method('rules', nothing, ruleState),
  /** Errors: TARGET_UNKNOWN. */
  serve: method('serve', object({ target }), servedState),
  unserve: method('unserve', object({ target }), servedState),

  /** Items, newest first. */
  log: method('log', object({ target, from: peers }), answer({
    name, version: integer(), root: cid, commit: cid, parent: nullable(cid), at: integer(), note: string({ max: MAX_NOTE_CHARACTERS }), author: string({ max: MAX_AUTHOR_CHARACTERS }),
    file: nullable(file), sizeBytes: integer(), newBytes: integer(), sha256, /** Whether it is on the shelf. */ kept: boolean(),
  })),
  /** Items: what differs, in the order of the second. A member is a file of an archive or of a folder; '' is what stands around them. */
  diff: method('diff', object({ a: target, b: target }), answer({
    member: string({ max: 65_536 }), change: literal('added', 'removed', 'changed'), ranges: array(answer({ start: integer(), end: integer() }), { max: 100_000 }), changedBytes: integer(),
  })),
  forget: method('forget', object({ target }), answer({ roots: array(cid, { max: 100_000 }), name: nullable(name), nameForgotten: boolean() })),
  gc: method('gc', nothing, answer({ freedBytes: integer(), freedBlocks: integer() })),
  stat: method('stat', nothing, answer({ roots: integer(), blocks: integer(), blockBytes: integer(), diskBytes: integer(), looseBytes: integer() })),
  /** Items, newest first. */
  roots: method('roots', nothing, rootItem),
  names: method('names', nothing, nameItem),
  /** Items: one for each root. @param target null: all @param repair forget what is damaged, so that a pull fetches just that */
  verify: method('verify', object({ target: nullable(target), repair: boolean() }), answer({
    root: cid, file: nullable(file), blocks: integer(), bytes: integer(), damaged: integer(), /** It is given back as it was. */ restores: boolean(), error: nullable(answer({ code: string({ max: 64 }), message: sentence })),
  })),
} as const

export type Added = Infer<typeof syncRpc.add.result>
export type Published = Infer<typeof syncRpc.publish.result>
export type Moved = Infer<typeof syncRpc.pull.result>
export type Pushed = Infer<typeof syncRpc.push.result>
export type WatchItem = Infer<typeof syncRpc.watch.result>
export type RuleState = Infer<typeof ruleState>
export type ServedState = Infer<typeof servedState>
export type LogItem = Infer<typeof syncRpc.log.result>
export type DiffItem = Infer<typeof syncRpc.diff.result>
export type Forgotten = Infer<typeof syncRpc.forget.result>
export type ShelfFacts = Infer<typeof syncRpc.stat.result>
export type RootItem = Infer<typeof rootItem>
export type NameItem = Infer<typeof nameItem>
export type VerifyItem = Infer<typeof syncRpc.verify.result>
export type Output = NonNullable<Infer<typeof syncRpc.pull.params>['output']>

/** One call with one result. @throws AppError as the method, BAD_VALUE when either side does not keep to this file */
export async function callSync<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): Promise<R> {
  return check(m.result, await node.call(m.method, toJson(params), options), m.method)
}

/** One call with items. */
export async function * listSync<P, R> (node: NodeDoor, m: RpcMethod<P, R>, params: P, options?: CallOptions): AsyncGenerator<R> {
  for await (const item of node.list(m.method, toJson(params), options)) yield check(m.result, item, m.method)
}

/** What adding, pulling and the rest stand on; service.ts joins it to the real things. */
import type { ProgressEvent } from '@ipkit/core/cli/io'
import type { Clock } from '@ipkit/core/time/clock'
import type { Chunker } from '../chunking/parse-chunker.ts'
import type { Shelf, ShelfSession } from '../keeping/shelf.ts'
import type { Ingested } from '../looking/ingest.ts'
import type { Restored } from '../recipe/restored.ts'
import type { NodeServePolicy } from '../serving/serve-policy.ts'
import type { CommitSigner } from '../versions/commit.ts'
import type { Histories } from '../versions/histories.ts'
import type { KnownNames } from '../versions/known-names.ts'

/** One peer: multiaddrs, or its id alone where it is connected. */
export type Place = readonly string[]

export interface SyncDeps {
  readonly shelf: Shelf
  readonly histories: Histories
  readonly known: KnownNames
  readonly policy: NodeServePolicy
  readonly keys: SyncKeys
  readonly intake: Intake
  readonly outlet: Outlet
  readonly mover: Mover
  readonly came: CameFrom
  readonly clock: Clock
  /** Of this node. */
  readonly peerId: string
  readonly report: (what: string, error: unknown) => void
}

/** Keys of the home, by their names. */
export interface SyncKeys {
  list(): Promise<ReadonlyArray<{ readonly name: string, readonly publicKey: Uint8Array }>>
  signer(name: string): Promise<CommitSigner | undefined>
  signerOf(publicKey: Uint8Array): Promise<CommitSigner | undefined>
  create(name: string): Promise<unknown>
}

/** What goes on for one call. */
export interface Work {
  readonly signal: AbortSignal
  readonly onProgress: (event: ProgressEvent) => void
}

export interface IntakeOptions {
  readonly chunker: Chunker
  /** 32 bytes, for a gear table of its own. */
  readonly gearKey: Uint8Array | undefined
  /** Chunks stay where they are, in the user's own file. */
  readonly noCopy: boolean
}

/** Reads what is to be kept. */
export interface Intake {
  /** @param path absolute; a file or a folder @throws AppError FILE_NOT_FOUND, FILE_NOT_READABLE, FILE_CHANGED, DISK_FULL */
  read(session: ShelfSession, path: string, options: IntakeOptions, work: Work): Promise<Taken>
  /** Standard input, through a file that is removed always. */
  readStream(session: ShelfSession, source: AsyncIterable<Uint8Array>, options: IntakeOptions, work: Work): Promise<Taken>
}

/** `file`: base name; undefined of standard input. */
export interface Taken extends Ingested { readonly file: string | undefined }

export interface OutputPlace {
  /** Absolute. */
  readonly path: string
  /** `path` is a folder, and what is written goes into it. So it is with an existing folder, unless another folder is to replace it. */
  readonly into: boolean
  /** Whether what `path` names may be replaced, and a file under its own name in a folder, but no folder there: that name is the publisher's. */
  readonly overwrite: boolean
  /** Of who asked: the node's own is 077. */
  readonly umask: number
}

/** Gives back what was kept. */
export interface Outlet {
  restore(root: string, signal: AbortSignal): Promise<Restored>
  /** Throws what `write` would throw, before anything is fetched and it is known whether a file or a folder comes. @param name what it is called in a folder @returns where it will be */
  check(place: OutputPlace, name: string): Promise<string>
  /** Appears only when it is whole, verified and on disk. @returns its path, and the hash of a file @throws AppError FILE_EXISTS, FILE_NOT_WRITABLE, DISK_FULL, RESTORED_WRONG */
  write(restored: Restored, place: OutputPlace, name: string, work: Work): Promise<Written>
  /** Reads all of it, and writes nothing. @throws AppError RESTORED_WRONG, BLOCK_NOT_FOUND */
  hash(restored: Restored, work: Work): Promise<Uint8Array | undefined>
}

export interface Written { readonly file: string, readonly sha256: Uint8Array | undefined }

/** What a peer says of a name: docs/protocols/dedup-sync.md, "head". */
export interface HeadAnswer {
  /** The envelope of an IPNS record, not verified. */
  readonly record: Uint8Array
  /** Blocks of versions, newest first: part of what was asked for where that is long. */
  readonly commits: readonly Uint8Array[]
}

/** Versions from `from` on, newest first, without `until` and what is older. `from` null: from the newest; `until` null: to the first. */
export interface HeadRange { readonly from: string | null, readonly until: string | null }

export interface MoveRequest {
  readonly root: string
  /** Roots that are here, which the new one may be like. */
  readonly have: readonly string[]
  readonly places: readonly Place[]
  readonly session: ShelfSession
  /** Nothing is moved: what it would cost. */
  readonly dryRun: boolean
}

/** All bytes of the connections meanwhile. */
export interface MovedBytes {
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly roundTrips: number
  /** Of blocks that were not here. */
  readonly newBytes: number
  /** Of a dry run: what would come, about. */
  readonly expectedBytes?: number
  /** Peers that were given up, and why: codes of errors. */
  readonly dropped: ReadonlyArray<{ readonly peer: string, readonly code: string }>
}

/** Talks to peers: docs/protocols/dedup-sync.md. */
export interface Mover {
  /** Peers that are connected and speak the protocol. */
  inReach(): Place[]
  /** Whether IPFS nodes are connected that do not speak it: they may have a root all the same. */
  othersInReach(): boolean
  /** Calls `handler` for each that comes. @returns stops it */
  onReach(handler: () => void): () => void
  /** Peer id of a place where its addresses tell it. */
  peerIdOf(place: Place): string | undefined
  /** @returns undefined: the peer knows nothing of the name, or does not tell us @throws AppError PEER_* */
  askHead(place: Place, name: string, range: HeadRange, signal: AbortSignal): Promise<HeadAnswer | undefined>
  /** All blocks below the root are on the shelf when it resolves. @throws AppError ROOT_NOT_FOUND, PEER_* */
  pull(request: MoveRequest, work: Work): Promise<MovedBytes>
  /** Has a peer pull from us. @param offer with a name: its newest version @throws AppError PUSH_REFUSED, PEER_* */
  push(place: Place, offer: { readonly root: string, readonly name: string | null, readonly sizeBytes: number }, work: Work): Promise<MovedBytes>
  /** Bytes since `traffic` was called, of the connections to these places. */
  traffic(places: readonly Place[]): () => Pick<MovedBytes, 'receivedBytes' | 'sentBytes'>
}

/** Which peers a root came from: they know it, so it may be named to them. */
export interface CameFrom {
  note(root: string, peers: readonly string[]): Promise<void>
  of(root: string): Promise<readonly string[]>
  forget(root: string): Promise<void>
}

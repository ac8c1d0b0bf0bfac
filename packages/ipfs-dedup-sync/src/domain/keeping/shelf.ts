import type { BlockStore } from '@ipkit/core/blocks/block-store'

/**
 * Where the tool's blocks stand: docs/formats/dedup-store.md. CIDs are canonical text, version 1, raw or dag-pb, SHA-256. What `get` and `has` know is whole: a node is there only when all
 * below it is. A block lives as long as a kept root or another block that lives names it; one that nothing names goes with the next `gc`.
 */
export interface Shelf {
  /** @throws AppError BLOCK_NOT_FOUND, BLOCK_DAMAGED (its bytes are not those of its CID any more) */
  get(cid: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>
  /** In the order asked. Many at once cost little more than one. */
  has(cids: readonly string[]): Promise<boolean[]>
  /** For one `add` or one `pull`. While it is open nothing of it is collected. */
  begin(): Promise<ShelfSession>
  roots(): AsyncIterable<KeptRoot>
  root(root: string): Promise<KeptRoot | undefined>
  /** Changes facts of a kept root, durably. @throws AppError ROOT_UNKNOWN */
  note(root: string, change: (facts: RootFacts) => RootFacts): Promise<void>
  /** The root is kept no more; its blocks go with the next `gc`. @returns whether it was kept */
  drop(root: string): Promise<boolean>
  /** Costs what it frees. Runs beside open sessions and spares what they put. */
  gc(options: { readonly signal: AbortSignal, readonly onProgress?: (freedBytes: number) => void }): Promise<{ readonly freedBytes: number, readonly freedBlocks: number }>
  stat(): Promise<ShelfStat>
  /**
   * Reads all blocks below a root, or every block there is, and compares them with their CIDs.
   * @param repair forget what is damaged: neither it nor any node above it is here until it is put again, so the next `pull` fetches just that
   * @throws AppError BLOCK_NOT_FOUND (the root is not here)
   */
  verify(root: string | undefined, options: { readonly signal: AbortSignal, readonly repair?: boolean, readonly onProgress?: (checkedBytes: number) => void }): Promise<Verified>
}

export interface Verified {
  /** Each once; in a large tree one in a hundred leaves may be left out of the count. */
  readonly checkedBlocks: number
  readonly checkedBytes: number
  readonly damagedBlocks: number
  /** Damaged, or lost before: the first of them. */
  readonly damaged: readonly string[]
}

/** A file of the user's own that blocks stand in. It counts as changed when one of these does. */
export interface PointedFile {
  /** Absolute. */
  readonly path: string
  readonly sizeBytes: number
  readonly mtimeNs: bigint
}

/** Blocks on their way. Disposed of without `keep`, what was put stays until the next `gc`: a later session finds it. */
export interface ShelfSession extends AsyncDisposable, Pick<BlockStore, 'get'> {
  /**
   * A leaf, or a node whose children are all there. Seen by `get` and `has` at once; durable with `keep` (or `flush`).
   * @param options.compress whether room is worth more than time here
   * @param options.checked the caller has hashed the bytes itself, and they are those of the CID
   * @returns whether it was new
   * @throws AppError BLOCK_MISMATCH, BLOCK_INVALID, BLOCK_TOO_LARGE, CHILD_MISSING, DISK_FULL (then nothing of this session that was not flushed is there, and it takes nothing more)
   */
  put(cid: string, bytes: Uint8Array, options?: { readonly compress?: boolean, readonly checked?: boolean }): Promise<boolean>
  /** Durable with the next `flush`. The same path again: the same number, if nothing of it changed. @returns its number, for `point` */
  openFile(file: PointedFile): Promise<number>
  /**
   * As `put`, for a leaf whose bytes stay where they are, in a file of the user's own. They are hashed at each read; once they are others, the block is not here.
   * @returns whether it was new
   */
  point(cid: string, at: { readonly file: number, readonly offset: number, readonly sizeBytes: number }): Promise<boolean>
  /** A node that came before its children: survives a crash, and neither `get` nor `has` of the shelf know it. */
  park(cid: string, bytes: Uint8Array): Promise<void>
  parked(cid: string): Promise<Uint8Array | undefined>
  /** All that was put and parked is on disk when it resolves. */
  flush(): Promise<void>
  /** The root and all below it are kept and durable when it resolves. The same root again: its facts are replaced. @throws AppError CHILD_MISSING */
  keep(root: string, facts: RootFacts): Promise<void>
  readonly newBytes: number
  readonly newBlocks: number
}

/** `RootFacts` and when. */
export interface KeptRoot extends RootFacts { readonly root: string, readonly atMs: number }

/** What is remembered of a root: plain data, DAG-CBOR on disk. */
export interface RootFacts {
  /** What it stands for: bytes of the file, or of all files of a folder. */
  readonly sizeBytes: number
  /** Of the file, 32 bytes; undefined for a folder. */
  readonly sha256?: Uint8Array
  /** Base name of what was added. */
  readonly name?: string
  /** Whether peers may have it (subject to `allow`). */
  readonly served: boolean
  /** Whom the root is told to beside those who know it: nobody, or who asks for this IPNS name. */
  readonly of?: string
}

export interface ShelfStat {
  readonly roots: number
  readonly blocks: number
  /** Of blocks as they are, and as they stand on disk. */
  readonly blockBytes: number
  readonly diskBytes: number
  /** Not named by anything: what `gc` would free, about. */
  readonly looseBytes: number
}

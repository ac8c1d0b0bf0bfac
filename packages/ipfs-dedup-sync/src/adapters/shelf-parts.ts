import { AppError } from '@ipkit/core/errors/app-error'
import type { BulkStore } from '@ipkit/core/daemon/service'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { BlockEntry } from '../domain/keeping/block-entry.ts'
import { childrenOf, isNode } from '../domain/keeping/block-id.ts'
import { IdFilter } from '../domain/keeping/id-filter.ts'
import type { IndexView, ShelfIndex } from '../domain/keeping/shelf-index.ts'
import { damaged, notFound, type BlockBytes } from './block-bytes.ts'
import type { PackFiles } from './pack-files.ts'
import { settleLosses } from './settle-losses.ts'

/** Written and not yet durable, at most; a crash costs as much. */
export const MAX_UNSYNCED_BYTES = 32 * 1024 * 1024
const MAX_UNSYNCED_BLOCKS = 4096

export interface ShelfPartsInit {
  readonly index: ShelfIndex
  readonly packs: PackFiles
  readonly bytes: BlockBytes
  readonly store: BulkStore
  readonly nowMs: () => number
}

/** What the shelf, its sessions, `gc`, `verify` and the rest work on together. */
export class ShelfParts {
  readonly index: ShelfIndex
  readonly packs: PackFiles
  readonly bytes: BlockBytes
  readonly store: BulkStore
  readonly nowMs: () => number
  /** Changes of kept roots, one at a time. */
  readonly rootChanges = new SerialQueue()
  /** `gc`, `verify` and what mends: one at a time. */
  readonly chores = new SerialQueue()
  /** Sessions that are open. */
  readonly sessions = new Set<object>()
  /** What open sessions put or were told to be here: they rely on it. */
  #relied = new IdFilter()
  #unsyncedBytes = 0
  #committing: Promise<void> | undefined
  /** Counts the commits that failed: what a session put before is gone. */
  rollbacks = 0
  rollbackCause: unknown
  /** Files of the user's in which something was not as it was; 'all': nobody knows which. */
  suspects: Set<number> | 'all'
  /** Counts blocks that were found to be lost. */
  losses = 0
  #settling: Promise<void> | undefined
  #alone: Promise<void> | undefined

  constructor (init: ShelfPartsInit) {
    this.index = init.index
    this.packs = init.packs
    this.bytes = init.bytes
    this.store = init.store
    this.nowMs = init.nowMs
    this.suspects = init.index.state.unsettled ? 'all' : new Set()
  }

  rely (cid: string): void { if (this.sessions.size > 0) this.#relied.add(cid) }
  isReliedOn (cid: string): boolean { return this.sessions.size > 0 && this.#relied.has(cid) }

  /** No session is open, none begins and no root changes while it runs */
  async alone (work: () => Promise<void>): Promise<void> {
    await this.rootChanges.run(async () => {
      if (this.sessions.size > 0) return
      this.#alone = work().finally(() => { this.#alone = undefined })
      await this.#alone
    })
  }

  async beginSession<T> (begin: () => T): Promise<T> {
    while (this.#alone !== undefined) await this.#alone.catch(() => {})
    return begin()
  }

  endSession (session: object): void {
    this.sessions.delete(session)
    if (this.sessions.size === 0) this.#relied = new IdFilter()
  }

  /** Waits where more came than the disk takes; begins a commit where much is not durable. @throws what the disk says */
  async grew (sizeBytes: number): Promise<void> {
    this.#unsyncedBytes += sizeBytes
    if (this.#unsyncedBytes >= MAX_UNSYNCED_BYTES || this.index.pendingCount >= MAX_UNSYNCED_BLOCKS) {
      await this.#committing
      if (this.#unsyncedBytes >= MAX_UNSYNCED_BYTES || this.index.pendingCount >= MAX_UNSYNCED_BLOCKS) {
        this.#unsyncedBytes = 0
        this.#committing = this.index.commit().catch(() => {}).finally(() => { this.#committing = undefined }) // who put something is told by `rollbacks`
      }
    }
    await this.packs.room()
  }

  async commit (): Promise<void> {
    this.#unsyncedBytes = 0
    await this.index.commit()
  }

  /** A block that must be here. @throws AppError BLOCK_NOT_FOUND, BLOCK_DAMAGED */
  async get (cid: string): Promise<Uint8Array> {
    for (;;) {
      const entry = await this.lookUp(cid)
      if (entry?.whole !== true) throw notFound(cid)
      const bytes = await this.bytes.read(cid, entry)
      if (bytes !== undefined) {
        if (isNode(cid)) this.index.prefetch(childrenOf(cid, bytes))
        return bytes
      }
      if (await this.lose(cid, entry)) throw damaged(cid)
      // else it stands elsewhere by now
    }
  }

  /**
   * As `change` of the index, after every node above a lost block is known not to be whole.
   * @param act must change nothing before it has looked
   */
  async whenSettled<T> (cids: readonly string[], act: (view: IndexView) => T): Promise<T> {
    for (;;) {
      if (this.index.state.unsettled) await (this.#settling ??= settleLosses(this).finally(() => { this.#settling = undefined }))
      const done = await this.index.change(cids, view => this.index.state.unsettled ? undefined : { result: act(view) })
      if (done !== undefined) return done.result
    }
  }

  async lookUp (cid: string): Promise<BlockEntry | undefined> {
    return await this.whenSettled([cid], view => {
      const entry = view.get(cid)
      if (entry?.whole === true) this.rely(cid)
      return entry
    })
  }

  /** The bytes of an entry turned out to be lost. @returns false where the entry is another one by now */
  async lose (cid: string, { place }: BlockEntry): Promise<boolean> {
    return await this.index.change([cid], view => {
      const entry = view.get(cid)
      if (entry === undefined || entry.place === undefined || JSON.stringify(entry.place) !== JSON.stringify(place)) return false
      view.set(cid, { ...entry, place: undefined, whole: false })
      this.index.setState({ unsettled: true })
      this.losses++
      if (entry.place.kind === 'file' && this.suspects !== 'all') this.suspects.add(entry.place.file)
      return true
    })
  }
}

/** Adds to the counts of blocks. @param view has all of them */
export function countChildren (view: IndexView, children: readonly string[], by: 1 | -1): void {
  for (const child of children) {
    const entry = view.get(child)
    if (entry !== undefined) view.set(child, { ...entry, refs: Math.max(0, entry.refs + by) })
  }
}

export const childMissing = (cid: string): AppError => new AppError('CHILD_MISSING', `block ${cid} is not here`)

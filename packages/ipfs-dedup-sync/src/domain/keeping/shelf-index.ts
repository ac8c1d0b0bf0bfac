import type { BulkStore, KeyChange } from '@ipkit/core/daemon/service'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { decodeEntry, encodeEntry, type BlockEntry } from './block-entry.ts'
import { HEAD_BYTES } from './pack-record.ts'
import { decodePackFacts, decodeState, encodePackFacts, encodeState, packKey, PACK_PREFIX, STATE_KEY, type PackFacts, type ShelfState } from './shelf-state.ts'

export const BLOCK_PREFIX = 'block/'
export const LOOSE_PREFIX = 'loose/'

/** The present state of the blocks that were asked for. Valid only until the callback that it was given to returns. */
export interface IndexView {
  get(cid: string): BlockEntry | undefined
  set(cid: string, entry: BlockEntry | undefined): void
}

/** Changes that reach the disk together. */
class Generation {
  readonly entries = new Map<string, BlockEntry | undefined>()
  /** What the entries were before. */
  readonly bases = new Map<string, BlockEntry | undefined>()
  readonly others = new Map<string, Uint8Array | undefined>()
  readonly packs = new Set<number>()
}

/** Ids that are certainly not in the store need not be looked for. */
export interface KnownIds {
  add(cid: string): void
  mayHave(cid: string): boolean
  /** So many were looked for in vain. @param blocks that the store has, about @param pending ids that are to get there */
  missed(count: number, blocks: number, pending: () => Iterable<string>): void
}

export interface ShelfIndexDeps {
  readonly store: BulkStore
  readonly known: KnownIds
  /** Makes durable what places of entries name, before the entries are. @throws what the disk says */
  readonly syncPacks: () => Promise<void>
  /** At once after a commit that failed: the entries that it held, and all since, were never made. @param indexWritten whether the store was asked to take them @returns the error for who waits */
  readonly onRolledBack: (cause: unknown, packs: ReadonlyMap<number, PackFacts>, indexWritten: boolean) => Promise<unknown>
}

const MAX_RECENT = 4096

interface Fetch { readonly cids: string[], readonly answer: Promise<Array<Uint8Array | undefined>> }

/**
 * Entries by CID, in a store and, as far as they are not there yet, in memory. Changes are seen at once and reach the disk in generations, each of which is a whole
 * transaction: what `change` does in one call is never torn.
 */
export class ShelfIndex {
  readonly #deps: ShelfIndexDeps
  readonly #commits = new SerialQueue()
  #open = new Generation()
  #closing: Generation | undefined
  #commitCount = 0
  /** Read from the store, and not changed since. */
  readonly #recent = new Map<string, BlockEntry | undefined>()
  #asked: Fetch | undefined
  #lastFetch: Promise<unknown> = Promise.resolve()
  #state: ShelfState
  #packs: Map<number, PackFacts>
  #durable: { state: ShelfState, packs: ReadonlyMap<number, PackFacts> }

  private constructor (deps: ShelfIndexDeps, state: ShelfState, packs: Map<number, PackFacts>) {
    this.#deps = deps
    this.#state = state
    this.#packs = packs
    this.#durable = { state, packs: new Map(packs) }
  }

  /** @throws AppError SHELF_DAMAGED, SHELF_VERSION */
  static async open (deps: ShelfIndexDeps): Promise<ShelfIndex> {
    const packs = new Map<number, PackFacts>()
    for await (const { key, value } of deps.store.list(PACK_PREFIX)) packs.set(Number(key.slice(PACK_PREFIX.length)), decodePackFacts(value, key))
    return new ShelfIndex(deps, decodeState(await deps.store.get(STATE_KEY)), packs)
  }

  get state (): ShelfState { return this.#state }
  get packs (): ReadonlyMap<number, PackFacts> { return this.#packs }
  /** How many blocks wait for the next commit. */
  get pendingCount (): number { return this.#open.entries.size }

  setState (change: Partial<ShelfState>): void { this.#state = { ...this.#state, ...change } }

  /**
   * Calls `act` once with the present entries of `cids`; nobody else changes any while it runs. It must not wait for anything.
   * @param cids all that `act` asks for or sets
   */
  async change<T> (cids: readonly string[], act: (view: IndexView) => T): Promise<T> {
    for (;;) {
      const read = new Map<string, BlockEntry | undefined>()
      const wanted = cids.filter(cid => {
        if (this.#isPending(cid) || !this.#deps.known.mayHave(cid)) return false
        if (!this.#recent.has(cid)) return true
        read.set(cid, this.#recent.get(cid))
        return false
      })
      if (wanted.length > 0) {
        const commits = this.#commitCount
        const values = await this.#fetch(wanted)
        if (commits !== this.#commitCount) continue // what was read may have been written over, and forgotten here, meanwhile
        for (const [i, cid] of wanted.entries()) {
          const entry = values[i] === undefined ? undefined : decodeEntry(values[i], cid)
          read.set(cid, entry)
          if (!this.#isPending(cid)) this.#recent.set(cid, entry)
        }
        this.#forgetOldest()
        this.#deps.known.missed(values.filter(value => value === undefined).length, this.#state.blocks, () => [...this.#open.entries.keys(), ...this.#closing?.entries.keys() ?? []])
      }
      return act(this.#view(read))
    }
  }

  #isPending (cid: string): boolean { return this.#open.entries.has(cid) || this.#closing?.entries.has(cid) === true }

  /** What is asked for soon is read in one go. */
  prefetch (cids: readonly string[]): void { this.change(cids, () => {}).catch(() => {}) } // who asks is told

  #forgetOldest (): void {
    for (const cid of this.#recent.keys()) {
      if (this.#recent.size <= MAX_RECENT) return
      this.#recent.delete(cid)
    }
  }

  /** Those who ask while somebody else's answer is on its way are answered together. */
  async #fetch (cids: readonly string[]): Promise<ReadonlyArray<Uint8Array | undefined>> {
    const batch = this.#asked ??= this.#newFetch()
    const start = batch.cids.length
    batch.cids.push(...cids)
    return (await batch.answer).slice(start, start + cids.length)
  }

  #newFetch (): Fetch {
    const cids: string[] = []
    const answer = this.#lastFetch.then(async () => {
      this.#asked = undefined
      return await this.#deps.store.getMany(cids.map(cid => BLOCK_PREFIX + cid))
    })
    this.#lastFetch = answer.catch(() => {})
    return { cids, answer }
  }

  #view (read: ReadonlyMap<string, BlockEntry | undefined>): IndexView {
    const get = (cid: string): BlockEntry | undefined => {
      if (this.#open.entries.has(cid)) return this.#open.entries.get(cid)
      if (this.#closing?.entries.has(cid) === true) return this.#closing.entries.get(cid)
      return read.get(cid)
    }
    return {
      get,
      set: (cid, entry) => {
        const before = get(cid)
        if (!this.#open.entries.has(cid)) this.#open.bases.set(cid, before)
        this.#open.entries.set(cid, entry)
        this.#recent.delete(cid)
        if (before !== undefined) this.#count(before, -1)
        if (entry !== undefined) {
          this.#count(entry, 1)
          this.#deps.known.add(cid)
        }
      },
    }
  }

  #count (entry: BlockEntry, by: 1 | -1): void {
    const { place, sizeBytes, refs } = entry
    const { blocks, blockBytes, looseBytes } = this.#state
    const here = place === undefined ? 0 : by
    this.setState({ blocks: blocks + here, blockBytes: blockBytes + here * sizeBytes, looseBytes: looseBytes + (refs === 0 ? here * sizeBytes : 0) })
    if (place?.kind !== 'pack') return
    const { endBytes, liveBytes } = this.#packs.get(place.pack) ?? { endBytes: 0, liveBytes: 0 }
    const recordEnd = place.offset + HEAD_BYTES + place.storedBytes
    this.#packs.set(place.pack, { endBytes: Math.max(endBytes, recordEnd), liveBytes: liveBytes + by * (HEAD_BYTES + place.storedBytes) })
    this.#open.packs.add(place.pack)
  }

  /** Another value of the same transaction. @param value undefined: it goes */
  setOther (key: string, value: Uint8Array | undefined): void { this.#open.others.set(key, value) }

  /** The pack's file goes after the next commit. */
  forgetPack (pack: number): void {
    this.#packs.delete(pack)
    this.#open.packs.add(pack)
  }

  /** All changes made before the call are on the disk when it resolves. @throws what `onRolledBack` makes of it: then they, and all made since, are undone */
  async commit (): Promise<void> { await this.#commits.run(async () => { await this.#commitNow() }) }

  async #commitNow (): Promise<void> {
    const { entries, others, packs } = this.#open
    if (entries.size + others.size + packs.size === 0) return
    const closing = this.#open
    this.#closing = closing
    this.#open = new Generation()
    const state = this.#state
    const facts = new Map(this.#packs)
    let indexWritten = false
    try {
      await this.#deps.syncPacks()
      indexWritten = true
      await this.#deps.store.batch(changesOf(closing, state, facts))
      this.#durable = { state, packs: facts }
    } catch (e) {
      this.#open = new Generation()
      this.#state = this.#durable.state
      this.#packs = new Map(this.#durable.packs)
      this.#endCommit()
      throw await this.#deps.onRolledBack(e, this.#durable.packs, indexWritten)
    }
    this.#endCommit()
  }

  #endCommit (): void {
    this.#closing = undefined
    this.#commitCount++
  }
}

function changesOf (generation: Generation, state: ShelfState, packs: ReadonlyMap<number, PackFacts>): KeyChange[] {
  const changes: KeyChange[] = []
  for (const [cid, entry] of generation.entries) {
    const base = generation.bases.get(cid)
    if (entry !== undefined) changes.push({ key: BLOCK_PREFIX + cid, value: encodeEntry(entry) })
    else if (base !== undefined) changes.push({ key: BLOCK_PREFIX + cid, value: undefined })
    if ((base?.refs === 0) !== (entry?.refs === 0)) changes.push({ key: LOOSE_PREFIX + cid, value: entry?.refs === 0 ? new Uint8Array(0) : undefined })
  }
  for (const [key, value] of generation.others) changes.push({ key, value })
  for (const pack of generation.packs) {
    const facts = packs.get(pack)
    changes.push({ key: packKey(pack), value: facts === undefined ? undefined : encodePackFacts(facts) })
  }
  changes.push({ key: STATE_KEY, value: encodeState(state) })
  return changes
}

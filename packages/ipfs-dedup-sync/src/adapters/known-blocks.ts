import type { BulkStore } from '@ipkit/core/daemon/service'
import { IdFilter } from '../domain/keeping/id-filter.ts'
import { BLOCK_PREFIX, type KnownIds } from '../domain/keeping/shelf-index.ts'

/** To look for a block in vain costs about as much as to go over so many. */
const BLOCKS_A_MISS = 4

/**
 * Most blocks that a first `add` asks for are new: a filter says so without asking the index. It takes a pass over the index, which begins once as much was spent on looking in vain:
 * at once in an empty store, never for a small file beside a large store.
 */
export class KnownBlocks implements KnownIds {
  readonly #store: BulkStore
  #filter: IdFilter | undefined
  #isComplete = false
  #isEnded = false
  #misses = 0
  #pass: Promise<void> | undefined

  constructor (store: BulkStore) { this.#store = store }

  add (cid: string): void { this.#filter?.add(cid) }
  mayHave (cid: string): boolean { return !this.#isComplete || this.#filter!.has(cid) }

  missed (count: number, blocks: number, pending: () => Iterable<string>): void {
    this.#misses += count
    if (this.#misses * BLOCKS_A_MISS > blocks && this.#misses > 0) this.#pass ??= this.#read(pending()).catch(() => {}) // without it the index is asked, and says what is wrong
  }

  async #read (pending: Iterable<string>): Promise<void> {
    const filter = this.#filter = new IdFilter() // what is added from now on is in it, and what is on its way, whatever the pass sees
    for (const cid of pending) filter.add(cid)
    for await (const { key } of this.#store.list(BLOCK_PREFIX)) {
      if (this.#isEnded) return
      filter.add(key.slice(BLOCK_PREFIX.length))
    }
    this.#isComplete = true
  }

  async end (): Promise<void> {
    this.#isEnded = true
    await this.#pass
  }
}

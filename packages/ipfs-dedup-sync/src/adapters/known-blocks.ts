import type { BulkStore } from '@ipkit/core/daemon/service'
import { IdFilter } from '../domain/keeping/id-filter.ts'
import { BLOCK_PREFIX, type KnownIds } from '../domain/keeping/shelf-index.ts'

/** Most blocks that a first `add` asks for are new: a filter says so without asking the index. It is made beside the work, from one pass over the index, once somebody adds. */
export class KnownBlocks implements KnownIds {
  readonly #store: BulkStore
  readonly #filter = new IdFilter()
  #isComplete = false
  #isEnded = false
  #pass: Promise<void> | undefined

  constructor (store: BulkStore) { this.#store = store }

  add (cid: string): void { this.#filter.add(cid) }
  mayHave (cid: string): boolean { return !this.#isComplete || this.#filter.has(cid) }

  /** Called again and again. */
  begin (): void { this.#pass ??= this.#read().catch(() => {}) } // without it the index is asked, and says what is wrong

  async #read (): Promise<void> {
    for await (const { key } of this.#store.list(BLOCK_PREFIX)) {
      if (this.#isEnded) return
      this.#filter.add(key.slice(BLOCK_PREFIX.length))
    }
    this.#isComplete = true
  }

  async end (): Promise<void> {
    this.#isEnded = true
    await this.#pass
  }
}

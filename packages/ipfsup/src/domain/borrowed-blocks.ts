import type { KeyValueStore, ServiceBlocks } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'

const BORROWED = 'borrowed/'

/**
 * Blocks of the node's store for as long as they are read. The node keeps each block that it fetches; what nobody else has pinned goes with our pin of
 * it. A note of each pin is in `notes`, so that also those go that a crash left.
 */
export class BorrowedBlocks {
  readonly #blocks: ServiceBlocks
  readonly #notes: KeyValueStore
  readonly #busy = new Map<string, { readonly queue: SerialQueue, readers: number }>()

  constructor (blocks: ServiceBlocks, notes: KeyValueStore) {
    this.#blocks = blocks
    this.#notes = notes
  }

  /** One after the other where they are of the same CID. @throws AppError CID_INVALID; as `ServiceBlocks.get` */
  async get (cid: string, signal: AbortSignal): Promise<Uint8Array> {
    if (!isCanonicalCid(cid)) throw new AppError('CID_INVALID', 'not a CID in its canonical form', { exit: 'usage' })
    const busy = this.#busy.get(cid) ?? { queue: new SerialQueue(), readers: 0 }
    this.#busy.set(cid, busy)
    busy.readers++
    try {
      return await busy.queue.run(async () => await this.#borrow(cid, signal))
    } finally {
      if (--busy.readers === 0) this.#busy.delete(cid)
    }
  }

  /** What an earlier run did not give back. */
  async giveBackOld (): Promise<void> {
    for await (const { key } of this.#notes.list(BORROWED)) await this.#giveBack(key.slice(BORROWED.length))
  }

  async #borrow (cid: string, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    await this.#notes.put(`${BORROWED}${cid}`, new Uint8Array(0))
    try {
      await this.#blocks.pin(cid)
      return await this.#blocks.get(cid, { signal })
    } finally {
      await this.#giveBack(cid)
    }
  }

  async #giveBack (cid: string): Promise<void> {
    await this.#blocks.unpin(cid)
    await this.#notes.delete(`${BORROWED}${cid}`)
  }
}

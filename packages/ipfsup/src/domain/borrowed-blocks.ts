import type { KeyValueStore, ServiceBlocks } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { Clock } from '@ipkit/core/time/clock'
import { KEEP_BORROWED_MS } from './ipfs-limits.ts'

const BORROWED = 'borrowed/'

export interface BorrowedBlocksDeps {
  readonly blocks: ServiceBlocks
  /** Has a note of each pin, so that also those go that a crash left. */
  readonly notes: KeyValueStore
  readonly clock: Clock
  /** What went wrong when nobody waits any more. */
  report(error: unknown): void
}

interface Held {
  readonly pinned: Promise<void>
  readers: number
  /** Counts up when the last reader leaves. */
  left: number
  fetch: { readonly bytes: Promise<Uint8Array>, readonly stop: AbortController } | undefined
}

/**
 * Blocks of the node's store while they are read, and a little longer. The node keeps each block that it fetches; what nobody else has pinned goes with
 * our pin of it. Not at once, since a peer with Helia's bitswap gives nobody the same block twice within five seconds: who asks again finds it here.
 */
export class BorrowedBlocks implements AsyncDisposable {
  readonly #deps: BorrowedBlocksDeps
  readonly #held = new Map<string, Held>()
  /** Pins and their notes change together. */
  readonly #changes = new SerialQueue()
  readonly #closing = new AbortController()
  readonly #leaving = new Set<Promise<void>>()

  constructor (deps: BorrowedBlocksDeps) { this.#deps = deps }

  /** Readers of one block at once share one fetch. @throws AppError CID_INVALID; as `ServiceBlocks.get`; the signal's reason */
  async get (cid: string, signal: AbortSignal): Promise<Uint8Array> {
    if (!isCanonicalCid(cid)) throw new AppError('CID_INVALID', 'not a CID in its canonical form', { exit: 'usage' })
    signal.throwIfAborted()
    const held = this.#held.get(cid) ?? this.#hold(cid)
    held.readers++
    let keepMs = 0
    try {
      await held.pinned
      const bytes = await untilAborted(this.#fetch(cid, held), signal)
      keepMs = KEEP_BORROWED_MS
      return bytes
    } finally {
      if (--held.readers === 0) this.#leave(cid, held, keepMs)
    }
  }

  /** What an earlier run did not give back. */
  async giveBackOld (): Promise<void> {
    for await (const { key } of this.#deps.notes.list(BORROWED)) await this.#giveBack(key.slice(BORROWED.length))
  }

  /** Gives all back that nobody reads now. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#closing.abort(new Error('ipfsup is stopping'))
    await Promise.all(this.#leaving)
  }

  #hold (cid: string): Held {
    const { notes, blocks } = this.#deps
    const pinned = this.#changes.run(async () => {
      await notes.put(`${BORROWED}${cid}`, new Uint8Array(0))
      await blocks.pin(cid)
    })
    const held: Held = { pinned, readers: 0, left: 0, fetch: undefined }
    this.#held.set(cid, held)
    return held
  }

  async #fetch (cid: string, held: Held): Promise<Uint8Array> {
    while (held.fetch?.stop.signal.aborted === true) await held.fetch.bytes.catch(() => {})
    if (held.fetch === undefined) {
      const stop = new AbortController()
      const bytes = this.#deps.blocks.get(cid, { signal: stop.signal }).finally(() => { held.fetch = undefined })
      held.fetch = { bytes, stop }
    }
    return await held.fetch.bytes
  }

  #leave (cid: string, held: Held, keepMs: number): void {
    const turn = ++held.left
    const left = async (): Promise<void> => {
      const { fetch } = held
      fetch?.stop.abort(new Error('nobody reads it any more'))
      await fetch?.bytes.catch(() => {})
      if (keepMs > 0) await this.#deps.clock.sleep(keepMs, this.#closing.signal).catch(() => {})
      if (held.readers > 0 || held.left !== turn) return
      this.#held.delete(cid)
      await this.#giveBack(cid)
    }
    const leaving = left().catch((e: unknown) => { this.#deps.report(e) }).finally(() => { this.#leaving.delete(leaving) })
    this.#leaving.add(leaving)
  }

  async #giveBack (cid: string): Promise<void> {
    await this.#changes.run(async () => {
      await this.#deps.blocks.unpin(cid)
      await this.#deps.notes.delete(`${BORROWED}${cid}`)
    })
  }
}

async function untilAborted<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {}) // nobody may be left to hear of it
  let stop = (): void => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => { reject(signal.reason as Error) }
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** What is served keeps the node running, until nothing is. */
import type { LeaseHolder } from '@ipkit/core/daemon/service'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { Clock } from '@ipkit/core/time/clock'
import type { Shelf } from '../keeping/shelf.ts'
import type { KnownNames } from '../versions/known-names.ts'

export interface ServingLeaseDeps {
  readonly shelf: Pick<Shelf, 'roots'>
  readonly known: KnownNames
  readonly leases: LeaseHolder
  readonly clock: Clock
}

const LEASE = 'serving'
const LEASE_MS = 30 * 86_400_000
/** Long before it ends. */
export const LEASE_STEP_MS = 86_400_000

export class ServingLease {
  readonly #deps: ServingLeaseDeps
  readonly #looks = new SerialQueue()
  #held: { readonly isServing: boolean, readonly atMs: number } | undefined

  constructor (deps: ServingLeaseDeps) { this.#deps = deps }

  /** After every change of what is served, and once a day. */
  async look (): Promise<void> {
    await this.#looks.run(async () => {
      const { leases, clock } = this.#deps
      const nowMs = clock.now()
      const isServing = await this.#isServing()
      if (this.#held?.isServing === isServing && (!isServing || nowMs - this.#held.atMs < LEASE_STEP_MS)) return
      if (isServing) await leases.hold(LEASE, { reason: 'ipfs-dedup-sync serves what was added or published', untilMs: nowMs + LEASE_MS })
      else await leases.release(LEASE)
      this.#held = { isServing, atMs: nowMs }
    })
  }

  async #isServing (): Promise<boolean> {
    if (this.#deps.known.all().some(({ known }) => known.served)) return true
    for await (const { served } of this.#deps.shelf.roots()) if (served) return true
    return false
  }
}

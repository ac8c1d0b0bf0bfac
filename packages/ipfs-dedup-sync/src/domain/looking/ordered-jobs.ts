import { JOB_BYTES_AHEAD, JOBS_AHEAD } from './looking-limits.ts'

interface Job { readonly run: () => Promise<void>, readonly weightBytes: number }

/** Work that goes on at once, whose results are used in order. Holds a bounded number of jobs and of bytes. */
export class OrderedJobs {
  readonly #jobs: Job[] = []
  #heldBytes = 0

  /** @param use what to do with the result when all before it is done */
  async add<T> (work: Promise<T>, weightBytes: number, use: (result: T) => Promise<void>): Promise<void> {
    work.catch(() => {}) // seen when its turn comes
    this.#jobs.push({ weightBytes, run: async () => { await use(await work) } })
    this.#heldBytes += weightBytes
    while (this.#jobs.length > JOBS_AHEAD || this.#heldBytes > JOB_BYTES_AHEAD) await this.#next()
  }

  /** At its turn: at once when nothing is under way. */
  async inTurn (use: () => Promise<void>): Promise<void> {
    if (this.#jobs.length === 0) await use()
    else await this.add(Promise.resolve(), 0, use)
  }

  async drain (): Promise<void> { while (this.#jobs.length > 0) await this.#next() }

  async #next (): Promise<void> {
    const job = this.#jobs.shift()!
    this.#heldBytes -= job.weightBytes
    await job.run()
  }
}

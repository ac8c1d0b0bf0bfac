/** Runs what it is given one after the other, in order. A failure is its caller's alone. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** @param work must not call `run` of the same queue and wait for it */
  async run<T> (work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return await mine
  }

  /** Resolves when everything given so far is done. */
  async idle (): Promise<void> { await this.#last }
}

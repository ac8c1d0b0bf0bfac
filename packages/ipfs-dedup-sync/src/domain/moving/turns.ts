/** Lets at most so many do something at once; the others wait, in order. */
export class Turns {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor (atOnce: number) { this.#free = atOnce }

  /** @throws the signal's reason when it aborts while waiting; what `work` throws */
  async run<T> (work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  async #turn (signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => {
      const at = this.#waiting.indexOf(resolve)
      if (at < 0) return // its turn has come
      this.#waiting.splice(at, 1)
      reject(signal.reason as Error)
    }
    this.#waiting.push(resolve)
    signal.addEventListener('abort', onAbort, { once: true })
    try { await promise } finally { signal.removeEventListener('abort', onAbort) }
  }
}

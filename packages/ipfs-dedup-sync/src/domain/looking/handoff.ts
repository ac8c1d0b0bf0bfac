/** A stream that is written at one end and read at the other. Up to `room` of weight waits in it; who writes more waits for the reader. */
export class Handoff<T> {
  readonly #room: number
  readonly #items: Array<{ readonly item: T, readonly weight: number }> = []
  #weight = 0
  #ended = false
  #failure: { readonly cause: unknown } | undefined
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  constructor (room: number) { this.#room = room }

  /** @throws what the reader failed with */
  async push (item: T, weight: number): Promise<void> {
    this.#throwFailure()
    this.#items.push({ item, weight })
    this.#weight += weight
    this.#wake('reader')
    while (this.#weight > this.#room) {
      await new Promise<void>(resolve => { this.#wakeWriter = resolve })
      this.#throwFailure()
    }
  }

  end (): void {
    this.#ended = true
    this.#wake('reader')
  }

  /** Nobody reads any more. */
  fail (cause: unknown): void {
    this.#failure ??= { cause }
    this.#wake('writer')
  }

  /** Once. */
  async * read (): AsyncGenerator<T> {
    for (;;) {
      const next = this.#items.shift()
      if (next !== undefined) {
        yield next.item
        this.#weight -= next.weight
        if (this.#weight <= this.#room) this.#wake('writer')
        continue
      }
      if (this.#ended) return
      await new Promise<void>(resolve => { this.#wakeReader = resolve })
    }
  }

  #wake (who: 'reader' | 'writer'): void {
    if (who === 'reader') {
      this.#wakeReader?.()
      this.#wakeReader = undefined
    } else {
      this.#wakeWriter?.()
      this.#wakeWriter = undefined
    }
  }

  #throwFailure (): void {
    if (this.#failure !== undefined) throw this.#failure.cause
  }
}

import { invalidRecipe } from './recipe-error.ts'
import type { Step } from './step.ts'

const REPEATED = new Set<Step['kind']>(['bytes', 'copy', 'deflate', 'gzip', 'bgzf', 'zlib'])

/** The steps of a recipe one by one, `repeat` carried out. */
export class StepCursor {
  readonly #batches: AsyncIterator<readonly Step[], undefined>
  #batch: readonly Step[] = []
  #next = 0
  #last: Step | undefined
  #again = 0

  constructor (batches: AsyncIterable<readonly Step[]>) { this.#batches = batches[Symbol.asyncIterator]() as AsyncIterator<readonly Step[], undefined> }

  /** The step that `take` would give; undefined at the end. */
  async peek (): Promise<Step | undefined> {
    for (;;) {
      if (this.#again > 0) return this.#last
      const step = this.#batch[this.#next]
      if (step === undefined) {
        const { value, done } = await this.#batches.next()
        if (done === true) return undefined
        this.#batch = value
        this.#next = 0
        continue
      }
      if (step.kind !== 'repeat') return step
      if (this.#last === undefined || !REPEATED.has(this.#last.kind)) throw invalidRecipe(`a step '${this.#last?.kind ?? 'repeat'}' is not to be repeated`)
      this.#again = step.count
      this.#next++
    }
  }

  /** Goes on behind the step that `peek` gave. */
  skip (): void {
    if (this.#again > 0) {
      if (--this.#again === 0) this.#last = undefined
      return
    }
    this.#last = this.#batch[this.#next++]
  }

  async close (): Promise<void> { await this.#batches.return?.() }
}

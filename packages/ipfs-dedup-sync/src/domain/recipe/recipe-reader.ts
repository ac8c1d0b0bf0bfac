import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { BYTES, readCborHead } from './cbor-head.ts'
import { invalidRecipe } from './recipe-error.ts'
import { decodeRecipeHead, type RecipeHead } from './recipe-head.ts'
import { MAX_RECIPE_HEAD_BYTES } from './recipe-limits.ts'
import { decodeStep } from './step-codec.ts'
import type { Step } from './step.ts'

/**
 * Reads a recipe as it comes: its head, then its steps, as many at a time as stood in a piece. Holds a piece and an item.
 * @throws AppError RECIPE_INVALID; what the source throws
 */
export class RecipeReader {
  readonly #pieces: AsyncIterator<Uint8Array, undefined>
  #held: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor (source: AsyncIterable<Uint8Array>) { this.#pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined> }

  /** Once, before the steps. */
  async head (): Promise<RecipeHead> {
    for (;;) {
      const item = readCborHead(this.#held, 0)
      if (item !== undefined && (item.major !== BYTES || item.value > MAX_RECIPE_HEAD_BYTES)) throw invalidRecipe(`it does not begin with a head of at most ${MAX_RECIPE_HEAD_BYTES} bytes`)
      if (item !== undefined && this.#held.length >= item.end + item.value) {
        this.#at = item.end + item.value
        return decodeRecipeHead(this.#held.subarray(item.end, this.#at))
      }
      if (!await this.#more()) throw invalidRecipe('it ends within its head')
    }
  }

  async * steps (): AsyncGenerator<Step[]> {
    for (;;) {
      const steps: Step[] = []
      for (let read = decodeStep(this.#held, this.#at); read !== undefined; read = decodeStep(this.#held, this.#at)) {
        this.#at = read.end
        steps.push(read.step)
      }
      if (steps.length > 0) yield steps
      if (await this.#more()) continue
      if (this.#at < this.#held.length) throw invalidRecipe('it ends within a step')
      return
    }
  }

  async close (): Promise<void> { await this.#pieces.return?.() }

  async #more (): Promise<boolean> {
    const { value, done } = await this.#pieces.next()
    if (done === true) return false
    this.#held = concatBytes(this.#held.subarray(this.#at), value)
    this.#at = 0
    return true
  }
}

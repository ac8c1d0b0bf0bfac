import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { invalidRecipe } from './recipe-error.ts'

/** Takes bytes off the front of a stream: what steps of a recipe do with its content. One caller at a time. */
export class ContentTaker {
  readonly #pieces: AsyncIterator<Uint8Array, undefined>
  #rest: Uint8Array = new Uint8Array(0)

  constructor (source: AsyncIterable<Uint8Array>) { this.#pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined> }

  /** Just so many bytes, as they come. @throws AppError RECIPE_INVALID when there are not so many */
  async * take (sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let left = sizeBytes; left > 0;) {
      if (this.#rest.length === 0 && !await this.#more()) throw invalidRecipe('it needs more content than there is')
      const part = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }

  async takeWhole (sizeBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for await (const part of this.take(sizeBytes)) parts.push(part)
    return parts.length === 1 ? parts[0]! : concatBytes(...parts)
  }

  /** @throws AppError RECIPE_INVALID when something is left */
  async requireEnd (what: string): Promise<void> {
    while (this.#rest.length === 0) if (!await this.#more()) return
    throw invalidRecipe(`${what} is left over`)
  }

  async close (): Promise<void> { await this.#pieces.return?.() }

  async #more (): Promise<boolean> {
    const { value, done } = await this.#pieces.next()
    if (done === true) return false
    this.#rest = value
    return true
  }
}

import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { BYTES, encodeCborHead, readCborHead } from './cbor-head.ts'
import { invalidRecipe } from './recipe-error.ts'

/** Of the corrections of one segment. */
export const MAX_SEGMENT_BYTES = 1024 * 1024

/** How a segment's corrections stand in the file `corrections`: docs/formats/recipe.md, "Corrections". */
export function encodeSegment (segment: Uint8Array): Uint8Array {
  if (segment.length > MAX_SEGMENT_BYTES) throw new RangeError(`corrections of ${segment.length} bytes for one segment`)
  return concatBytes(encodeCborHead(BYTES, segment.length), segment)
}

/** Takes segments off the front of the file `corrections`. One caller at a time. */
export class SegmentTaker {
  readonly #pieces: AsyncIterator<Uint8Array, undefined>
  #held: Uint8Array = new Uint8Array(0)
  #left = 0

  constructor (source: AsyncIterable<Uint8Array>) { this.#pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined> }

  /** @throws AppError RECIPE_INVALID when there are not so many */
  async * take (count: number): AsyncGenerator<Uint8Array> {
    this.#left = count
    while (this.#left > 0) {
      this.#left--
      yield await this.#next()
    }
  }

  /** What of the last `take` nobody asked for. */
  async skipRest (): Promise<void> {
    for (; this.#left > 0; this.#left--) await this.#next()
  }

  /** @throws AppError RECIPE_INVALID when something is left */
  async requireEnd (): Promise<void> {
    while (this.#held.length === 0) if (!await this.#more()) return
    throw invalidRecipe('some corrections are left over')
  }

  async close (): Promise<void> { await this.#pieces.return?.() }

  async #next (): Promise<Uint8Array> {
    for (;;) {
      const head = readCborHead(this.#held, 0)
      if (head !== undefined && (head.major !== BYTES || head.value > MAX_SEGMENT_BYTES)) throw invalidRecipe(`a segment's corrections are no bytes, or over ${MAX_SEGMENT_BYTES} of them`)
      if (head !== undefined && this.#held.length >= head.end + head.value) {
        const segment = this.#held.slice(head.end, head.end + head.value)
        this.#held = this.#held.subarray(head.end + head.value)
        return segment
      }
      if (!await this.#more()) throw invalidRecipe('it needs more corrections than there are')
    }
  }

  async #more (): Promise<boolean> {
    const { value, done } = await this.#pieces.next()
    if (done === true) return false
    this.#held = concatBytes(this.#held, value)
    return true
  }
}

import { littleEndian } from './little-endian.ts'
import { invalidRecipe } from './recipe-error.ts'
import { MAX_MARKS } from './recipe-limits.ts'
import type { StepOf } from './step.ts'

const NOTHING = new Uint8Array(0)

/** Places in an output that were marked, and what steps tell of them: docs/formats/recipe.md, "Marks". */
export class MarkBook {
  #places = new Float64Array(64)
  #count = 0
  #placed = -1
  #at = 0

  /** So much came out. */
  advance (sizeBytes: number): void { this.#at += sizeBytes }

  get count (): number { return this.#count }

  mark (): Uint8Array {
    if (this.#count === MAX_MARKS) throw invalidRecipe(`it has over ${MAX_MARKS} marks`)
    if (this.#count === this.#places.length) {
      const larger = new Float64Array(2 * this.#count)
      larger.set(this.#places)
      this.#places = larger
    }
    this.#places[this.#count++] = this.#at
    return NOTHING
  }

  place ({ ahead, width }: Omit<StepOf<'place'>, 'kind'>): Uint8Array {
    const index = this.#placed + 1 + ahead
    const bytes = told(this.#get(index) - this.#get(0), width)
    this.#placed = index
    return bytes
  }

  span ({ from, to, width }: Omit<StepOf<'span'>, 'kind'>): Uint8Array {
    return told(this.#get(this.#count - 1 - to) - this.#get(this.#count - 1 - from), width)
  }

  #get (index: number): number {
    if (index < 0 || index >= this.#count) throw invalidRecipe(`there is no mark ${index}`)
    return this.#places[index]!
  }
}

function told (value: number, width: number): Uint8Array {
  if (value < 0 || value >= 256 ** width) throw invalidRecipe(`${value} cannot be told in ${width} bytes`)
  return littleEndian(value, width)
}

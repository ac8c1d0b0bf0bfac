import { AppError } from '@ipkit/core/errors/app-error'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import type { ByteCursor } from './byte-cursor.ts'
import type { InflateStream } from './ingest.ts'
import { BOMB_RATIO, BOMB_TEXT_BYTES } from './looking-limits.ts'
import { StreamComparer } from './stream-comparer.ts'

/** A deflate stream that is read from a cursor. When its end was reached the cursor stands behind it. */
export class Inflating {
  readonly #cursor: ByteCursor
  readonly #text: AsyncIterator<Uint8Array, undefined>
  readonly #consumedBytes: () => number
  readonly #limit: number
  readonly #comparer = new StreamComparer()
  /** What the inflater got last: more than it needed, perhaps. */
  #lastPieces: Uint8Array[] = []
  #textBytes = 0
  #streamBytes: number | undefined

  /** @param limit the stream has no more bytes */
  constructor (inflate: InflateStream, cursor: ByteCursor, limit: number) {
    this.#cursor = cursor
    this.#limit = limit
    const { text, consumedBytes } = inflate(this.#feed())
    this.#text = text[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>
    this.#consumedBytes = consumedBytes
  }

  get comparer (): StreamComparer { return this.#comparer }
  get textBytes (): number { return this.#textBytes }
  /** Undefined until the end was reached. */
  get streamBytes (): number | undefined { return this.#streamBytes }

  /** @throws AppError DEFLATE_INVALID, DEFLATE_BOMB; what the cursor throws */
  async next (): Promise<Uint8Array | undefined> {
    if (this.#streamBytes !== undefined) return undefined
    const { value, done } = await this.#text.next()
    if (done === true) {
      this.#end()
      return undefined
    }
    this.#textBytes += value.length
    if (this.#textBytes > BOMB_TEXT_BYTES && this.#textBytes > BOMB_RATIO * this.#comparer.originalBytes) {
      throw new AppError('DEFLATE_BOMB', `${this.#comparer.originalBytes} bytes would become over ${this.#textBytes}`)
    }
    return value
  }

  /** Text, up to so much or little more. */
  async collect (atMost: number): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = []
    while (this.#textBytes <= atMost) {
      const piece = await this.next()
      if (piece === undefined) break
      pieces.push(piece)
    }
    return pieces
  }

  /** The stream's bytes that the inflater has got and that were not compared, at its end without what is behind it. */
  heldStream (): Uint8Array {
    const held = concatBytes(...this.#comparer.waiting)
    return this.#streamBytes === undefined ? held : held.subarray(0, held.length - (this.#comparer.originalBytes - this.#streamBytes))
  }

  async close (): Promise<void> { await this.#text.return?.() }

  async * #feed (): AsyncGenerator<Uint8Array> {
    for (let left = this.#limit; left > 0;) {
      const piece = await this.#cursor.next(left)
      if (piece === undefined) return
      left -= piece.length
      this.#comparer.original(piece)
      this.#lastPieces.push(piece)
      if (this.#lastPieces.length > 8) this.#forget()
      yield piece
    }
  }

  /** What the inflater is done with does not have to be given back. */
  #forget (): void {
    let surplus = this.#comparer.originalBytes - this.#consumedBytes()
    let from = this.#lastPieces.length
    while (from > 0 && surplus > 0) surplus -= this.#lastPieces[--from]!.length
    this.#lastPieces.splice(0, from)
  }

  #end (): void {
    this.#streamBytes = this.#consumedBytes()
    let surplus = this.#comparer.originalBytes - this.#streamBytes
    const back: Uint8Array[] = []
    while (surplus > 0) {
      const piece = this.#lastPieces.pop()!
      back.unshift(piece.subarray(Math.max(0, piece.length - surplus)))
      surplus -= back[0]!.length
    }
    this.#cursor.giveBack(back)
  }
}

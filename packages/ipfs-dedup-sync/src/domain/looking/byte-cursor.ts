import { concatBytes } from '@ipkit/core/streams/concat-bytes'

/** Bytes that can be read again from any place: a file, a part of one, or what a deflate stream in it stands for. */
export interface ByteSource {
  /** @param end not included; undefined: to the end */
  read(start: number, end?: number): AsyncIterable<Uint8Array>
}

/** A part of another source; without an end: up to its end. */
export function partOf (source: ByteSource, from: number, to?: number): ByteSource {
  return { read: (start, end) => source.read(from + start, end === undefined ? to : Math.min(from + end, to ?? Infinity)) }
}

/** Reads a source from front to back, looks ahead, and goes back where that is needed. One caller at a time. */
export class ByteCursor {
  readonly #source: ByteSource
  #pieces: AsyncIterator<Uint8Array, undefined> | undefined
  /** Read and not yet taken, in order. */
  #held: Uint8Array[] = []
  #at = 0
  #ended = false

  constructor (source: ByteSource) { this.#source = source }

  /** Where the next byte stands in the source. */
  get at (): number { return this.#at }

  /** @param atMost 1 or more @returns some bytes; undefined at the end */
  async next (atMost = Infinity): Promise<Uint8Array | undefined> {
    if (this.#held.length === 0 && !await this.#more()) return undefined
    const [first] = this.#held as [Uint8Array]
    if (first.length <= atMost) {
      this.#held.shift()
      this.#at += first.length
      return first
    }
    this.#held[0] = first.subarray(atMost)
    this.#at += atMost
    return first.subarray(0, atMost)
  }

  /** The next bytes, which stay; fewer only at the end. */
  async peek (sizeBytes: number): Promise<Uint8Array> {
    let there = this.#held.reduce((sum, piece) => sum + piece.length, 0)
    while (there < sizeBytes && await this.#more()) there += this.#held.at(-1)!.length
    if ((this.#held[0]?.length ?? 0) < sizeBytes && this.#held.length > 1) this.#held = [concatBytes(...this.#held)]
    return (this.#held[0] ?? new Uint8Array(0)).subarray(0, sizeBytes)
  }

  /** Fewer only at the end. */
  async take (sizeBytes: number): Promise<Uint8Array> {
    const bytes = await this.peek(sizeBytes)
    if (bytes.length > 0) await this.next(bytes.length)
    return bytes
  }

  /** The bytes before `at`, the last ones that were taken, come again. */
  giveBack (pieces: readonly Uint8Array[]): void {
    this.#held.unshift(...pieces.filter(piece => piece.length > 0))
    for (const piece of pieces) this.#at -= piece.length
  }

  async seek (at: number): Promise<void> {
    if (at === this.#at) return
    await this.close()
    this.#held = []
    this.#ended = false
    this.#pieces = undefined
    this.#at = at
  }

  async close (): Promise<void> { await this.#pieces?.return?.() }

  async #more (): Promise<boolean> {
    if (this.#ended) return false
    this.#pieces ??= this.#source.read(this.#at)[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>
    for (;;) {
      const { value, done } = await this.#pieces.next()
      if (done === true) {
        this.#ended = true
        return false
      }
      if (value.length === 0) continue
      this.#held.push(value)
      return true
    }
  }
}

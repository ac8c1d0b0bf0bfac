/** Compares two streams that come in pieces of any sizes, each when it does. Holds what of one the other has not got to. */
export class StreamComparer {
  readonly #original: Uint8Array[] = []
  readonly #made: Uint8Array[] = []
  #originalBytes = 0
  #madeBytes = 0
  #differs = false
  #stopped = false

  get originalBytes (): number { return this.#originalBytes }
  get madeBytes (): number { return this.#madeBytes }
  /** Of the original, what was not compared yet. */
  get waiting (): readonly Uint8Array[] { return this.#original }

  original (piece: Uint8Array): void {
    this.#originalBytes += piece.length
    if (this.#stopped) return
    this.#original.push(piece)
    this.#compare()
  }

  /** @returns false as soon as something differs */
  made (piece: Uint8Array): boolean {
    this.#madeBytes += piece.length
    this.#made.push(piece)
    this.#compare()
    return !this.#differs
  }

  /** Nothing will be made of it: the original is only counted from here on. */
  stop (): void {
    this.#stopped = true
    this.#original.length = 0
  }

  /** @param sizeBytes of the original: it may have been handed over with more behind it */
  isEqual (sizeBytes: number): boolean {
    return !this.#differs && this.#madeBytes === sizeBytes && this.#made.length === 0
  }

  #compare (): void {
    while (this.#original.length > 0 && this.#made.length > 0) {
      const [a] = this.#original as [Uint8Array]
      const [b] = this.#made as [Uint8Array]
      const size = Math.min(a.length, b.length)
      for (let i = 0; i < size; i++) if (a[i] !== b[i]) this.#differs = true
      take(this.#original, size)
      take(this.#made, size)
    }
  }
}

function take (pieces: Uint8Array[], size: number): void {
  const [first] = pieces as [Uint8Array]
  if (first.length === size) pieces.shift()
  else pieces[0] = first.subarray(size)
}

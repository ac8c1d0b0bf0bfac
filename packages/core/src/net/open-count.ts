/** How many are open, in all and of each key. Keys that have nothing open take no memory. */
export class OpenCount {
  readonly #byKey = new Map<string, number>()
  #all = 0

  get all (): number { return this.#all }

  of (key: string): number { return this.#byKey.get(key) ?? 0 }

  add (key: string): void {
    this.#all++
    this.#byKey.set(key, this.of(key) + 1)
  }

  /** @param key that was added */
  remove (key: string): void {
    this.#all--
    const left = this.of(key) - 1
    if (left > 0) this.#byKey.set(key, left)
    else this.#byKey.delete(key)
  }
}

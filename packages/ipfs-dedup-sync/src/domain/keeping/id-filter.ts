/** Characters of a CID that are read for a place in the filter; they are as good as random. */
const FIRST_AT = 10
const BITS_PER_ID = 12
const PLACES = 6
const FIRST_CAPACITY = 1 << 15

/** Which ids were probably added (of those that were not, about one in a hundred too), in 12 to 36 bits for each: grows as it fills, and forgets nothing. */
export class IdFilter {
  readonly #layers: Array<{ readonly bits: Uint32Array, readonly capacity: number }> = []
  /** Of the last layer. */
  #added = 0

  get sizeBytes (): number { return this.#layers.reduce((sum, { bits }) => sum + bits.byteLength, 0) }

  add (cid: string): void {
    if (this.has(cid)) return
    let last = this.#layers.at(-1)
    if (last === undefined || this.#added === last.capacity) {
      const capacity = last === undefined ? FIRST_CAPACITY : 2 * last.capacity
      last = { bits: new Uint32Array(capacity * BITS_PER_ID / 32), capacity }
      this.#layers.push(last)
      this.#added = 0
    }
    this.#added++
    const { bits } = last
    const step = hashAt(cid, FIRST_AT + 12) | 1
    for (let i = 0, place = hashAt(cid, FIRST_AT); i < PLACES; i++, place = place + step >>> 0) {
      const bit = place % (bits.length * 32)
      bits[bit >>> 5]! |= 1 << (bit & 31)
    }
  }

  has (cid: string): boolean {
    if (this.#layers.length === 0) return false
    const first = hashAt(cid, FIRST_AT)
    const step = hashAt(cid, FIRST_AT + 12) | 1
    return this.#layers.some(({ bits }) => {
      for (let i = 0, place = first; i < PLACES; i++, place = place + step >>> 0) {
        const bit = place % (bits.length * 32)
        if ((bits[bit >>> 5]! & 1 << (bit & 31)) === 0) return false
      }
      return true
    })
  }
}

/** 32 bits of twelve characters. */
function hashAt (cid: string, at: number): number {
  let hash = 0x811c9dc5
  for (let i = at; i < at + 12; i++) hash = Math.imul(hash ^ cid.charCodeAt(i), 0x01000193)
  return (hash ^ hash >>> 15) >>> 0
}

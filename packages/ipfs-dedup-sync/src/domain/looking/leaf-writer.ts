import type { Cutter } from '../chunking/cutter.ts'
import type { TreeBuilder } from '../tree/tree-builder.ts'
import { leafLink, type Sha256 } from '../tree/tree-node.ts'
import type { LeafStore } from './leaf-store.ts'

export interface LeafPlace { readonly waiting: Uint8Array, readonly leaves: number, readonly sizeBytes: number }

const DIGEST_BYTES = 32

/** Writes recipes and corrections: cuts in this thread, and holds 36 bytes a leaf, so that what comes first can be written last and it can go back. One call at a time. */
export class LeafWriter {
  readonly #newCutter: () => Cutter
  #made: Cutter | undefined
  readonly #sha256: Sha256
  readonly #leaves: LeafStore
  #start = 0
  #end = 0
  #digests = new Uint8Array(64 * DIGEST_BYTES)
  #sizes: number[] = []
  #sizeBytes = 0

  /** @param newCutter asked once, when there is something to be cut */
  constructor (newCutter: () => Cutter, leaves: LeafStore, sha256: Sha256) {
    this.#newCutter = newCutter
    this.#leaves = leaves
    this.#sha256 = sha256
  }

  get #cutter (): Cutter {
    this.#made ??= this.#newCutter()
    return this.#made
  }

  get sizeBytes (): number { return this.#sizeBytes }

  async write (bytes: Uint8Array): Promise<void> {
    const { room, maxBytes } = this.#cutter
    this.#sizeBytes += bytes.length
    for (let taken = 0; taken < bytes.length;) {
      if (this.#end === room.length) {
        room.copyWithin(0, this.#start, this.#end)
        this.#end -= this.#start
        this.#start = 0
      }
      const part = bytes.subarray(taken, taken + room.length - this.#end)
      room.set(part, this.#end)
      this.#end += part.length
      taken += part.length
      while (this.#end - this.#start >= maxBytes) await this.#take()
    }
  }

  /** A forced cut. */
  async cut (): Promise<void> {
    while (this.#start < this.#end) await this.#take()
  }

  mark (): LeafPlace {
    return { waiting: this.#made === undefined ? new Uint8Array(0) : this.#cutter.room.slice(this.#start, this.#end), leaves: this.#sizes.length, sizeBytes: this.#sizeBytes }
  }

  goBack ({ waiting, leaves, sizeBytes }: LeafPlace): void {
    if (waiting.length > 0) this.#cutter.room.set(waiting)
    this.#start = 0
    this.#end = waiting.length
    this.#sizes.length = leaves
    this.#sizeBytes = sizeBytes
  }

  /** Hands its leaves to a tree, in order, after a cut. */
  async addTo (tree: TreeBuilder): Promise<void> {
    await this.cut()
    for (const [i, size] of this.#sizes.entries()) await tree.add(leafLink(this.#digests.slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES), size))
  }

  async #take (): Promise<void> {
    const size = this.#cutter.cut(this.#start, this.#end)
    const bytes = this.#cutter.room.slice(this.#start, this.#start + size)
    this.#start += size
    const digest = this.#sha256(bytes)
    await this.#leaves.put(bytes, digest)
    const index = this.#sizes.length
    if ((index + 1) * DIGEST_BYTES > this.#digests.length) {
      const larger = new Uint8Array(2 * this.#digests.length)
      larger.set(this.#digests)
      this.#digests = larger
    }
    this.#digests.set(digest, index * DIGEST_BYTES)
    this.#sizes.push(size)
  }
}

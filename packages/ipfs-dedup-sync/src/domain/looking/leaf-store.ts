import type { ShelfSession } from '../keeping/shelf.ts'
import { leafLink, type TreeLink } from '../tree/tree-node.ts'

/** Of new leaves, so many bytes are worth the time to make them small: all of a new version's, and not all of what comes first. */
const COMPRESSED_BYTES = 16 * 1024 * 1024

/** Puts leaves on the shelf and counts those that were there already. */
export class LeafStore {
  readonly #session: ShelfSession
  #reusedBytes = 0
  #newBytes = 0

  constructor (session: ShelfSession) { this.#session = session }

  get reusedBytes (): number { return this.#reusedBytes }

  /** @param digest SHA-256 of the bytes */
  async put (bytes: Uint8Array, digest: Uint8Array): Promise<TreeLink> {
    const leaf = leafLink(digest, bytes.length)
    const isNew = await this.#session.put(leaf.cid.toString(), bytes, { compress: this.#newBytes < COMPRESSED_BYTES, checked: true })
    if (isNew) this.#newBytes += bytes.length
    else this.#reusedBytes += bytes.length
    return leaf
  }
}

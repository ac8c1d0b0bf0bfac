import type { ShelfSession } from '../keeping/shelf.ts'
import { leafLink, type TreeLink } from '../tree/tree-node.ts'

/** Puts leaves on the shelf and counts those that were there already. */
export class LeafStore {
  readonly #session: ShelfSession
  #reusedBytes = 0

  constructor (session: ShelfSession) { this.#session = session }

  get reusedBytes (): number { return this.#reusedBytes }

  async put (bytes: Uint8Array, digest: Uint8Array): Promise<TreeLink> {
    const leaf = leafLink(digest, bytes.length)
    if (!await this.#session.put(leaf.cid.toString(), bytes)) this.#reusedBytes += bytes.length
    return leaf
  }
}

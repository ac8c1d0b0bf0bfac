import type { Collected } from './collect-loose.ts'
import { collectLoose } from './collect-loose.ts'
import { requireBlockId } from '../domain/keeping/block-id.ts'
import type { KeptRoot, RootFacts, Shelf, ShelfSession, ShelfStat, Verified } from '../domain/keeping/shelf.ts'
import type { KeptRoots } from './kept-roots.ts'
import { PackSession, type PackSessionDeps } from './pack-session.ts'
import type { ShelfParts } from './shelf-parts.ts'
import { verifyBlocks } from './verify-blocks.ts'

/** Blocks in packs, their index in the node's datastore: docs/formats/dedup-store.md. `openPackShelf` makes it. */
export class PackShelf implements Shelf, AsyncDisposable {
  readonly #parts: ShelfParts
  readonly #roots: KeptRoots
  readonly #sessionDeps: PackSessionDeps
  readonly #close: () => Promise<void>

  constructor (deps: PackSessionDeps, close: () => Promise<void>) {
    this.#parts = deps.parts
    this.#roots = deps.roots
    this.#sessionDeps = deps
    this.#close = close
  }

  async get (cid: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
    requireBlockId(cid)
    signal?.throwIfAborted()
    return await this.#parts.get(cid)
  }

  async has (cids: readonly string[]): Promise<boolean[]> {
    cids.forEach(requireBlockId)
    return await this.#parts.whenSettled(cids, view => cids.map(cid => {
      const isHere = view.get(cid)?.whole === true
      if (isHere) this.#parts.rely(cid)
      return isHere
    }))
  }

  async begin (): Promise<ShelfSession> { return await this.#parts.beginSession(() => new PackSession(this.#sessionDeps)) }

  roots (): AsyncIterable<KeptRoot> { return this.#roots.list() }
  async root (root: string): Promise<KeptRoot | undefined> { return await this.#roots.get(root) }
  async note (root: string, change: (facts: RootFacts) => RootFacts): Promise<void> { await this.#roots.note(root, change) }
  async drop (root: string): Promise<boolean> { return await this.#roots.drop(root) }

  async gc (options: Parameters<Shelf['gc']>[0]): Promise<Collected> {
    return await this.#parts.chores.run(async () => await collectLoose(this.#parts, options))
  }

  async verify (root: string | undefined, options: Parameters<Shelf['verify']>[1]): Promise<Verified> {
    return await this.#parts.chores.run(async () => await verifyBlocks(this.#parts, root, options))
  }

  async stat (): Promise<ShelfStat> {
    let roots = 0
    for await (const _ of this.#roots.list()) roots++
    const { state: { blocks, blockBytes, looseBytes }, packs } = this.#parts.index
    return { roots, blocks, blockBytes, looseBytes, diskBytes: [...packs.values()].reduce((sum, { endBytes }) => sum + endBytes, 0) }
  }

  async [Symbol.asyncDispose] (): Promise<void> { await this.#close() }
}

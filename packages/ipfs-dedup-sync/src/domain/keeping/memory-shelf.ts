import * as dagPb from '@ipld/dag-pb'
import { AppError } from '@ipkit/core/errors/app-error'
import { CID } from 'multiformats/cid'
import type { KeptRoot, RootFacts, Shelf, ShelfSession } from './shelf.ts'

/** A shelf in memory, for tests of what stands above it. Trusts its caller with CIDs. */
export class MemoryShelf implements Shelf {
  readonly blocks = new Map<string, Uint8Array>()
  readonly #parked = new Map<string, Uint8Array>()
  readonly #roots = new Map<string, KeptRoot>()
  readonly #nowMs: () => number

  constructor (nowMs: () => number = () => 0) { this.#nowMs = nowMs }

  async get (cid: string): Promise<Uint8Array> {
    const bytes = this.blocks.get(cid)
    if (bytes === undefined) throw new AppError('BLOCK_NOT_FOUND', `block ${cid} is not here`, { exit: 'notFound' })
    return bytes
  }

  async has (cids: readonly string[]): Promise<boolean[]> { return cids.map(cid => this.blocks.has(cid)) }

  async begin (): Promise<ShelfSession> {
    let newBytes = 0
    let newBlocks = 0
    const requireAll = (cids: readonly string[]): void => {
      const missing = cids.find(cid => !this.blocks.has(cid))
      if (missing !== undefined) throw new AppError('CHILD_MISSING', `block ${missing} is not here`)
    }
    return {
      get: async cid => await this.get(cid),
      put: async (cid, bytes) => {
        if (this.blocks.has(cid)) return false
        requireAll(childrenOf(cid, bytes))
        this.blocks.set(cid, bytes)
        this.#parked.delete(cid)
        newBytes += bytes.length
        newBlocks++
        return true
      },
      park: async (cid, bytes) => { this.#parked.set(cid, bytes) },
      parked: async cid => this.#parked.get(cid),
      flush: async () => {},
      keep: async (root, facts) => {
        requireAll([root])
        this.#roots.set(root, { ...facts, root, atMs: this.#nowMs() })
      },
      get newBytes () { return newBytes },
      get newBlocks () { return newBlocks },
      async [Symbol.asyncDispose] () {},
    }
  }

  async * roots (): AsyncGenerator<KeptRoot> { yield * this.#roots.values() }
  async root (root: string): Promise<KeptRoot | undefined> { return this.#roots.get(root) }

  async note (root: string, change: (facts: RootFacts) => RootFacts): Promise<void> {
    const kept = this.#roots.get(root)
    if (kept === undefined) throw new AppError('ROOT_UNKNOWN', `${root} is not kept here`, { exit: 'notFound' })
    this.#roots.set(root, { ...change(kept), root, atMs: kept.atMs })
  }

  async drop (root: string): Promise<boolean> { return this.#roots.delete(root) }

  async gc (): Promise<{ freedBytes: number, freedBlocks: number }> {
    const living = new Set<string>()
    const visit = (cid: string): void => {
      if (living.has(cid)) return
      living.add(cid)
      childrenOf(cid, this.blocks.get(cid)!).forEach(visit)
    }
    for (const root of this.#roots.keys()) visit(root)
    let freedBytes = 0
    let freedBlocks = 0
    for (const [cid, bytes] of this.blocks) {
      if (living.has(cid)) continue
      this.blocks.delete(cid)
      freedBytes += bytes.length
      freedBlocks++
    }
    return { freedBytes, freedBlocks }
  }

  async stat (): Promise<{ roots: number, blocks: number, blockBytes: number, diskBytes: number, looseBytes: number }> {
    const blockBytes = [...this.blocks.values()].reduce((sum, bytes) => sum + bytes.length, 0)
    return { roots: this.#roots.size, blocks: this.blocks.size, blockBytes, diskBytes: blockBytes, looseBytes: 0 }
  }
}

/** The blocks that a block names; none for a raw one. */
export function childrenOf (cid: string, bytes: Uint8Array): string[] {
  return CID.parse(cid).code === dagPb.code ? dagPb.decode(bytes).Links.map(link => link.Hash.toString()) : []
}

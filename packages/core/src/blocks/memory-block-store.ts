import { AppError } from '../errors/app-error.ts'
import type { BlockStore } from './block-store.ts'
import { checkBlock, parseCid } from './check-block.ts'

/** Keeps blocks in memory and knows no peers. */
export function memoryBlockStore (): BlockStore & { readonly size: number } {
  const blocks = new Map<string, Uint8Array>()
  return {
    get size () { return blocks.size },
    async get (cid) {
      parseCid(cid)
      const bytes = blocks.get(cid)
      if (bytes === undefined) throw new AppError('BLOCK_NOT_FOUND', 'nobody has the block', { exit: 'notFound' })
      return Uint8Array.from(bytes)
    },
    async put (cid, bytes) {
      checkBlock(parseCid(cid), bytes)
      blocks.set(cid, Uint8Array.from(bytes))
    },
    async has (cid) { parseCid(cid); return blocks.has(cid) },
    async delete (cid) { parseCid(cid); blocks.delete(cid) },
    async [Symbol.asyncDispose] () {},
  }
}

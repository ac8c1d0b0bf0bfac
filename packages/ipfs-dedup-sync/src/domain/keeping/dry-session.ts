import type { Shelf, ShelfSession } from './shelf.ts'

/** As many CIDs are remembered; what comes twice after them counts twice. */
const MAX_SEEN = 500_000

/** Of nodes that would be stored: who builds a tree looks at some of them again. */
const MAX_NODES = 20_000

/** Counts what would be new, and stores nothing but, in memory, nodes. */
export function drySession (shelf: Pick<Shelf, 'get' | 'has'>): ShelfSession {
  const seen = new Set<string>()
  const nodes = new Map<string, Uint8Array>()
  let newBytes = 0
  let newBlocks = 0
  const count = async (cid: string, sizeBytes: number): Promise<boolean> => {
    if (seen.has(cid) || (await shelf.has([cid]))[0] === true) return false
    if (seen.size < MAX_SEEN) seen.add(cid)
    newBytes += sizeBytes
    newBlocks++
    return true
  }
  return {
    get: async (cid, options) => nodes.get(cid) ?? await shelf.get(cid, options),
    async put (cid, bytes) {
      const isNew = await count(cid, bytes.length)
      if (isNew && nodes.size < MAX_NODES && !cid.startsWith('bafkrei')) nodes.set(cid, bytes)
      return isNew
    },
    openFile: async () => 0,
    point: async (cid, { sizeBytes }) => await count(cid, sizeBytes),
    async park () {},
    async parked () { return undefined },
    async flush () {},
    async keep () {},
    get newBytes () { return newBytes },
    get newBlocks () { return newBlocks },
    async [Symbol.asyncDispose] () {},
  }
}

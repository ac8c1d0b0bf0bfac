import type { Shelf, ShelfSession } from './shelf.ts'

/** As many CIDs are remembered; what comes twice after them counts twice. */
const MAX_SEEN = 500_000

/** Counts what would be new, and stores nothing. */
export function drySession (shelf: Pick<Shelf, 'get' | 'has'>): ShelfSession {
  const seen = new Set<string>()
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
    get: async (cid, options) => await shelf.get(cid, options),
    put: async (cid, bytes) => await count(cid, bytes.length),
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

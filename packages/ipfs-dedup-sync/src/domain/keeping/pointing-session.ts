import type { PointedFile, ShelfSession } from './shelf.ts'

const isLeaf = (cid: string): boolean => cid.startsWith('bafkrei')

/** Leaves that are put come from a file of the user's, in order and without a gap, and stay there; nodes are stored. */
export async function pointingSession (session: ShelfSession, file: PointedFile): Promise<ShelfSession> {
  const number = await session.openFile(file)
  let offset = 0
  return {
    get: async (cid, options) => await session.get(cid, options),
    async put (cid, bytes, options) {
      if (!isLeaf(cid) || bytes.length === 0) return await session.put(cid, bytes, options)
      const at = { file: number, offset, sizeBytes: bytes.length }
      offset += bytes.length
      return await session.point(cid, at)
    },
    openFile: async other => await session.openFile(other),
    point: async (cid, at) => await session.point(cid, at),
    park: async (cid, bytes) => { await session.park(cid, bytes) },
    parked: async cid => await session.parked(cid),
    flush: async () => { await session.flush() },
    keep: async (root, facts) => { await session.keep(root, facts) },
    get newBytes () { return session.newBytes },
    get newBlocks () { return session.newBlocks },
    async [Symbol.asyncDispose] () { await session[Symbol.asyncDispose]() },
  }
}

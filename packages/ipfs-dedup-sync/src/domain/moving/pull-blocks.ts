import { AppError } from '@ipkit/core/errors/app-error'
import { CID } from 'multiformats/cid'
import type { Shelf, ShelfSession } from '../keeping/shelf.ts'
import { decodeDirectory } from '../tree/root-directory.ts'
import { MAX_LEAF_BYTES, MAX_LEVELS } from '../tree/tree-limits.ts'
import { checkCid, decodeNode, invalid, isLeaf, type Sha256 } from '../tree/tree-node.ts'

/** Blocks by their CIDs, from whoever has them. */
export interface BlockFetcher {
  /** @throws AppError BLOCK_NOT_FOUND, and what a peer that cannot be asked gives */
  get(cid: string, signal: AbortSignal): Promise<Uint8Array>
}

export interface PullBlocksDeps {
  readonly shelf: Shelf
  readonly session: ShelfSession
  readonly fetcher: BlockFetcher
  readonly sha256: Sha256
  readonly signal: AbortSignal
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** Blocks that come since the last flush. */
const FLUSH_BLOCKS = 1024

/**
 * Brings a root and all below it to the shelf from nodes that do not speak our protocol: depth first, one block at a time, each checked. Holds the nodes of one path. What is on the
 * shelf is not looked into, what was parked is not fetched again.
 * @returns bytes of the blocks that were fetched, and how many
 * @throws AppError TREE_INVALID, PEER_LIED; what the fetcher and the shelf throw
 */
export async function pullBlocks ({ shelf, session, fetcher, sha256, signal, onProgress }: PullBlocksDeps, root: string): Promise<{ readonly fetchedBytes: number, readonly fetchedBlocks: number }> {
  let fetchedBytes = 0
  let fetchedBlocks = 0
  let totalBytes = 0
  const fetch = async (cid: CID): Promise<Uint8Array> => {
    const key = cid.toString()
    const parked = await session.parked(key)
    if (parked !== undefined) return parked
    const bytes = await fetcher.get(key, signal)
    if (bytes.length > MAX_LEAF_BYTES) throw invalid(root, `block ${key} has ${bytes.length} bytes, and the limit is ${MAX_LEAF_BYTES}`)
    const digest = sha256(bytes)
    if (digest.some((byte, i) => byte !== cid.multihash.digest[i])) throw new AppError('PEER_LIED', `a peer gave other bytes than those of block ${key}`, { exit: 'refused', hints: ['fetch from other peers: --from'] })
    fetchedBytes += bytes.length
    if (++fetchedBlocks % FLUSH_BLOCKS === 0) await session.flush()
    onProgress(fetchedBytes, totalBytes)
    return bytes
  }
  const bring = async (cid: CID, sizeBytes: number | undefined, depth: number): Promise<void> => {
    signal.throwIfAborted()
    checkCid(cid, root)
    const key = cid.toString()
    if ((await shelf.has([key]))[0] === true) return
    if (depth > MAX_LEVELS + 1) throw invalid(root, `it has more than ${MAX_LEVELS} levels`)
    const bytes = await fetch(cid)
    if (isLeaf(cid)) {
      if (sizeBytes !== undefined && bytes.length !== sizeBytes) throw invalid(root, `leaf ${key} has ${bytes.length} bytes, and the node above says ${sizeBytes}`)
    } else {
      await session.park(key, bytes)
      const below = childrenIn(bytes, key, root, depth)
      const sum = below.reduce((total, child) => total + (child.sizeBytes ?? 0), 0)
      if (sizeBytes !== undefined && sum !== sizeBytes) throw invalid(root, `node ${key} has ${sum} bytes, and the node above says ${sizeBytes}`)
      totalBytes = Math.max(totalBytes, sum)
      const here = await shelf.has(below.map(child => child.cid.toString()))
      for (const [i, child] of below.entries()) if (here[i] !== true) await bring(child.cid, child.sizeBytes, depth + 1)
    }
    await session.put(key, bytes)
  }
  await bring(CID.parse(root), undefined, 0)
  return { fetchedBytes, fetchedBlocks }
}

interface Below { readonly cid: CID, readonly sizeBytes: number | undefined }

function childrenIn (bytes: Uint8Array, key: string, root: string, depth: number): Below[] {
  const entries = depth === 0 ? decodeDirectory(bytes, root) : undefined
  if (entries !== undefined) return entries.map(({ cid }) => ({ cid, sizeBytes: undefined }))
  return decodeNode(bytes, key === root ? root : `node ${key} of ${root}`)
}

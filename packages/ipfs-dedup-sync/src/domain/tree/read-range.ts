import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { leavesInRange } from './leaves-in-range.ts'
import type { Tree, TreeReaderDeps } from './open-tree.ts'
import { invalid } from './tree-node.ts'

/** Leaves that are asked for ahead; with the largest of them 32 MiB. */
const LEAVES_AHEAD = 16

/**
 * Bytes of the file.
 * @param range as of `leavesInRange`
 * @throws AppError TREE_INVALID; what the store throws
 */
export async function * readRange (deps: TreeReaderDeps, tree: Tree, range?: { readonly start: number, readonly end: number }): AsyncGenerator<Uint8Array> {
  const leaves = leavesInRange(deps, tree, range)
  let signal: AbortSignal | undefined // one for all leaves: each costs as much as a small leaf
  yield * mapConcurrent(leaves, LEAVES_AHEAD, async ({ leaf, offset }, stop) => {
    const cid = leaf.cid.toString()
    signal ??= deps.signal === undefined ? stop : AbortSignal.any([deps.signal, stop])
    const bytes = await deps.blocks.get(cid, { signal })
    if (bytes.length !== leaf.sizeBytes) throw invalid(tree.root.cid.toString(), `leaf ${cid} has ${bytes.length} bytes, and the node above says ${leaf.sizeBytes}`)
    return range === undefined ? bytes : bytes.subarray(Math.max(0, range.start - offset), range.end - offset)
  })
}

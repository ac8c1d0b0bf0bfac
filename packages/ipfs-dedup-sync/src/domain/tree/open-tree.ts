import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { CID } from 'multiformats/cid'
import { MAX_LEAF_BYTES, MAX_LEVELS } from './tree-limits.ts'
import { checkCid, decodeNode, invalid, isLeaf, type TreeLink } from './tree-node.ts'

export interface TreeReaderDeps {
  /** Gives only blocks that fit their CID. */
  readonly blocks: Pick<BlockStore, 'get'>
  readonly signal?: AbortSignal
}

/** A root that was looked at. */
export interface Tree {
  readonly root: TreeLink
  /** Levels of nodes above the leaves; 0 for a tree that is one leaf. */
  readonly height: number
}

/**
 * Reads the root and the first node of each level.
 * @throws AppError TREE_INVALID, CID_INVALID; what the store throws
 */
export async function openTree (deps: TreeReaderDeps, root: string): Promise<Tree> {
  const cid = CID.parse(root)
  checkCid(cid, root)
  const block = await deps.blocks.get(root, options(deps))
  if (isLeaf(cid)) {
    if (block.length > MAX_LEAF_BYTES) throw invalid(root, `it is a leaf of ${block.length} bytes, and the limit is ${MAX_LEAF_BYTES}`)
    return { root: { cid, sizeBytes: block.length, blockBytes: block.length }, height: 0 }
  }
  let children = decodeNode(block, root)
  const link = { cid, sizeBytes: sum(children, 'sizeBytes'), blockBytes: block.length + sum(children, 'blockBytes') }
  let height = 1
  for (let [first] = children; first !== undefined && !isLeaf(first.cid); [first] = children) {
    if (++height > MAX_LEVELS) throw invalid(root, `it has more than ${MAX_LEVELS} levels`)
    children = await readNode(deps, first, root)
  }
  return { root: link, height }
}

/**
 * The children of a node that another one names.
 * @param height above the leaves that its children must have; not given: not checked
 * @throws AppError TREE_INVALID; what the store throws
 */
export async function readNode (deps: TreeReaderDeps, node: TreeLink, root: string, height?: number): Promise<TreeLink[]> {
  const cid = node.cid.toString()
  const block = await deps.blocks.get(cid, options(deps))
  const what = cid === root ? root : `node ${cid} of ${root}`
  const children = decodeNode(block, what)
  if (sum(children, 'sizeBytes') !== node.sizeBytes) throw invalid(what, `it has ${sum(children, 'sizeBytes')} bytes, and the node above says ${node.sizeBytes}`)
  if (block.length + sum(children, 'blockBytes') !== node.blockBytes) throw invalid(what, `its blocks have ${block.length + sum(children, 'blockBytes')} bytes, and the node above says ${node.blockBytes}`)
  for (const child of children) {
    if (height !== undefined && isLeaf(child.cid) !== (height === 0)) throw invalid(what, 'its leaves are not all on one level')
  }
  return children
}

function options ({ signal }: TreeReaderDeps): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

function sum (children: readonly TreeLink[], of: 'sizeBytes' | 'blockBytes'): number {
  return children.reduce((total, child) => total + child[of], 0)
}

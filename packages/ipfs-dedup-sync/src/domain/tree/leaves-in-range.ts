import { readNode, type Tree, type TreeReaderDeps } from './open-tree.ts'
import type { TreeLink } from './tree-node.ts'

/** A leaf and where its bytes stand in the file. */
export interface PlacedLeaf { readonly leaf: TreeLink, readonly offset: number }

/**
 * The leaves that hold bytes of a range, in order. Reads only nodes that do, one of each level at a time.
 * @param range bytes, the end not included; none: the whole file, empty leaves too
 * @throws AppError TREE_INVALID; what the store throws
 */
export async function * leavesInRange (deps: TreeReaderDeps, tree: Tree, range?: { readonly start: number, readonly end: number }): AsyncGenerator<PlacedLeaf> {
  const root = tree.root.cid.toString()
  const holds = (offset: number, { sizeBytes }: TreeLink): boolean => range === undefined || (offset < range.end && offset + sizeBytes > range.start)
  async function * walk (link: TreeLink, height: number, offset: number): AsyncGenerator<PlacedLeaf> {
    if (!holds(offset, link)) return
    if (height === 0) { yield { leaf: link, offset }; return }
    let at = offset
    for (const child of await readNode(deps, link, root, height - 1)) {
      if (range !== undefined && at >= range.end) return
      if (holds(at, child)) yield * walk(child, height - 1, at)
      at += child.sizeBytes
    }
  }
  yield * walk(tree.root, tree.height, 0)
}

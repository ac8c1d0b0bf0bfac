import { AppError } from '@ipkit/core/errors/app-error'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { readNode, type Tree, type TreeReaderDeps } from './open-tree.ts'
import type { TreeLink } from './tree-node.ts'

/** A block that one tree has. */
export interface TreeDifference {
  readonly side: 'a' | 'b'
  readonly link: TreeLink
  /** Above the leaves; 0 for a leaf. */
  readonly height: number
}

export interface DiffOptions {
  /** How many different blocks of one level are compared at most: what bounds the memory, at about half a kilobyte each. */
  readonly maxDifferent?: number
}

const MAX_DIFFERENT = 100_000
const NODES_AHEAD = 16

type Front = Map<string, TreeLink>

/**
 * What is in one tree and not in the other: nodes first, from the top, then leaves, each block once. Reads only nodes that differ: what both have on the same level is shared, with all that is below.
 * A block that differs from its neighbourhood is told even where the other tree has it too, but only inside of something shared: who wants it asks the store as well.
 * @throws AppError TREES_TOO_DIFFERENT when a level has more of them than `maxDifferent`, TREE_INVALID; what the store throws
 */
export async function * diffTrees (deps: TreeReaderDeps, a: Tree, b: Tree, { maxDifferent = MAX_DIFFERENT }: DiffOptions = {}): AsyncGenerator<TreeDifference> {
  const sides = [{ side: 'a', tree: a, front: new Map() as Front }, { side: 'b', tree: b, front: new Map() as Front }] as const
  for (let height = Math.max(a.height, b.height); height >= 0; height--) {
    for (const { tree, front } of sides) if (tree.height === height) front.set(tree.root.cid.toString(), tree.root)
    const [{ front: frontA }, { front: frontB }] = sides
    for (const cid of frontA.keys()) if (frontB.delete(cid)) frontA.delete(cid)
    for (const { side, tree, front } of sides) {
      for (const link of front.values()) yield { side, link, height }
      if (height === 0) continue
      const nodes = [...front.values()]
      front.clear()
      for await (const children of mapConcurrent(nodes, NODES_AHEAD, async node => await readNode(deps, node, tree.root.cid.toString(), height - 1))) {
        for (const child of children) front.set(child.cid.toString(), child)
        if (front.size > maxDifferent) throw new AppError('TREES_TOO_DIFFERENT', `more than ${maxDifferent} blocks of one level differ`, { hints: ['take the whole of the new version'] })
      }
    }
  }
}

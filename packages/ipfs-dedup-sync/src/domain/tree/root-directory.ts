import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { openTree, type Tree, type TreeReaderDeps } from './open-tree.ts'
import { checkCid, invalid, isLeaf, type TreeLink } from './tree-node.ts'

/** The trees that a root may have, in the order of its directory: docs/formats/recipe.md, "Root". */
export const TREE_NAMES = ['content', 'corrections', 'recipe'] as const
export type TreeName = typeof TREE_NAMES[number]

export interface NamedTree { readonly name: TreeName, readonly tree: Tree }

/** What is below a root. */
export interface RootTrees {
  /** Whether the root is a directory of its trees; else it is that of its one tree, `content`. */
  readonly directory: boolean
  readonly trees: readonly NamedTree[]
}

/** @param entries in the order of `TREE_NAMES` */
export function encodeDirectory (entries: ReadonlyArray<{ readonly name: TreeName, readonly link: TreeLink }>): Uint8Array {
  return dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: entries.map(({ name, link }) => ({ Name: name, Tsize: link.blockBytes, Hash: link.cid })) })
}

/**
 * @returns undefined: it is no directory, perhaps a node of a file
 * @throws AppError TREE_INVALID for a directory that `encodeDirectory` does not make
 */
export function decodeDirectory (block: Uint8Array, what: string): Array<{ name: TreeName, cid: CID, blockBytes: number }> | undefined {
  let node: dagPb.PBNode
  try {
    node = dagPb.decode(block)
    if (UnixFS.unmarshal(node.Data ?? new Uint8Array(0)).type !== 'directory') return undefined
  } catch {
    return undefined // whoever reads it as a file says what is wrong
  }
  const entries = node.Links.map(({ Name, Tsize, Hash: cid }) => {
    const name = TREE_NAMES.find(known => known === Name)
    if (name === undefined || Tsize === undefined || !Number.isSafeInteger(Tsize)) throw invalid(what, 'it has an entry that is not of a recipe')
    checkCid(cid, what)
    return { name, cid, blockBytes: Tsize }
  })
  if (entries[0]?.name !== 'content' || entries.at(-1)?.name !== 'recipe') throw invalid(what, 'it has no content or no recipe')
  const again = encodeDirectory(entries.map(({ name, cid, blockBytes }) => ({ name, link: { cid, blockBytes, sizeBytes: 0 } })))
  if (again.length !== block.length || again.some((byte, i) => byte !== block[i])) throw invalid(what, 'it is not written as the spec says')
  return entries
}

/** @throws AppError TREE_INVALID; what the store throws */
export async function openRoot (deps: TreeReaderDeps, root: string): Promise<RootTrees> {
  const cid = CID.parse(root)
  checkCid(cid, root)
  const entries = isLeaf(cid) ? undefined : decodeDirectory(await deps.blocks.get(root, deps.signal === undefined ? {} : { signal: deps.signal }), root)
  if (entries === undefined) return { directory: false, trees: [{ name: 'content', tree: await openTree(deps, root) }] }
  const trees: NamedTree[] = []
  for (const { name, cid: below, blockBytes } of entries) {
    const tree = await openTree(deps, below.toString())
    if (tree.root.blockBytes !== blockBytes) throw invalid(root, `the blocks of its ${name} have ${tree.root.blockBytes} bytes, and it says ${blockBytes}`)
    trees.push({ name, tree })
  }
  return { directory: true, trees }
}

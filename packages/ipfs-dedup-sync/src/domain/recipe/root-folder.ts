/** The UnixFS directory that the root of a file with a recipe is: docs/formats/recipe.md, "Root". */
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { openTree, type Tree, type TreeReaderDeps } from '../tree/open-tree.ts'
import { isLeaf, type Sha256, type TreeLink } from '../tree/tree-node.ts'
import { invalidRecipe } from './recipe-error.ts'

export interface RootParts<T> { readonly content: T, readonly corrections?: T, readonly recipe: T }

const SHA2_256 = 0x12
const FOLDER_DATA = Uint8Array.of(8, 1)
const NAMES = ['content', 'corrections', 'recipe'] as const

export function encodeRootFolder (parts: RootParts<TreeLink>, sha256: Sha256): { readonly cid: string, readonly block: Uint8Array } {
  const links = NAMES.flatMap(name => parts[name] === undefined ? [] : [{ Name: name, Tsize: parts[name].blockBytes, Hash: parts[name].cid }])
  const block = dagPb.encode({ Data: FOLDER_DATA, Links: links })
  return { cid: CID.createV1(dagPb.code, create(SHA2_256, sha256(block))).toString(), block }
}

/**
 * @returns a tree for a plain file, else the trees of its parts
 * @throws AppError RECIPE_INVALID, TREE_INVALID; what the store throws
 */
export async function openRoot (deps: TreeReaderDeps, root: string): Promise<Tree | RootParts<Tree>> {
  const cid = CID.parse(root)
  if (isLeaf(cid)) return await openTree(deps, root)
  const block = await deps.blocks.get(root, deps.signal === undefined ? {} : { signal: deps.signal })
  const links = folderLinks(block)
  if (links === undefined) return await openTree(deps, root)
  const parts: Partial<Record<typeof NAMES[number], Tree>> = {}
  for (const { Name, Hash, Tsize } of links) {
    const name = NAMES.find(known => known === Name)
    if (name === undefined || parts[name] !== undefined) throw invalidRecipe(`${root} is a folder with an entry '${Name ?? ''}'`)
    const tree = await openTree(deps, Hash.toString())
    if (tree.root.blockBytes !== Tsize) throw invalidRecipe(`the blocks of '${name}' have ${tree.root.blockBytes} bytes, and ${root} says ${Tsize ?? 'nothing'}`)
    parts[name] = tree
  }
  const { content, recipe } = parts
  if (content === undefined || recipe === undefined) throw invalidRecipe(`${root} is a folder without ${content === undefined ? 'content' : 'a recipe'}`)
  return { ...parts, content, recipe }
}

/** @returns undefined for a block that is no folder of IPFS; order and spelling of the entries are the codec's to check */
function folderLinks (block: Uint8Array): readonly dagPb.PBLink[] | undefined {
  try {
    const { Data, Links } = dagPb.decode(block)
    return Data?.length === 2 && Data[0] === FOLDER_DATA[0] && Data[1] === FOLDER_DATA[1] ? Links : undefined
  } catch {
    return undefined
  }
}

import type { TreeLink } from '../tree/tree-node.ts'
import { readNode, type Tree, type TreeReaderDeps } from '../tree/open-tree.ts'
import { MAX_BASE_BYTES, MAX_OLD_BLOCKS } from '../wire-limits.ts'
import { badMessage } from './compact-bytes.ts'

/** A block of a base that both sides have, and where. */
export interface OldBlock {
  readonly link: TreeLink
  /** Which of the bases. */
  readonly of: number
  readonly offset: number
}

/** The bases of which a plan for a tree of this height makes use, each at its place. */
export function usedBases (bases: ReadonlyArray<Tree | undefined>, height: number): Array<Tree | undefined> {
  return bases.map(base => base !== undefined && base.height <= height + 1 ? base : undefined)
}

/** @returns the children of all of them, in order @throws AppError BAD_MESSAGE when they are over MAX_OLD_BLOCKS */
export async function childrenOf (deps: TreeReaderDeps, blocks: readonly OldBlock[], height: number): Promise<OldBlock[]> {
  const row: OldBlock[] = []
  for (const { link, of, offset } of blocks) {
    let at = offset
    for (const child of await readNode(deps, link, link.cid.toString(), height - 1)) {
      row.push({ link: child, of, offset: at })
      at += child.sizeBytes
    }
    if (row.length > MAX_OLD_BLOCKS) throw badMessage(`more than ${MAX_OLD_BLOCKS} blocks are replaced on one level`)
  }
  return row
}

/** Bases whose root is of this height. */
export function rootsOf (bases: ReadonlyArray<Tree | undefined>, height: number): OldBlock[] {
  return bases.flatMap((tree, of) => tree?.height === height ? [{ link: tree.root, of, offset: 0 }] : [])
}

/** What a patch of leaves copies from: as many whole leaves, from the first on, as make at most MAX_BASE_BYTES. */
export async function baseBytes ({ blocks, signal }: TreeReaderDeps, leaves: readonly OldBlock[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for (const { link } of leaves) {
    if (sizeBytes + link.sizeBytes > MAX_BASE_BYTES) break
    sizeBytes += link.sizeBytes
    parts.push(await blocks.get(link.cid.toString(), signal === undefined ? {} : { signal }))
  }
  const all = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

import { diffTrees } from '../tree/diff-trees.ts'
import { readNode, type Tree, type TreeReaderDeps } from '../tree/open-tree.ts'
import { readRange } from '../tree/read-range.ts'
import type { TreeLink } from '../tree/tree-node.ts'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'

/** Bytes of a file; the end not included. */
export interface ByteRange { readonly start: number, readonly end: number }

/** What is not alike in two files: ranges of the first and of the second, in order. Where one was put in place of the other they have the same index. */
export interface ChangedRanges { readonly a: readonly ByteRange[], readonly b: readonly ByteRange[], readonly paired: boolean }

/** Longer ones are told as their chunks are. */
const MAX_COMPARED_BYTES = 4 * 1024 * 1024

/**
 * Reads what differs and nothing else. Where one range stands for the other it is narrowed to the bytes that do.
 * @throws AppError TREES_TOO_DIFFERENT, TREE_INVALID; what the store throws
 */
export async function changedRanges (deps: TreeReaderDeps, a: Tree, b: Tree): Promise<ChangedRanges> {
  const only = { a: new Set<string>(), b: new Set<string>() }
  for await (const { side, link } of diffTrees(deps, a, b)) only[side].add(link.cid.toString())
  const runs = { a: await runsOf(deps, a, only.a), b: await runsOf(deps, b, only.b) }
  if (runs.a.length !== runs.b.length) return { ...runs, paired: false }
  const narrowed = await Promise.all(runs.a.map(async (run, i) => await narrow(deps, { tree: a, run }, { tree: b, run: runs.b[i]! })))
  return { a: narrowed.map(({ a: range }) => range), b: narrowed.map(({ b: range }) => range), paired: true }
}

/** Neighbouring leaves of the set are one range. */
async function runsOf (deps: TreeReaderDeps, tree: Tree, only: ReadonlySet<string>): Promise<ByteRange[]> {
  const runs: Array<{ start: number, end: number }> = []
  const root = tree.root.cid.toString()
  const walk = async (link: TreeLink, height: number, start: number): Promise<void> => {
    if (!only.has(link.cid.toString())) return
    if (height === 0) {
      const last = runs.at(-1)
      if (last?.end === start) last.end += link.sizeBytes
      else runs.push({ start, end: start + link.sizeBytes })
      return
    }
    let at = start
    for (const child of await readNode(deps, link, root, height - 1)) {
      await walk(child, height - 1, at)
      at += child.sizeBytes
    }
  }
  await walk(tree.root, tree.height, 0)
  return runs
}

interface Placed { readonly tree: Tree, readonly run: ByteRange }

async function narrow (deps: TreeReaderDeps, a: Placed, b: Placed): Promise<{ readonly a: ByteRange, readonly b: ByteRange }> {
  if (Math.max(a.run.end - a.run.start, b.run.end - b.run.start) > MAX_COMPARED_BYTES) return { a: a.run, b: b.run }
  const [one, other] = [await bytesOf(deps, a), await bytesOf(deps, b)]
  const most = Math.min(one.length, other.length)
  let front = 0
  while (front < most && one[front] === other[front]) front++
  let back = 0
  while (back < most - front && one[one.length - 1 - back] === other[other.length - 1 - back]) back++
  return { a: { start: a.run.start + front, end: a.run.end - back }, b: { start: b.run.start + front, end: b.run.end - back } }
}

async function bytesOf (deps: TreeReaderDeps, { tree, run }: Placed): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of readRange(deps, tree, run)) parts.push(part)
  return concatBytes(...parts)
}

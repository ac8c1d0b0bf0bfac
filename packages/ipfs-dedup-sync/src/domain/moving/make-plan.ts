import { readNode, type Tree, type TreeReaderDeps } from '../tree/open-tree.ts'
import { openRoot, type RootTrees, type TreeName } from '../tree/root-directory.ts'
import type { TreeLink } from '../tree/tree-node.ts'
import { MAX_CHILDREN } from '../tree/tree-limits.ts'
import { MAX_OLD_BLOCKS, MAX_PLAN_BLOCKS } from '../wire-limits.ts'
import { alignRows, type Step } from './align.ts'
import { CompactWriter } from './compact-bytes.ts'
import { baseBytes, childrenOf, rootsOf, usedBases, type OldBlock } from './old-row.ts'
import { writePatch } from './patch.ts'

export interface PlanRequest {
  readonly root: string
  /** Roots that the other side has and this one may use; those that are not here were left out. */
  readonly bases: readonly string[]
  /** Whether the other side named any root at all: then what is not close to `bases` is not told in full, since it may well be there. */
  readonly hasOther: boolean
  /** How many bytes of leaves may come with the plan. */
  readonly leafBytes: number
}

export interface MadePlan {
  readonly directory: boolean
  readonly names: readonly TreeName[]
  /** docs/protocols/dedup-sync.md, "Plan". */
  readonly body: Uint8Array
  /** What the plan names and does not bring: blocks, and bytes of them and of all below them. */
  readonly left: { readonly blocks: number, readonly bytes: number }
}

const MOVE = 1
const FRESH = 2
const TOLD = 3
/** Nodes of one level, so that their children are surely not too many. */
const MAX_REPLACED = Math.floor(MAX_OLD_BLOCKS / MAX_CHILDREN)

/** How the trees of a root follow from those of the bases. Holds at most two rows of MAX_PLAN_BLOCKS. @throws what the store throws */
export async function makePlan (deps: TreeReaderDeps, { root, bases, hasOther, leafBytes }: PlanRequest): Promise<MadePlan> {
  const wanted = await openRoot(deps, root)
  const known: RootTrees[] = []
  for (const base of bases) known.push(await openRoot(deps, base))
  const out = new CompactWriter()
  const budget: Budget = { blocks: hasOther && bases.length === 0 ? 0 : MAX_PLAN_BLOCKS, leafBytes }
  const left = { blocks: 0, bytes: 0 }
  for (const { name, tree } of wanted.trees) {
    await planTree({ deps, out, budget, left }, tree, usedBases(known.map(({ trees }) => trees.find(t => t.name === name)?.tree), tree.height))
  }
  return { directory: wanted.directory, names: wanted.trees.map(({ name }) => name), body: out.finish(), left }
}

interface Budget { blocks: number, leafBytes: number }
interface Planning { readonly deps: TreeReaderDeps, readonly out: CompactWriter, readonly budget: Budget, readonly left: { blocks: number, bytes: number } }

async function planTree (planning: Planning, tree: Tree, bases: ReadonlyArray<Tree | undefined>): Promise<void> {
  const { deps, out } = planning
  out.number(tree.height)
  let row: TreeLink[] = [tree.root]
  let old: OldBlock[] = []
  for (let height = Math.max(tree.height, ...bases.map(base => base?.height ?? 0)); height > tree.height; height--) {
    old = await childrenOf(deps, [...old, ...rootsOf(bases, height)], height)
  }
  for (let height = tree.height; height >= 0; height--) {
    old = [...old, ...rootsOf(bases, height)]
    const steps = alignRows(row, old.map(({ link }) => link))
    if (height === 0) { await planLeaves(planning, row, old, steps); return }
    const next = await planNodes(planning, height, row, old, steps)
    row = next.row
    old = next.old
  }
}

async function planNodes ({ deps, out, budget, left }: Planning, height: number, row: readonly TreeLink[], old: readonly OldBlock[], steps: readonly Step[]): Promise<{ row: TreeLink[], old: OldBlock[] }> {
  const next: TreeLink[] = []
  const counts: number[] = []
  const replaced: OldBlock[] = []
  let at = 0
  let stands = 0
  for (const step of steps) {
    if (step.kind === 'move') { writeMove(out, step.by); stands += step.by; continue }
    if (step.kind === 'copy') { writeCount(out, 0, step.count); at += step.count; stands += step.count; continue }
    let opened = 0
    for (; opened < step.count && budget.blocks > 0; opened++) {
      const node = row[at + opened]!
      const children = await readNode(deps, node, node.cid.toString(), height - 1)
      if (children.length > budget.blocks) { budget.blocks = 0; break }
      budget.blocks -= children.length
      counts.push(children.length)
      for (const child of children) next.push(child)
    }
    if (opened > 0) writeCount(out, FRESH, opened)
    if (opened < step.count) writeTold(out, row.slice(at + opened, at + step.count), height, left)
    const base = opened > 0 && replaced.length + step.base <= MAX_REPLACED ? step.base : 0
    writeMove(out, base)
    for (const block of old.slice(stands, stands + base)) replaced.push(block)
    at += step.count
    stands += base
    if (base < step.base) { writeMove(out, step.base - base); stands += step.base - base }
  }
  for (const count of counts) out.number(count)
  return { row: next, old: await childrenOf(deps, replaced, height) }
}

async function planLeaves ({ deps, out, budget, left }: Planning, row: readonly TreeLink[], old: readonly OldBlock[], steps: readonly Step[]): Promise<void> {
  let at = 0
  let freshBytes = 0
  for (const step of steps) {
    if (step.kind === 'fresh') for (const { sizeBytes } of row.slice(at, at + step.count)) freshBytes += sizeBytes
    if (step.kind !== 'move') at += step.count
  }
  const bring = freshBytes <= budget.leafBytes && budget.blocks > 0
  if (bring) budget.leafBytes -= freshBytes
  const runs: Array<{ leaves: readonly TreeLink[], base: readonly OldBlock[] }> = []
  at = 0
  let stands = 0
  for (const step of steps) {
    if (step.kind === 'move') { writeMove(out, step.by); stands += step.by; continue }
    if (step.kind === 'copy') { writeCount(out, 0, step.count); at += step.count; stands += step.count; continue }
    const leaves = row.slice(at, at + step.count)
    if (bring) {
      writeCount(out, FRESH, step.count)
      runs.push({ leaves, base: old.slice(stands, stands + step.base) })
    } else {
      writeTold(out, leaves, 0, left)
    }
    writeMove(out, step.base)
    at += step.count
    stands += step.base
  }
  for (const { leaves } of runs) for (const { sizeBytes } of leaves) out.number(sizeBytes)
  for (const { leaves, base } of runs) {
    const target = await baseBytes(deps, leaves.map(link => ({ link, of: 0, offset: 0 })))
    writePatch(out, await baseBytes(deps, base), target)
  }
}

function writeCount (out: CompactWriter, kind: number, count: number): void { out.number(count * 4 + kind) }

function writeMove (out: CompactWriter, by: number): void { out.number((by < 0 ? -by * 2 - 1 : by * 2) * 4 + MOVE) }

function writeTold (out: CompactWriter, links: readonly TreeLink[], height: number, left: { blocks: number, bytes: number }): void {
  writeCount(out, TOLD, links.length)
  for (const { cid, sizeBytes, blockBytes } of links) {
    out.bytes(cid.multihash.digest)
    out.number(sizeBytes)
    if (height > 0) out.number(blockBytes)
    left.blocks++
    left.bytes += blockBytes
  }
}

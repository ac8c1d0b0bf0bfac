import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { Tree, TreeReaderDeps } from '../tree/open-tree.ts'
import { encodeDirectory, openRoot, type RootTrees, type TreeName } from '../tree/root-directory.ts'
import { MAX_CHILDREN, MAX_LEAF_BYTES, MAX_LEVELS } from '../tree/tree-limits.ts'
import { decodeNode, encodeNode, leafLink, nodeLink, type Sha256, type TreeLink } from '../tree/tree-node.ts'
import { MAX_OLD_BLOCKS, MAX_PLAN_BLOCKS, MAX_PLAN_LEAF_BYTES } from '../wire-limits.ts'
import { badMessage, CompactReader } from './compact-bytes.ts'
import { baseBytes, childrenOf, rootsOf, usedBases, type OldBlock } from './old-row.ts'
import { readPatch } from './patch.ts'

export interface ReadPlanDeps extends TreeReaderDeps { readonly sha256: Sha256 }

/** Of a base, by the number of the base: what a leaf that a plan tells of replaces. */
export interface Replaced { readonly of: number, readonly start: number, readonly end: number }

export interface PlannedTree { readonly name: TreeName, readonly root: TreeLink, readonly height: number }

/** What follows from a plan: it fits the root that was asked for. */
export interface ReadPlan {
  readonly trees: readonly PlannedTree[]
  /** Leaves that it brought. */
  readonly leaves: ReadonlyArray<{ readonly cid: string, readonly bytes: Uint8Array }>
  /** Nodes that follow from it, lower ones first, then the directory. Their children may be missing. */
  readonly nodes: ReadonlyArray<{ readonly cid: string, readonly bytes: Uint8Array }>
  /** Whether it told of blocks that it did not bring. */
  readonly whole: boolean
  /** Leaves that were told, by their CIDs. */
  readonly replaced: ReadonlyMap<string, Replaced>
}

const RAW = 0x55
const DAG_PB = 0x70
const SHA2_256 = 0x12
const DIGEST_BYTES = 32
/** Leaves that are patched together, when they come after the plan. */
const GROUP_BYTES = 512 * 1024
const MARGIN_BYTES = 128 * 1024

/** One place of a row: a block that is known, or the next of those that follow. */
type Place = TreeLink | undefined
interface Row { readonly places: readonly Place[], readonly fresh: number, readonly replaced: readonly OldBlock[] }
interface Run { count: number, base: readonly OldBlock[] }

/**
 * Docs/protocols/dedup-sync.md, "Plan": the other side of `makePlan`. Reads blocks of the bases, which are here.
 * @param bases roots, those that the plan names
 * @throws AppError BAD_MESSAGE, PLAN_WRONG (it does not give the root); what the store throws
 */
export async function readPlan (deps: ReadPlanDeps, root: string, bases: readonly string[], head: { readonly directory: boolean, readonly names: readonly TreeName[] }, body: Uint8Array): Promise<ReadPlan> {
  const known: RootTrees[] = []
  for (const base of bases) known.push(await openRoot(deps, base))
  const reading: Reading = { deps, reader: new CompactReader(body), blocksLeft: MAX_PLAN_BLOCKS, leafBytesLeft: MAX_PLAN_LEAF_BYTES, leaves: [], nodes: [], replaced: new Map(), whole: true }
  const trees: PlannedTree[] = []
  for (const name of head.names) {
    trees.push({ name, ...await readTree(reading, known.map(({ trees: of }) => of.find(t => t.name === name)?.tree)) })
  }
  reading.reader.end()
  let made = trees[0]?.root.cid
  if (head.directory) {
    const block = encodeDirectory(trees.map(({ name, root: link }) => ({ name, link })))
    made = CID.createV1(DAG_PB, create(SHA2_256, deps.sha256(block)))
    reading.nodes.push({ cid: made.toString(), bytes: block })
  }
  if (made?.toString() !== root) throw badMessage('its plan does not give the root')
  return { trees, leaves: reading.leaves, nodes: reading.nodes, whole: reading.whole, replaced: reading.replaced }
}

interface Reading {
  readonly deps: ReadPlanDeps
  readonly reader: CompactReader
  blocksLeft: number
  leafBytesLeft: number
  readonly leaves: Array<{ cid: string, bytes: Uint8Array }>
  readonly nodes: Array<{ cid: string, bytes: Uint8Array }>
  readonly replaced: Map<string, Replaced>
  whole: boolean
}

async function readTree (reading: Reading, found: ReadonlyArray<Tree | undefined>): Promise<{ root: TreeLink, height: number }> {
  const { deps, reader } = reading
  const height = reader.number(MAX_LEVELS, 'the height of a tree')
  const bases = usedBases(found, height)
  let old: OldBlock[] = await childrenOf(deps, rootsOf(bases, height + 1), height + 1)
  const levels: Array<{ places: readonly Place[], counts: number[] }> = []
  let width = 1
  for (let at = height; at > 0; at--) {
    old = [...old, ...rootsOf(bases, at)]
    const row = readRow(reading, at, width, old)
    reading.whole &&= !row.told
    const counts = Array.from({ length: row.fresh }, () => {
      const count = reader.number(MAX_CHILDREN, 'the number of children')
      if (count === 0) throw badMessage('a node without children')
      return count
    })
    levels.push({ places: row.places, counts })
    width = counts.reduce((sum, count) => sum + count, 0)
    if ((reading.blocksLeft -= width) < 0) throw badMessage(`its plan has more than ${MAX_PLAN_BLOCKS} blocks`)
    old = await childrenOf(deps, row.replaced, at)
  }
  let links = await readLeaves(reading, width, [...old, ...rootsOf(bases, 0)])
  for (const { places, counts } of levels.toReversed()) links = placeNodes(reading, links, places, counts)
  return { root: links[0]!, height }
}

/** @param width how many blocks it has */
function readRow ({ reader, replaced: told }: Reading, height: number, width: number, old: readonly OldBlock[], runs: Run[] = []): Row & { readonly told: boolean } {
  const places: Place[] = []
  const replaced: OldBlock[] = []
  let fresh = 0
  let stands = 0
  let anyTold = false
  let sinceCopy: { fresh: number, told: TreeLink[] } | undefined
  let replacedBlocks = 0
  const endRun = (to: number): void => {
    if (sinceCopy === undefined) return
    // runs may begin again and again at the front: without a limit of all, what they hold together is their number times the row
    if ((replacedBlocks += to - stands) > MAX_OLD_BLOCKS) throw badMessage(`its runs of one row replace more than ${MAX_OLD_BLOCKS} blocks`)
    const base = old.slice(stands, to)
    if (sinceCopy.fresh > 0) {
      runs.push({ count: sinceCopy.fresh, base })
      if (height > 0) for (const block of base) replaced.push(block)
    }
    const range = height === 0 ? rangeOf(base) : undefined
    if (range !== undefined) shareOut(range, sinceCopy.told, told)
    sinceCopy = undefined
  }
  while (places.length < width || sinceCopy !== undefined) {
    const n = reader.number(MAX_OLD_BLOCKS * 8, 'a step')
    const count = Math.floor(n / 4)
    if (n % 4 === 1) {
      const by = count % 2 === 1 ? -(count + 1) / 2 : count / 2
      if (stands + by < 0 || stands + by > old.length || (sinceCopy !== undefined && by < 0)) throw badMessage('a place outside of its base')
      endRun(stands + by)
      stands += by
      continue
    }
    if (count === 0 || places.length + count > width) throw badMessage('a row is longer than it should be')
    if (n % 4 === 0) {
      if (sinceCopy !== undefined || stands + count > old.length) throw badMessage('a copy from outside of its base')
      for (const { link } of old.slice(stands, stands + count)) places.push(link)
      stands += count
      continue
    }
    sinceCopy ??= { fresh: 0, told: [] }
    if (n % 4 === 2) {
      for (let i = 0; i < count; i++) places.push(undefined)
      fresh += count
      sinceCopy.fresh += count
      continue
    }
    anyTold = true
    for (let i = 0; i < count; i++) {
      const link = readLink(reader, height)
      places.push(link)
      sinceCopy.told.push(link)
    }
  }
  return { places, fresh, replaced, told: anyTold }
}

function readLink (reader: CompactReader, height: number): TreeLink {
  const digest = create(SHA2_256, reader.bytes(DIGEST_BYTES, 'a digest').slice())
  const sizeBytes = reader.number(height === 0 ? MAX_LEAF_BYTES : Number.MAX_SAFE_INTEGER, 'a size')
  return { cid: CID.createV1(height === 0 ? RAW : DAG_PB, digest), sizeBytes, blockBytes: height === 0 ? sizeBytes : reader.number(Number.MAX_SAFE_INTEGER, 'a size') }
}

/** The first of them as far as they are side by side in one base. */
function rangeOf (base: readonly OldBlock[]): Replaced | undefined {
  const [first] = base
  if (first === undefined) return undefined
  let end = first.offset
  for (const { of, offset, link } of base) {
    if (of !== first.of || offset !== end) break
    end += link.sizeBytes
  }
  return end > first.offset ? { of: first.of, start: first.offset, end } : undefined
}

/** Each group of leaves gets its part of what the run replaces, and something on either side. */
function shareOut (range: Replaced, leaves: readonly TreeLink[], told: Map<string, Replaced>): void {
  const runBytes = leaves.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const scale = (range.end - range.start) / Math.max(1, runBytes)
  let at = 0
  for (let i = 0; i < leaves.length;) {
    const from = at
    const group: TreeLink[] = []
    while (i < leaves.length && (group.length === 0 || at + leaves[i]!.sizeBytes - from <= GROUP_BYTES)) {
      group.push(leaves[i]!)
      at += leaves[i++]!.sizeBytes
    }
    const replaced: Replaced = {
      of: range.of,
      start: Math.max(range.start, range.start + Math.floor(from * scale) - MARGIN_BYTES),
      end: Math.min(range.end, range.start + Math.ceil(at * scale) + MARGIN_BYTES),
    }
    for (const { cid } of group) told.set(cid.toString(), replaced)
  }
}

async function readLeaves (reading: Reading, width: number, old: readonly OldBlock[]): Promise<TreeLink[]> {
  const { deps, reader } = reading
  const runs: Run[] = []
  const row = readRow(reading, 0, width, old, runs)
  reading.whole &&= !row.told
  const sizes = Array.from({ length: row.fresh }, () => reader.number(MAX_LEAF_BYTES, 'the size of a leaf'))
  if ((reading.leafBytesLeft -= sizes.reduce((sum, size) => sum + size, 0)) < 0) throw badMessage(`its plan has more than ${MAX_PLAN_LEAF_BYTES} bytes of leaves`)
  const made: TreeLink[] = []
  for (const { count, base } of runs) {
    const of = sizes.slice(made.length, made.length + count)
    const all = readPatch(reader, await baseBytes(deps, base), of.reduce((sum, size) => sum + size, 0))
    let at = 0
    for (const size of of) {
      const bytes = all.subarray(at, at += size)
      const link = leafLink(deps.sha256(bytes), size)
      made.push(link)
      reading.leaves.push({ cid: link.cid.toString(), bytes })
    }
  }
  return fill(row.places, made)
}

function placeNodes (reading: Reading, children: readonly TreeLink[], places: readonly Place[], counts: readonly number[]): TreeLink[] {
  let at = 0
  const made = counts.map(count => {
    const of = children.slice(at, at += count)
    const block = encodeNode(of)
    const link = nodeLink(block, of, reading.deps.sha256)
    const cid = link.cid.toString()
    decodeNode(block, `node ${cid}`) // refuses sizes that no tree has
    reading.nodes.push({ cid, bytes: block })
    return link
  })
  return fill(places, made)
}

function fill (places: readonly Place[], made: readonly TreeLink[]): TreeLink[] {
  let next = 0
  return places.map(place => place ?? made[next++]!)
}

import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { readNode, type Tree, type TreeReaderDeps } from '../tree/open-tree.ts'
import { leavesInRange } from '../tree/leaves-in-range.ts'
import { MAX_LEAF_BYTES } from '../tree/tree-limits.ts'
import type { TreeLink } from '../tree/tree-node.ts'
import { MAX_BASE_BYTES, MAX_BATCH_BASE_BYTES, MAX_BATCH_LEAF_BYTES, MAX_BATCH_NODES, PART_BYTES } from '../wire-limits.ts'
import { badMessage, CompactReader, CompactWriter } from './compact-bytes.ts'
import { baseBytes } from './old-row.ts'
import { readPatch, writePatch } from './patch.ts'

/** Blocks that are read ahead. */
const AHEAD = 16
/** For a part and the block with which it ends, as a rule. */
const ROOM_BYTES = PART_BYTES + 128 * 1024

/** Bytes of the file, the end not included; `base`: of the file that patches copy from. */
export interface BatchRange { readonly start: number, readonly end: number, readonly base?: { readonly start: number, readonly end: number } }

/** Blocks of one height that lie in a range, in order, without empty leaves. Reads only nodes above them. @throws AppError TREE_INVALID; what the store throws */
export async function * blocksInRange (deps: TreeReaderDeps, tree: Tree, height: number, { start, end }: BatchRange): AsyncGenerator<TreeLink> {
  async function * walk (link: TreeLink, at: number, offset: number): AsyncGenerator<TreeLink> {
    if (at === height) {
      if (link.sizeBytes > 0 && offset >= start && offset + link.sizeBytes <= end) yield link
      return
    }
    let place = offset
    for (const child of await readNode(deps, link, link.cid.toString(), at - 1)) {
      if (place >= end) return
      if (place + child.sizeBytes > start) yield * walk(child, at - 1, place)
      place += child.sizeBytes
    }
  }
  if (height <= tree.height) yield * walk(tree.root, tree.height, 0)
}

/**
 * Bodies of an answer to `blocks`: docs/protocols/dedup-sync.md, "Blocks".
 * @throws AppError BAD_MESSAGE when the ranges hold more than may be asked for at once; what the store throws
 */
export async function * writeBatch (deps: TreeReaderDeps, tree: Tree, height: number, ranges: readonly BatchRange[], base: Tree | undefined): AsyncGenerator<Uint8Array> {
  let bytesLeft = MAX_BATCH_LEAF_BYTES
  let baseLeft = MAX_BATCH_BASE_BYTES
  let blocksLeft = height === 0 ? Infinity : MAX_BATCH_NODES
  let out = new CompactWriter(ROOM_BYTES)
  const options = deps.signal === undefined ? {} : { signal: deps.signal }
  for (const range of ranges) {
    if (height === 0 && (bytesLeft -= range.end - range.start) < 0) throw badMessage(`more than ${MAX_BATCH_LEAF_BYTES} bytes of leaves`)
    const links = blocksInRange(deps, tree, height, range)
    if (range.base !== undefined && base !== undefined) {
      if ((baseLeft -= baseCost(range.base)) < 0) throw badMessage(`patches from more than ${MAX_BATCH_BASE_BYTES} bytes`)
      const leaves: TreeLink[] = []
      for await (const link of links) leaves.push(link)
      if (leaves.length > 1 && range.end - range.start > PART_BYTES) throw badMessage(`a patch of more than ${PART_BYTES} bytes`)
      out.number(leaves.length * 2 + 1)
      for (const { sizeBytes } of leaves) out.number(sizeBytes)
      writePatch(out, await rangeBytes(deps, base, range.base), await joined(deps, leaves))
      if (out.length >= PART_BYTES) { yield out.finish(); out = new CompactWriter(ROOM_BYTES) }
      continue
    }
    for await (const block of mapConcurrent(links, AHEAD, async ({ cid }) => await deps.blocks.get(cid.toString(), options))) {
      if (blocksLeft-- === 0) throw badMessage(`more than ${MAX_BATCH_NODES} nodes`)
      out.number(block.length * 2)
      out.bytes(block)
      if (out.length >= PART_BYTES) { yield out.finish(); out = new CompactWriter(ROOM_BYTES) }
    }
  }
  if (out.length > 0) yield out.finish()
}

/** How much of a base a range of it stands for. */
export const baseCost = ({ start, end }: { readonly start: number, readonly end: number }): number => Math.min(MAX_BASE_BYTES, end - start)

/** The blocks of one body. @param base what a patch copies from: asked for when one comes, whose first block is the next */
export async function * readPart (body: Uint8Array, base: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new CompactReader(body)
  while (!reader.ended) {
    const n = reader.number(MAX_LEAF_BYTES * 2 + 1, 'a block')
    if (n % 2 === 0) { yield reader.bytes(n / 2, 'a block'); continue }
    const sizes: number[] = []
    while (sizes.length < (n - 1) / 2) sizes.push(reader.number(MAX_LEAF_BYTES, 'the size of a leaf'))
    const runBytes = sizes.reduce((sum, size) => sum + size, 0)
    if (runBytes > Math.max(PART_BYTES, sizes.length === 1 ? MAX_LEAF_BYTES : 0)) throw badMessage(`a patch of ${runBytes} bytes`)
    const all = readPatch(reader, await base(), runBytes)
    let at = 0
    for (const size of sizes) yield all.subarray(at, at += size)
  }
}

/** Bytes of a base, on both sides the same: whole leaves that begin in the range, at most MAX_BASE_BYTES. */
export async function rangeBytes (deps: TreeReaderDeps, base: Tree, range: { readonly start: number, readonly end: number }): Promise<Uint8Array> {
  const leaves: Array<{ link: TreeLink, of: number, offset: number }> = []
  let sizeBytes = 0
  for await (const { leaf, offset } of leavesInRange(deps, base, range)) {
    if (offset < range.start) continue
    if ((sizeBytes += leaf.sizeBytes) > MAX_BASE_BYTES) break
    leaves.push({ link: leaf, of: 0, offset })
  }
  return await baseBytes(deps, leaves)
}

async function joined ({ blocks, signal }: TreeReaderDeps, leaves: readonly TreeLink[]): Promise<Uint8Array> {
  const out = new CompactWriter()
  for (const { cid } of leaves) out.bytes(await blocks.get(cid.toString(), signal === undefined ? {} : { signal }))
  return out.finish()
}

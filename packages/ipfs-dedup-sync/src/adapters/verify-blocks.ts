import type { BlockEntry } from '../domain/keeping/block-entry.ts'
import { childrenOf, isNode, requireBlockId } from '../domain/keeping/block-id.ts'
import { IdFilter } from '../domain/keeping/id-filter.ts'
import type { Shelf, Verified } from '../domain/keeping/shelf.ts'
import { BLOCK_PREFIX } from '../domain/keeping/shelf-index.ts'
import { notFound } from './block-bytes.ts'
import type { ShelfParts } from './shelf-parts.ts'

/** Of the damaged ones, how many are named. */
const MAX_NAMED = 1000

/** `verify` of the shelf. Below a root, only nodes are remembered, a twentieth of the blocks: a leaf is read as often as it is named. */
export async function verifyBlocks (parts: ShelfParts, root: string | undefined, { signal, repair = false, onProgress }: Parameters<Shelf['verify']>[1]): Promise<Verified> {
  const damaged: string[] = []
  let damagedBlocks = 0
  let checkedBlocks = 0
  let checkedBytes = 0

  /** @returns the bytes when they are what they should be */
  const check = async (cid: string, counts = true): Promise<Uint8Array | undefined> => {
    signal.throwIfAborted()
    for (;;) {
      const entry: BlockEntry | undefined = await parts.index.change([cid], view => view.get(cid))
      const bytes = entry === undefined ? undefined : await parts.bytes.read(cid, entry)
      if (bytes === undefined && entry !== undefined && await isMoved(parts, cid, entry)) continue
      if (counts) {
        checkedBlocks++
        checkedBytes += bytes?.length ?? 0
        onProgress?.(checkedBytes)
      }
      if (bytes !== undefined) return bytes
      damagedBlocks++
      if (damaged.length < MAX_NAMED) damaged.push(cid)
      if (repair && entry?.place !== undefined) await parts.lose(cid, entry)
      return undefined
    }
  }

  if (root === undefined) {
    await parts.commit()
    for await (const { key } of parts.store.list(BLOCK_PREFIX)) {
      const cid = key.slice(BLOCK_PREFIX.length)
      if (await parts.index.change([cid], view => view.get(cid)) !== undefined) await check(cid) // else it was collected meanwhile
    }
  } else {
    requireBlockId(root)
    if (await parts.index.change([root], view => view.get(root)) === undefined) throw notFound(root)
    const seen = new Set([root])
    const seenLeaves = new IdFilter()
    const open = [root]
    for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
      const bytes = await check(cid)
      for (const child of bytes === undefined ? [] : childrenOf(cid, bytes)) {
        if (isNode(child) ? seen.has(child) : damaged.includes(child)) continue
        if (isNode(child)) {
          seen.add(child)
          open.push(child)
        } else {
          await check(child, !seenLeaves.has(child)) // it may be another one that the filter takes it for
          seenLeaves.add(child)
        }
      }
    }
  }
  if (repair) await parts.commit()
  return { checkedBlocks, checkedBytes, damagedBlocks, damaged }
}

async function isMoved (parts: ShelfParts, cid: string, { place }: BlockEntry): Promise<boolean> {
  const now = await parts.index.change([cid], view => view.get(cid))
  return now?.place !== undefined && JSON.stringify(now.place) !== JSON.stringify(place)
}

import { decodeEntry, type BlockEntry } from '../domain/keeping/block-entry.ts'
import { childrenOf } from '../domain/keeping/block-id.ts'
import { IdFilter } from '../domain/keeping/id-filter.ts'
import { BLOCK_PREFIX } from '../domain/keeping/shelf-index.ts'
import type { ShelfParts } from './shelf-parts.ts'

const NODES = `${BLOCK_PREFIX}bafybei`

/**
 * After blocks were found to be lost: checks what else stands in the user's files that they were in, and marks every node above a lost block, so that nothing counts as whole that is not.
 * Reads all nodes, once for each level that has one to be marked: damage is rare. Counts stay as they are: a lost block is still named by what names it.
 */
export async function settleLosses (parts: ShelfParts): Promise<void> {
  let isLast = false
  while (!isLast) {
    const sweep: Sweep = { parts, notWhole: new IdFilter(), lossesBefore: parts.losses, ownLosses: 0 }
    await parts.commit()
    await checkLeaves(sweep)
    while (await markAbove(sweep)) { /* the level above them */ }
    isLast = await parts.index.change([], () => {
      const isDone = parts.losses === sweep.lossesBefore + sweep.ownLosses // else somebody found another one meanwhile
      if (isDone) parts.index.setState({ unsettled: false })
      return isDone
    })
  }
  await parts.commit()
}

interface Sweep {
  readonly parts: ShelfParts
  readonly notWhole: IdFilter
  readonly lossesBefore: number
  ownLosses: number
}

async function lose (sweep: Sweep, cid: string, entry: BlockEntry): Promise<boolean> {
  const isLost = await sweep.parts.lose(cid, entry)
  if (isLost) {
    sweep.ownLosses++
    sweep.notWhole.add(cid)
  }
  return isLost
}

async function checkLeaves (sweep: Sweep): Promise<void> {
  const { parts, notWhole } = sweep
  const { suspects } = parts
  parts.suspects = new Set()
  for await (const { key, value } of parts.store.list(BLOCK_PREFIX)) {
    const cid = key.slice(BLOCK_PREFIX.length)
    const entry = decodeEntry(value, cid)
    if (!entry.whole) notWhole.add(cid)
    if (entry.place?.kind !== 'file' || !(suspects === 'all' || suspects.has(entry.place.file))) continue
    if (await parts.bytes.read(cid, entry) === undefined) await lose(sweep, cid, entry)
  }
}

/** @returns whether any node was marked */
async function markAbove (sweep: Sweep): Promise<boolean> {
  const { parts, notWhole } = sweep
  let marked = false
  for await (const { key } of parts.store.list(NODES)) {
    const cid = key.slice(BLOCK_PREFIX.length)
    const entry = await parts.index.change([cid], view => view.get(cid))
    if (entry?.whole !== true) continue
    const bytes = await parts.bytes.read(cid, entry)
    if (bytes === undefined) {
      marked = await lose(sweep, cid, entry) || marked
      continue
    }
    const children = childrenOf(cid, bytes)
    if (!children.some(child => notWhole.has(child))) continue
    const isMarked = await parts.index.change([cid, ...children], view => {
      const now = view.get(cid)
      if (now?.whole !== true || children.every(child => view.get(child)?.whole === true)) return false
      view.set(cid, { ...now, whole: false })
      return true
    })
    if (isMarked) notWhole.add(cid)
    marked ||= isMarked
  }
  return marked
}

import { decodeEntry } from '../domain/keeping/block-entry.ts'
import { childrenOf, isNode } from '../domain/keeping/block-id.ts'
import { ROOT_PREFIX } from '../domain/keeping/kept-root.ts'
import { BLOCK_PREFIX } from '../domain/keeping/shelf-index.ts'
import type { ShelfParts } from './shelf-parts.ts'

/** Blocks that are counted in one go through all nodes: that many numbers are in memory. */
const AT_ONCE = 200_000

/**
 * Counts anew how often each block is named. Needed only after a node was freed whose bytes were lost, so that nobody knew what it named.
 * Lost nodes name nothing from then on, until they are put again. No session may be open.
 */
export async function countBlocks (parts: ShelfParts, signal: AbortSignal): Promise<void> {
  await parts.alone(async () => {
    await parts.commit()
    const shares = Math.ceil((parts.index.state.blocks + 1) / AT_ONCE)
    for (let share = 0; share < shares; share++) await countShare(parts, cid => shareOf(cid, shares) === share, signal)
    parts.index.setState({ miscounted: false })
    await parts.commit()
  })
}

const shareOf = (cid: string, shares: number): number => (cid.charCodeAt(20) * 1024 + cid.charCodeAt(21) * 32 + cid.charCodeAt(22)) % shares

async function countShare (parts: ShelfParts, isMine: (cid: string) => boolean, signal: AbortSignal): Promise<void> {
  const counts = new Map<string, number>()
  const name = (cid: string): void => { if (isMine(cid)) counts.set(cid, (counts.get(cid) ?? 0) + 1) }
  for await (const { key } of parts.store.list(ROOT_PREFIX)) name(key.slice(ROOT_PREFIX.length))
  for await (const { key, value } of parts.store.list(BLOCK_PREFIX)) {
    signal.throwIfAborted()
    const cid = key.slice(BLOCK_PREFIX.length)
    const entry = decodeEntry(value, cid)
    if (!isNode(cid) || !entry.counted) continue
    const bytes = await parts.bytes.read(cid, entry)
    if (bytes !== undefined) childrenOf(cid, bytes).forEach(name)
    else await parts.index.change([cid], view => {
      const now = view.get(cid)
      if (now === undefined) return
      view.set(cid, { ...now, place: undefined, whole: false, counted: false })
      parts.index.setState({ unsettled: true })
      parts.losses++
    })
  }
  for await (const { key } of parts.store.list(BLOCK_PREFIX)) {
    const cid = key.slice(BLOCK_PREFIX.length)
    if (!isMine(cid)) continue
    await parts.index.change([cid], view => {
      const entry = view.get(cid)
      const refs = counts.get(cid) ?? 0
      if (entry !== undefined && entry.refs !== refs) view.set(cid, { ...entry, refs })
    })
  }
  await parts.commit()
}

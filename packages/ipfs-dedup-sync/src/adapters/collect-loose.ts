import { childrenOf, isNode } from '../domain/keeping/block-id.ts'
import type { BlockEntry } from '../domain/keeping/block-entry.ts'
import { LOOSE_PREFIX } from '../domain/keeping/shelf-index.ts'
import { countBlocks } from './count-blocks.ts'
import { rewritePacks } from './rewrite-packs.ts'
import type { ShelfParts } from './shelf-parts.ts'

export interface CollectOptions { readonly signal: AbortSignal, readonly onProgress?: (freedBytes: number) => void }
export interface Collected { readonly freedBytes: number, readonly freedBlocks: number }

/** Changes between two commits. */
const COMMIT_EVERY = 4096

/**
 * Frees what nothing names, and what only that named, and so on down. A kill between two commits leaves what is not freed yet in the list of loose blocks, or
 * below one in it. Then packs that are mostly dead are written anew.
 */
export async function collectLoose (parts: ShelfParts, { signal, onProgress }: CollectOptions): Promise<Collected> {
  const { rollbacks } = parts
  let freedBytes = 0
  let freedBlocks = 0
  const commit = async (): Promise<void> => {
    await parts.commit()
    if (parts.rollbacks !== rollbacks) throw parts.rollbackCause
    onProgress?.(freedBytes)
  }
  await commit()
  for await (const { key } of parts.store.list(LOOSE_PREFIX)) {
    const open = [key.slice(LOOSE_PREFIX.length)]
    for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
      signal.throwIfAborted()
      const freed = await freeBlock(parts, cid)
      if (freed === undefined) continue
      freedBytes += freed.entry.place?.kind === 'pack' ? freed.entry.place.storedBytes : 0
      freedBlocks++
      open.push(...freed.loose)
      if (parts.index.pendingCount >= COMMIT_EVERY) await commit()
    }
  }
  await commit()
  if (parts.index.state.miscounted && parts.sessions.size === 0) {
    await countBlocks(parts, signal)
    const { freedBytes: more, freedBlocks: moreBlocks } = await collectLoose(parts, { signal, onProgress: bytes => { onProgress?.(freedBytes + bytes) } })
    return { freedBytes: freedBytes + more, freedBlocks: freedBlocks + moreBlocks }
  }
  await rewritePacks(parts, signal)
  return { freedBytes, freedBlocks }
}

/** @returns undefined where it is to stay; `loose`: those below it that nothing names any more */
async function freeBlock (parts: ShelfParts, cid: string): Promise<{ readonly entry: BlockEntry, readonly loose: readonly string[] } | undefined> {
  const isFree = (entry: BlockEntry | undefined): entry is BlockEntry => entry !== undefined && entry.refs === 0 && !parts.isReliedOn(cid)
  for (;;) {
    const entry = await parts.index.change([cid], view => view.get(cid))
    if (!isFree(entry)) return undefined
    let children: readonly string[] = []
    let isUnknown = false
    if (isNode(cid) && entry.counted) {
      const bytes = await parts.bytes.read(cid, entry)
      if (bytes === undefined && entry.place !== undefined && !await parts.lose(cid, entry)) continue // it stands elsewhere by now
      isUnknown = bytes === undefined
      if (bytes !== undefined) children = childrenOf(cid, bytes)
    }
    const loose = await parts.index.change([cid, ...children], view => {
      const now = view.get(cid)
      if (!isFree(now) || now.counted !== entry.counted) return undefined
      view.set(cid, undefined)
      if (isUnknown) parts.index.setState({ miscounted: true })
      return children.filter(child => {
        const below = view.get(child)
        if (below === undefined) return false
        view.set(child, { ...below, refs: Math.max(0, below.refs - 1) })
        return below.refs <= 1
      })
    })
    if (loose !== undefined) return { entry, loose }
  }
}

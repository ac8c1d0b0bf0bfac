import type { BlockEntry } from '../domain/keeping/block-entry.ts'
import { HEAD_BYTES, PACK_MAGIC, readHead } from '../domain/keeping/pack-record.ts'
import type { ShelfParts } from './shelf-parts.ts'

/**
 * Packs of which more than half is dead: what lives in them goes to the end of the newest, then their files go. So a byte that was freed costs the move of less than one.
 * A pack that cannot be read through is left as it is while anything in it lives.
 */
export async function rewritePacks (parts: ShelfParts, signal: AbortSignal): Promise<void> {
  const { index, packs } = parts
  const dead = [...index.packs].filter(([, { endBytes, liveBytes }]) => 2 * liveBytes < endBytes - PACK_MAGIC.length).map(([pack]) => pack)
  if (dead.length === 0) return
  if (dead.includes(packs.currentPack ?? 0)) packs.endPack()
  for (const pack of dead) {
    signal.throwIfAborted()
    if (index.packs.get(pack)!.liveBytes > 0) await moveLiving(parts, pack, signal)
    await parts.commit() // what was moved is durable where it went
    if (index.packs.get(pack)?.liveBytes !== 0) continue
    index.forgetPack(pack)
    await parts.commit()
    await packs.remove(pack)
  }
}

async function moveLiving (parts: ShelfParts, pack: number, signal: AbortSignal): Promise<void> {
  const { endBytes } = parts.index.packs.get(pack)!
  for (let offset = PACK_MAGIC.length; offset < endBytes;) {
    signal.throwIfAborted()
    const headBytes = await parts.packs.read(pack, offset, HEAD_BYTES)
    const head = headBytes === undefined ? undefined : readHead(headBytes, pack, offset)
    if (head === undefined) return
    const at = offset
    offset += HEAD_BYTES + head.storedBytes
    const standsHere = (entry: BlockEntry | undefined): entry is BlockEntry => entry?.place?.kind === 'pack' && entry.place.pack === pack && entry.place.offset === at
    const entry = await parts.index.change([head.cid], view => view.get(head.cid))
    if (!standsHere(entry)) continue
    const stored = await parts.packs.read(pack, at + HEAD_BYTES, head.storedBytes)
    if (stored === undefined) return
    if (await parts.bytes.read(head.cid, entry) === undefined) {
      await parts.lose(head.cid, entry)
      continue
    }
    await parts.index.change([head.cid], view => {
      const now = view.get(head.cid)
      if (standsHere(now)) view.set(head.cid, { ...now, place: parts.bytes.appendStored(head.cid, head.sizeBytes, stored, head.deflated) })
    })
    await parts.grew(stored.length)
  }
}

import { decodeEntry, type BlockEntry, type PackPlace } from '../domain/keeping/block-entry.ts'
import { HEAD_BYTES, PACK_MAGIC, readHead } from '../domain/keeping/pack-record.ts'
import { BLOCK_PREFIX } from '../domain/keeping/shelf-index.ts'
import type { ShelfParts } from './shelf-parts.ts'

/**
 * Packs of which more than half is dead: what lives in them goes to the end of the newest, then their files go. So a byte that was freed costs the move of less than one.
 * A pack with a damaged head is gone through by the index, all of it.
 */
export async function rewritePacks (parts: ShelfParts, signal: AbortSignal): Promise<void> {
  const { index, packs, rollbacks } = parts
  const dead = [...index.packs].filter(([, { endBytes, liveBytes }]) => 2 * liveBytes < endBytes - PACK_MAGIC.length).map(([pack]) => pack)
  if (dead.length === 0) return
  if (dead.includes(packs.currentPack ?? 0)) packs.endPack()
  for (const pack of dead) {
    signal.throwIfAborted()
    if (index.packs.get(pack)!.liveBytes > 0) await moveLiving(parts, pack, signal)
    if (index.packs.get(pack)?.liveBytes !== 0) continue
    index.forgetPack(pack)
    await parts.commit() // what was moved is durable where it went
    if (parts.rollbacks !== rollbacks) throw parts.rollbackCause
    await packs.remove(pack)
  }
}

async function moveLiving (parts: ShelfParts, pack: number, signal: AbortSignal): Promise<void> {
  const isReadable = await moveByHeads(parts, pack, signal)
  if (isReadable) return
  await parts.commit()
  for await (const { key, value } of parts.store.list(BLOCK_PREFIX)) {
    signal.throwIfAborted()
    const cid = key.slice(BLOCK_PREFIX.length)
    const { place } = decodeEntry(value, cid)
    if (place?.kind === 'pack' && place.pack === pack) await move(parts, cid, place)
  }
}

/** @returns false where a head is not what was written, and so nobody knows from it where the next one is */
async function moveByHeads (parts: ShelfParts, pack: number, signal: AbortSignal): Promise<boolean> {
  const { endBytes } = parts.index.packs.get(pack)!
  for (let offset = PACK_MAGIC.length; offset < endBytes;) {
    signal.throwIfAborted()
    const bytes = await parts.packs.read(pack, offset, HEAD_BYTES)
    const head = bytes === undefined ? undefined : readHead(bytes, pack, offset)
    if (head === undefined) return false
    await move(parts, head.cid, { pack, offset })
    offset += HEAD_BYTES + head.storedBytes
  }
  return true
}

/** @param from where it stands, unless it stands elsewhere or is gone by now */
async function move (parts: ShelfParts, cid: string, { pack, offset }: { readonly pack: number, readonly offset: number }): Promise<void> {
  const standsThere = (entry: BlockEntry | undefined): PackPlace | undefined => entry?.place?.kind === 'pack' && entry.place.pack === pack && entry.place.offset === offset ? entry.place : undefined
  const entry = await parts.index.change([cid], view => view.get(cid))
  const place = standsThere(entry)
  if (entry === undefined || place === undefined) return
  const stored = await parts.packs.read(pack, offset + HEAD_BYTES, place.storedBytes)
  if (stored === undefined || await parts.bytes.read(cid, entry) === undefined) {
    await parts.lose(cid, entry)
    return
  }
  await parts.index.change([cid], view => {
    const now = view.get(cid)
    if (now !== undefined && standsThere(now) !== undefined) view.set(cid, { ...now, place: parts.bytes.appendStored(cid, now.sizeBytes, stored, place.deflated) })
  })
  await parts.grew(stored.length)
}

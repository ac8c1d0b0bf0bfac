import type { BlockSource } from './block-source.ts'

/** Keeps what was asked for last, up to `maxBytes`: the upper levels of a tree are walked again for each path. */
export function rememberedBlocks (source: BlockSource, maxBytes: number): BlockSource {
  const kept = new Map<string, Uint8Array>()
  let sizeBytes = 0
  return {
    name: source.name,
    async get (cid, signal) {
      const known = kept.get(cid)
      if (known !== undefined) return known
      const bytes = await source.get(cid, signal)
      if (!kept.has(cid)) sizeBytes += bytes.length
      kept.set(cid, bytes)
      for (const [oldest, { length }] of kept) {
        if (sizeBytes <= maxBytes) break
        kept.delete(oldest)
        sizeBytes -= length
      }
      return bytes
    },
  }
}

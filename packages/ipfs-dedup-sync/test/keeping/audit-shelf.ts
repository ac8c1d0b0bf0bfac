import { createHash } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { decodeEntry, type BlockEntry } from '../../src/domain/keeping/block-entry.ts'
import { blockId, childrenOf } from '../../src/domain/keeping/block-id.ts'
import { decodeKeptRoot } from '../../src/domain/keeping/kept-root.ts'
import { HEAD_BYTES, readHead } from '../../src/domain/keeping/pack-record.ts'
import { decodePackFacts, decodeState } from '../../src/domain/keeping/shelf-state.ts'
import type { ShelfHome } from './shelf-home.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export interface Audit { readonly faults: readonly string[], readonly blocks: ReadonlySet<string>, readonly roots: readonly string[] }

/**
 * Reads the index and the packs of a shelf that is closed, or was killed, as docs/formats/dedup-store.md has them.
 * @returns `faults`: what does not fit; `blocks`: those that are whole
 */
export async function auditShelf ({ dir, store }: ShelfHome): Promise<Audit> {
  const faults: string[] = []
  const entries = new Map<string, BlockEntry>()
  const contents = new Map<string, Uint8Array>()
  const packs = new Map<number, { endBytes: number, liveBytes: number }>()
  const live = new Map<number, number>()
  for await (const { key, value } of store.list('pack/')) packs.set(Number(key.slice(5)), decodePackFacts(value, key))
  for await (const { key, value } of store.list('block/')) entries.set(key.slice(6), decodeEntry(value, key.slice(6)))
  for (const [cid, entry] of entries) {
    const { place } = entry
    if (place?.kind !== 'pack') continue
    const facts = packs.get(place.pack)
    const end = place.offset + HEAD_BYTES + place.storedBytes
    if (facts === undefined || facts.endBytes < end) faults.push(`${cid} stands behind the end of pack ${place.pack}`)
    live.set(place.pack, (live.get(place.pack) ?? 0) + HEAD_BYTES + place.storedBytes)
    const file = await fs.readFile(path.join(dir, 'packs', `${String(place.pack).padStart(8, '0')}.pack`)).catch(() => new Uint8Array(0))
    const head = readHead(file.subarray(place.offset, place.offset + HEAD_BYTES), place.pack, place.offset)
    const stored = file.subarray(place.offset + HEAD_BYTES, end)
    const bytes = place.deflated ? inflateRawSync(stored) : stored
    if (head?.cid !== cid || head.storedBytes !== place.storedBytes || head.sizeBytes !== entry.sizeBytes || head.deflated !== place.deflated) faults.push(`the record of ${cid} has another head`)
    if (blockId(cid.startsWith('bafy') ? 'node' : 'leaf', sha256(bytes)) !== cid) faults.push(`the bytes of ${cid} are others`)
    else contents.set(cid, bytes)
  }
  const counts = new Map<string, number>()
  const count = (cid: string): void => { counts.set(cid, (counts.get(cid) ?? 0) + 1) }
  const roots: string[] = []
  for await (const { key, value } of store.list('root/')) roots.push(decodeKeptRoot(value, key.slice(5)).root)
  roots.forEach(count)
  for (const [cid, entry] of entries) {
    const bytes = contents.get(cid)
    const children = bytes === undefined ? [] : childrenOf(cid, bytes)
    if (entry.counted) children.forEach(count)
    if (entry.whole && (entry.place === undefined || children.some(child => entries.get(child)?.whole !== true))) faults.push(`${cid} is not whole`)
  }
  for (const [cid, { refs }] of entries) if (refs !== (counts.get(cid) ?? 0)) faults.push(`${cid} is named ${counts.get(cid) ?? 0} times, not ${refs}`)
  const loose: string[] = []
  for await (const { key } of store.list('loose/')) loose.push(key.slice(6))
  const unnamed = [...entries].filter(([, { refs }]) => refs === 0).map(([cid]) => cid)
  if (loose.join() !== unnamed.sort().join()) faults.push(`the list of loose blocks is not that of ${unnamed.length} that nothing names`)
  for (const [pack, { liveBytes }] of packs) if (liveBytes !== (live.get(pack) ?? 0)) faults.push(`pack ${pack} has ${live.get(pack) ?? 0} live bytes, not ${liveBytes}`)
  const state = decodeState(await store.get('state'))
  const here = [...entries.values()].filter(({ place }) => place !== undefined)
  const sum = (some: readonly BlockEntry[]): number => some.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
  const sums = [here.length, sum(here), sum(here.filter(({ refs }) => refs === 0))]
  if ([state.blocks, state.blockBytes, state.looseBytes].join() !== sums.join()) faults.push(`the sums are ${sums.join()}, not ${state.blocks},${state.blockBytes},${state.looseBytes}`)
  return { faults, blocks: new Set([...entries].filter(([, { whole }]) => whole).map(([cid]) => cid)), roots }
}

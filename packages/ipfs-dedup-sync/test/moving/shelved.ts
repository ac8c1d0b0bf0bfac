import type { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { TreeLink } from '../../src/domain/tree/tree-node.ts'
import { readRange } from '../../src/domain/tree/read-range.ts'
import { encodeDirectory, openRoot, type TreeName } from '../../src/domain/tree/root-directory.ts'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { addBytes, type Blocks } from '../tree/plant-tree.ts'
import { sha256 } from './memory-net.ts'

/** Chunks and stores, as an `add` does. @returns the root */
export async function addFile (shelf: MemoryShelf, bytes: Uint8Array): Promise<TreeLink> {
  return (await addBytes(bytes, { put: async (cid: string, block: Uint8Array) => { shelf.blocks.set(cid, block) } } as unknown as Blocks)).root
}

/** A root of several trees. */
export async function addParts (shelf: MemoryShelf, parts: Partial<Record<TreeName, Uint8Array>>): Promise<string> {
  const entries: Array<{ name: TreeName, link: TreeLink }> = []
  for (const name of ['content', 'corrections', 'recipe'] as const) {
    const bytes = parts[name]
    if (bytes !== undefined) entries.push({ name, link: await addFile(shelf, bytes) })
  }
  const block = encodeDirectory(entries)
  const cid = CID.createV1(0x70, create(0x12, sha256(block))).toString()
  shelf.blocks.set(cid, block)
  return cid
}

/** The bytes of one tree of a root, everything below checked to be there. */
export async function readBack (shelf: MemoryShelf, root: string, name: TreeName = 'content'): Promise<Buffer> {
  const { trees } = await openRoot({ blocks: shelf }, root)
  const parts: Uint8Array[] = []
  for await (const part of readRange({ blocks: shelf }, trees.find(tree => tree.name === name)!.tree)) parts.push(part)
  return Buffer.concat(parts)
}

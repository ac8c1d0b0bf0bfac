import { createHash } from 'node:crypto'
import type { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { loadChunker } from '../../src/adapters/load-chunker.ts'
import type { Cutter } from '../../src/domain/chunking/cutter.ts'
import { fastcdcCutter } from '../../src/domain/chunking/fastcdc-cutter.ts'
import { gearTable } from '../../src/domain/chunking/gear-table.ts'
import { splitStream } from '../../src/domain/chunking/split-stream.ts'
import { TreeBuilder, type BuiltTree, type TreeBuilderDeps } from '../../src/domain/tree/tree-builder.ts'
import { leafLink, type TreeLink } from '../../src/domain/tree/tree-node.ts'
import { inPieces } from '../chunking/cut-lengths.ts'
import { wasmFile } from '../chunking/make-bytes.ts'

export type Blocks = ReturnType<typeof memoryBlockStore>

export const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())
export const fastcdc = (): Cutter => fastcdcCutter(loadChunker(wasmFile)(gearTable()))

/** A leaf that is not stored. */
export const madeLeaf = (text: string, sizeBytes: number): TreeLink => leafLink(sha256(Buffer.from(text)), sizeBytes)

export async function treeOver (leaves: Iterable<TreeLink>, blocks: TreeBuilderDeps['blocks'], groups: TreeBuilderDeps['groups'] = 'by-content'): Promise<BuiltTree> {
  const builder = new TreeBuilder({ blocks, sha256, groups })
  for (const leaf of leaves) await builder.add(leaf)
  return await builder.finish()
}

/** Chunks, stores and builds, as an `add` does. */
export async function addBytes (bytes: Uint8Array, blocks: Blocks, cutter: Cutter = fastcdc(), groups: TreeBuilderDeps['groups'] = 'by-content', forced: readonly number[] = []): Promise<BuiltTree> {
  const builder = new TreeBuilder({ blocks, sha256, groups })
  for await (const chunk of splitStream(inPieces(bytes, [], forced), cutter)) {
    const leaf = leafLink(sha256(chunk), chunk.length)
    await blocks.put(leaf.cid.toString(), chunk)
    await builder.add(leaf)
  }
  return await builder.finish()
}

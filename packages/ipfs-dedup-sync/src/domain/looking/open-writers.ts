import { codeOf } from '@ipkit/core/errors/code-of'
import type { Cutter } from '../chunking/cutter.ts'
import { fastcdcCutter } from '../chunking/fastcdc-cutter.ts'
import { gearTable } from '../chunking/gear-table.ts'
import { jsGearScanner } from '../chunking/js-gear-scanner.ts'
import type { Chunker } from '../chunking/parse-chunker.ts'
import type { RecipeHead } from '../recipe/recipe-head.ts'
import { encodeRootFolder } from '../recipe/root-folder.ts'
import { leavesInRange } from '../tree/leaves-in-range.ts'
import { openTree } from '../tree/open-tree.ts'
import { TreeBuilder } from '../tree/tree-builder.ts'
import { ContentWriter } from './content-writer.ts'
import type { IngestDeps, Ingested } from './ingest.ts'
import { LayerBook } from './layer-book.ts'
import { LeafStore } from './leaf-store.ts'
import { LeafWriter } from './leaf-writer.ts'
import { Looking } from './looking.ts'
import { RecipeWriter } from './recipe-writer.ts'

export interface Writers {
  readonly looking: Looking
  /** Once, when everything was written. */
  finish(facts: Omit<RecipeHead, 'encoders' | 'heads'>): Promise<Omit<Ingested, 'sizeBytes' | 'sha256'>>
  close(): Promise<void>
}

let publicTable: BigUint64Array | undefined // always the same numbers
function publicCutter (): Cutter {
  publicTable ??= gearTable()
  return fastcdcCutter(jsGearScanner(publicTable))
}

/** What a root is written with: content, recipe and corrections, each a tree of its own. */
export function openWriters (deps: IngestDeps, chunker: Chunker): Writers {
  const { session } = deps
  const sha256 = (bytes: Uint8Array): Uint8Array => {
    const hash = deps.newHash()
    hash.update(bytes)
    return hash.digest()
  }
  const blocks = { put: async (cid: string, bytes: Uint8Array): Promise<void> => { await session.put(cid, bytes, { checked: true }) } } // the tree has just hashed them
  const groups = chunker.kind === 'fastcdc' ? 'by-content' : 'by-number'
  const newTree = (): TreeBuilder => new TreeBuilder({ blocks, sha256, groups })
  const leaves = new LeafStore(session)
  const newLeaves = (): LeafWriter => new LeafWriter(publicCutter, leaves, sha256)
  const content = new ContentWriter({ chunks: deps.chunks, leaves, tree: newTree() })
  const recipe = new RecipeWriter(newLeaves)
  const corrections = newLeaves()
  const layers = new LayerBook()
  const looking = new Looking({ deps, content, recipe, corrections, layers })

  const finish: Writers['finish'] = async facts => {
    const { root: tree } = await content.finish()
    const told = { layers: layers.layers(), notes: layers.notes(), edit: await editOf(deps, tree.cid.toString(), tree.sizeBytes) }
    if (facts.kind === 'file' && recipe.isPlain) return { root: tree.cid.toString(), reusedBytes: leaves.reusedBytes, ...told }
    const parts = { content: tree, recipe: (await recipe.finish(facts, newTree())).root }
    const root = encodeRootFolder(corrections.sizeBytes === 0 ? parts : { ...parts, corrections: await treeOf(corrections, newTree()) }, sha256)
    await session.put(root.cid, root.block)
    return { root: root.cid, reusedBytes: leaves.reusedBytes, ...told }
  }
  return { looking, finish, close: async () => { await content.close() } }
}

async function treeOf (leaves: LeafWriter, tree: TreeBuilder): Promise<Awaited<ReturnType<TreeBuilder['finish']>>['root']> {
  await leaves.addTo(tree)
  return (await tree.finish()).root
}

/** What hangs above the byte in the middle. */
async function editOf ({ session, signal }: IngestDeps, root: string, sizeBytes: number): Promise<Ingested['edit']> {
  const read: number[] = []
  const blocks = { get: async (cid: string): Promise<Uint8Array> => {
    const bytes = await session.get(cid, { signal })
    read.push(bytes.length)
    return bytes
  } }
  if (root.startsWith('bafkrei')) return { nodes: 0, bytes: sizeBytes }
  const middle = Math.floor(sizeBytes / 2)
  const tree = await openTree({ blocks: session, signal }, root)
  try {
    for await (const { leaf } of leavesInRange({ blocks, signal }, tree, { start: middle, end: middle + 1 })) return { nodes: read.length, bytes: leaf.sizeBytes + read.reduce((sum, size) => sum + size) }
  } catch (e) {
    if (codeOf(e) !== 'BLOCK_NOT_FOUND') throw e // of a huge file that is only looked at, not all nodes are kept
  }
  return { nodes: tree.height, bytes: read.reduce((sum, size) => sum + size, 0) }
}

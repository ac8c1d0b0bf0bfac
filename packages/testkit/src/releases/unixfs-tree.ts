import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

export interface UnixfsTree {
  readonly root: string
  /** By CID in text. */
  readonly blocks: ReadonlyMap<string, Uint8Array>
}

/** What `ipfs add` uses today: the profile unixfs-v1-2025. */
const V1_2025 = { cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: 1024 * 1024 }), layout: balanced({ maxChildrenPerNode: 1024 }) } as const

type Store = Parameters<typeof importer>[1]

/** @param files by path from `/` */
export async function unixfsTree (files: ReadonlyMap<string, Uint8Array>): Promise<UnixfsTree> {
  const blocks = new Map<string, Uint8Array>()
  let root = ''
  const source = [...files].map(([path, content]) => ({ path: path.slice(1), content }))
  for await (const entry of importer(source, storeOf(blocks), { ...V1_2025, wrapWithDirectory: true })) root = entry.cid.toString()
  return { root, blocks }
}

/** The CID of one file. */
export async function cidOf (content: Uint8Array): Promise<string> {
  for await (const { cid } of importer([{ content }], storeOf(new Map()), V1_2025)) return cid.toString()
  throw new Error('nothing was added')
}

const storeOf = (blocks: Map<string, Uint8Array>): Store => ({
  async put (cid: { toString(): string }, bytes: Uint8Array) {
    blocks.set(cid.toString(), bytes)
    return cid
  },
} as unknown as Store)

/** Finds what a path in a UnixFS tree means. Spec: specs.ipfs.tech/unixfs, "Path Resolution". */
import { murmur364 } from '@multiformats/murmur3'
import type { BlockSource } from './block-source.ts'
import { decodeUnixfs, invalidTree, type UnixfsLink } from './unixfs-node.ts'

/**
 * @param root canonical CID of a directory @param names one or more
 * @returns the CID of what is there, whatever it is; undefined: a directory on the way does not have the name
 * @throws AppError ORIGIN_ANSWER_INVALID when something on the way is no directory; those of `blocks`
 */
export async function findUnixfs (blocks: BlockSource, root: string, names: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  let cid: string | undefined = root
  for (const name of names) {
    cid = await findEntry(blocks, cid, name, signal)
    if (cid === undefined) return undefined
  }
  return cid
}

async function findEntry (blocks: BlockSource, cid: string, name: string, signal: AbortSignal): Promise<string | undefined> {
  const node = decodeUnixfs(cid, await blocks.get(cid, signal))
  if (node.kind === 'directory') return find(node.links, name)
  if (node.kind === 'shard') return await findInShards(blocks, { cid, ...node }, name, signal)
  throw invalidTree(cid, `is a ${node.kind}, where a directory with '${name}' is expected`)
}

interface Shard { readonly cid: string, readonly links: readonly UnixfsLink[], readonly fanout: number }

/** Each level takes the next bits of the name's hash, so there is an end to the levels. murmur3-x64-64 is the only hash that the spec has. */
async function findInShards (blocks: BlockSource, root: Shard, name: string, signal: AbortSignal): Promise<string | undefined> {
  const hash = await hashOf(name)
  const bits = Math.log2(root.fanout)
  const digits = (root.fanout - 1).toString(16).length
  let { cid, links }: { cid: string, links: readonly UnixfsLink[] } = root
  for (let left = 64 - bits; left >= 0; left -= bits) {
    const prefix = (hash >> BigInt(left) & BigInt(root.fanout - 1)).toString(16).toUpperCase().padStart(digits, '0')
    const entry = find(links, `${prefix}${name}`)
    if (entry !== undefined) return entry
    const below = find(links, prefix)
    if (below === undefined) return undefined
    const node = decodeUnixfs(below, await blocks.get(below, signal))
    if (node.kind !== 'shard' || node.fanout !== root.fanout) throw invalidTree(below, `is no shard of ${root.fanout}, as ${cid} is`)
    cid = below
    links = node.links
  }
  throw invalidTree(cid, 'is a shard below more shards than a name can have')
}

const find = (links: readonly UnixfsLink[], name: string): string | undefined => links.find(link => link.name === name)?.cid

async function hashOf (name: string): Promise<bigint> {
  const bytes = await murmur364.encode(new TextEncoder().encode(name))
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
}

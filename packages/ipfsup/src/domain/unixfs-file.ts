/** Reads a file of a UnixFS tree, from any byte on, with a few blocks under way at once and no more in memory. */
import { AppError } from '@ipkit/core/errors/app-error'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import type { BlockSource } from './block-source.ts'
import { BLOCKS_AHEAD, MAX_TREE_DEPTH } from './ipfs-limits.ts'
import { decodeUnixfs, invalidTree, type UnixfsNode } from './unixfs-node.ts'

export interface UnixfsFile {
  /** As its root says; the source has as many, or throws. */
  readonly totalBytes: number
  /** From `fromByte` on. */
  readonly source: AsyncIterable<Uint8Array>
}

type FileNode = Extract<UnixfsNode, { readonly kind: 'file' }>

/** @throws AppError ORIGIN_ANSWER_INVALID, also from the source; those of `blocks` */
export async function readUnixfs (blocks: BlockSource, cid: string, fromByte: number, signal: AbortSignal): Promise<UnixfsFile> {
  const root = await getFile(blocks, cid, signal)
  return { totalBytes: root.sizeBytes, source: read(blocks, cid, root, fromByte, 1, signal) }
}

/** Of what has its limit. @throws AppError ORIGIN_ANSWER_INVALID; those of `blocks` */
export async function readSmallUnixfs (blocks: BlockSource, cid: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const { totalBytes, source } = await readUnixfs(blocks, cid, 0, signal)
  if (totalBytes > maxBytes) throw new AppError('ORIGIN_ANSWER_INVALID', `the file ${cid} has ${totalBytes} bytes; the limit is ${maxBytes}`, { exit: 'refused' })
  const bytes = new Uint8Array(totalBytes)
  let at = 0
  for await (const chunk of source) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

async function * read (blocks: BlockSource, cid: string, node: FileNode, fromByte: number, depth: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (depth > MAX_TREE_DEPTH) throw invalidTree(cid, `is below ${MAX_TREE_DEPTH} others; that is the limit`)
  if (fromByte < node.data.length) yield node.data.subarray(fromByte)
  for await (const child of mapConcurrent(childrenFrom(node, fromByte), BLOCKS_AHEAD, async (wanted, stop) => {
    const got = await getFile(blocks, wanted.cid, AbortSignal.any([signal, stop]))
    if (got.sizeBytes !== wanted.sizeBytes) throw invalidTree(wanted.cid, `has ${got.sizeBytes} bytes, and not the ${wanted.sizeBytes} that ${cid} tells`)
    return { ...wanted, node: got }
  })) yield * read(blocks, child.cid, child.node, child.fromByte, depth + 1, signal)
}

/** Those that end behind `fromByte`. */
function * childrenFrom ({ links, sizes, data }: FileNode, fromByte: number): Generator<{ readonly cid: string, readonly sizeBytes: number, readonly fromByte: number }> {
  let startByte = data.length
  for (const [i, { cid }] of links.entries()) {
    const sizeBytes = sizes[i]!
    if (startByte + sizeBytes > fromByte) yield { cid, sizeBytes, fromByte: Math.max(0, fromByte - startByte) }
    startByte += sizeBytes
  }
}

async function getFile (blocks: BlockSource, cid: string, signal: AbortSignal): Promise<FileNode> {
  const node = decodeUnixfs(cid, await blocks.get(cid, signal))
  if (node.kind !== 'file') throw invalidTree(cid, `is a ${node.kind}, and not a file`)
  return node
}

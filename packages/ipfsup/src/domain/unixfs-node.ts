/** One block of a UnixFS tree. Spec: specs.ipfs.tech/unixfs. */
import { decode } from '@ipld/dag-pb'
import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'

export interface UnixfsLink {
  readonly name: string
  readonly cid: string
}

export type UnixfsNode =
  | { readonly kind: 'directory', readonly links: readonly UnixfsLink[] }
  /** A part of a directory that is spread over many blocks. @param fanout a power of two from 8 to 1024 */
  | { readonly kind: 'shard', readonly links: readonly UnixfsLink[], readonly fanout: number }
  /** `data` comes first, then what is behind the links; `sizes` are theirs. */
  | { readonly kind: 'file', readonly links: readonly UnixfsLink[], readonly data: Uint8Array, readonly sizes: readonly number[], readonly sizeBytes: number }
  | { readonly kind: 'symlink' }

const RAW = 0x55
const DAG_PB = 0x70
const FANOUTS: readonly number[] = [8, 16, 32, 64, 128, 256, 512, 1024]

/** @param cid of `bytes`, which were checked against it @throws AppError ORIGIN_ANSWER_INVALID */
export function decodeUnixfs (cid: string, bytes: Uint8Array): UnixfsNode {
  const { code } = CID.parse(cid)
  if (code === RAW) return { kind: 'file', links: [], data: bytes, sizes: [], sizeBytes: bytes.length }
  if (code !== DAG_PB) throw invalidTree(cid, `is of codec 0x${code.toString(16)}, and not of UnixFS`)
  const [links, unixfs] = parse(cid, bytes)
  switch (unixfs.type) {
    case 'directory': return { kind: 'directory', links }
    case 'symlink': return { kind: 'symlink' }
    case 'hamt-sharded-directory': {
      const fanout = Number(unixfs.fanout ?? 0n)
      if (!FANOUTS.includes(fanout)) throw invalidTree(cid, `is a shard of ${fanout}; that is none of ${FANOUTS.join(', ')}`)
      return { kind: 'shard', links, fanout }
    }
    case 'file': case 'raw': {
      const data = unixfs.data ?? new Uint8Array(0)
      const sizes = unixfs.blockSizes.map(Number)
      const sizeBytes = sizes.reduce((total, size) => total + size, data.length)
      if (sizes.length !== links.length) throw invalidTree(cid, `has ${links.length} links and tells the sizes of ${sizes.length}`)
      if (!Number.isSafeInteger(sizeBytes)) throw invalidTree(cid, 'is larger than can be')
      return { kind: 'file', links, data, sizes, sizeBytes }
    }
    default: throw invalidTree(cid, `is of type ${unixfs.type}`)
  }
}

export const invalidTree = (cid: string, what: string): AppError =>
  new AppError('ORIGIN_ANSWER_INVALID', `block ${cid} ${what}`, { exit: 'refused' })

function parse (cid: string, bytes: Uint8Array): [UnixfsLink[], UnixFS] {
  try {
    const { Data, Links } = decode(bytes)
    return [Links.map(link => ({ name: link.Name ?? '', cid: link.Hash.toString() })), UnixFS.unmarshal(Data ?? new Uint8Array(0))]
  } catch (e) { // whatever these packages throw, it is about the bytes
    throw invalidTree(cid, `is no UnixFS: ${messageOf(e)}`)
  }
}

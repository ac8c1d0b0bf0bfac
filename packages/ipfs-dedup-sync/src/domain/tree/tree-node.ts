import * as dagPb from '@ipld/dag-pb'
import { AppError } from '@ipkit/core/errors/app-error'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { MAX_CHILDREN, MAX_LEAF_BYTES } from './tree-limits.ts'

const RAW = 0x55
const SHA2_256 = 0x12
const DIGEST_BYTES = 32

/** A leaf or a node, as the node above names it. */
export interface TreeLink {
  readonly cid: CID
  /** Of the file's bytes below. */
  readonly sizeBytes: number
  /** Of the blocks: this one and all below it (Tsize). */
  readonly blockBytes: number
}

export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** @param digest SHA-256 of the chunk */
export function leafLink (digest: Uint8Array, sizeBytes: number): TreeLink {
  return { cid: CID.createV1(RAW, create(SHA2_256, digest)), sizeBytes, blockBytes: sizeBytes }
}

export const isLeaf = (cid: CID): boolean => cid.code === RAW

/** The block of a UnixFS file whose parts the children are. */
export function encodeNode (children: readonly TreeLink[]): Uint8Array {
  const file = new UnixFS({ type: 'file', blockSizes: children.map(c => BigInt(c.sizeBytes)) })
  return dagPb.encode({ Data: file.marshal(), Links: children.map(c => ({ Name: '', Tsize: c.blockBytes, Hash: c.cid })) })
}

/** @param block what `encodeNode` made of the children */
export function nodeLink (block: Uint8Array, children: readonly TreeLink[], sha256: Sha256): TreeLink {
  return {
    cid: CID.createV1(dagPb.code, create(SHA2_256, sha256(block))),
    sizeBytes: children.reduce((sum, c) => sum + c.sizeBytes, 0),
    blockBytes: children.reduce((sum, c) => sum + c.blockBytes, block.length),
  }
}

/**
 * @param what names the node in the error
 * @returns the children, in order
 * @throws AppError TREE_INVALID for anything that `encodeNode` does not make
 */
export function decodeNode (block: Uint8Array, what: string): TreeLink[] {
  const children = readChildren(block, what)
  const sizeBytes = children.reduce((sum, c) => sum + c.sizeBytes, 0)
  if (sizeBytes === 0 || !Number.isSafeInteger(sizeBytes)) throw invalid(what, `it is said to have ${sizeBytes} bytes`)
  const again = encodeNode(children)
  if (again.length !== block.length || again.some((byte, i) => byte !== block[i])) throw invalid(what, 'it is not written as the spec says')
  return children
}

function readChildren (block: Uint8Array, what: string): TreeLink[] {
  let node: dagPb.PBNode
  let file: UnixFS
  try {
    node = dagPb.decode(block)
    file = UnixFS.unmarshal(node.Data ?? new Uint8Array(0))
  } catch (e) {
    throw new AppError('TREE_INVALID', `${what} is not a file of IPFS`, { exit: 'refused', cause: e })
  }
  if (file.type !== 'file') throw invalid(what, `it is a ${file.type}`)
  if (node.Links.length === 0 || node.Links.length > MAX_CHILDREN) throw invalid(what, `it has ${node.Links.length} children, and the limit is ${MAX_CHILDREN}`)
  if (file.blockSizes.length !== node.Links.length) throw invalid(what, `it has ${file.blockSizes.length} sizes for ${node.Links.length} children`)
  return node.Links.map(({ Hash: cid, Tsize }, i) => {
    checkCid(cid, what)
    const sizeBytes = Number(file.blockSizes[i])
    if (!Number.isSafeInteger(sizeBytes) || (isLeaf(cid) && sizeBytes > MAX_LEAF_BYTES)) throw invalid(what, `a child of it is said to have ${sizeBytes} bytes`)
    if (Tsize === undefined || !Number.isSafeInteger(Tsize)) throw invalid(what, 'it does not say how large the blocks of a child are')
    return { cid, sizeBytes, blockBytes: Tsize }
  })
}

/** @throws AppError TREE_INVALID */
export function checkCid (cid: CID, what: string): void {
  const { code, digest } = cid.multihash
  if (cid.version !== 1 || (cid.code !== RAW && cid.code !== dagPb.code) || code !== SHA2_256 || digest.length !== DIGEST_BYTES) throw invalid(what, `it needs ${cid.toString().slice(0, 80)}`)
}

export function invalid (what: string, why: string): AppError {
  return new AppError('TREE_INVALID', `${what} is no tree that can be read: ${why}`, { exit: 'refused' })
}

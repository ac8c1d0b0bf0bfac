/**
 * The UnixFS folder of a plain message: the user's file beside one of 32 random bytes, so that nobody can guess the root's CID from the
 * content. Spec: docs/protocols/burn-plain.md, "Layout".
 */
import { AppError } from '@ipkit/core/errors/app-error'
import { createNode, encode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import type { BulkCrypto } from './bulk-crypto.ts'
import { DAG_PB_CODEC, HASH_BYTES, leafCount, leafSize, payloadCid, payloadTree, RAW_CODEC } from './payload-layout.ts'
import { RANDOM_BYTES, RANDOM_NAME } from './plain-limits.ts'

/** UnixFS message { Type (1): Directory (1) } */
const FOLDER = Uint8Array.of(0x08, 0x01)
const SHA2_256 = 0x12

export interface PlainContent {
  /** Of the user's file in the folder. */
  readonly name: string
  /** 32 bytes */
  readonly random: Uint8Array
  readonly sizeBytes: number
  /** SHA-256 of each 1 MiB leaf, 32 bytes each. */
  readonly hashes: Uint8Array
}

/** A block by its place: 0 is the root, then the random bytes, the file's nodes, its leaves. */
export type PlainBlock =
  | { readonly index: number, readonly bytes: Uint8Array }
  | { readonly index: number, readonly leaf: number, readonly sizeBytes: number }

export interface PlainTree {
  readonly root: CID
  /** How many different blocks there are: leaves that are alike are one. */
  readonly blockCount: number
  /** By SHA-256 alone, so a CID of version 0 finds it too. @param cid text @returns undefined for what is not part of the message */
  find(cid: string): PlainBlock | undefined
}

/** @throws AppError NAME_INVALID when the file is called like the one of random bytes */
export function requirePlainName (name: string): void {
  if (name === RANDOM_NAME) throw new AppError('NAME_INVALID', `a plain message has a file '${RANDOM_NAME}' already`, { exit: 'usage', hints: ['give another with --name'] })
}

export function plainTree (sha256: BulkCrypto['sha256'], { name, random, sizeBytes, hashes }: PlainContent): PlainTree {
  requirePlainName(name)
  if (random.length !== RANDOM_BYTES) throw new RangeError(`${random.length} random bytes; ${RANDOM_BYTES} are needed`)
  const file = payloadTree(sha256, sizeBytes, hashes)
  const fileDagBytes = sizeBytes + file.nodes.reduce((sum, node) => sum + node.bytes.length, 0)
  const randomHash = sha256(random)
  const folder = encode(createNode(FOLDER, [
    { Hash: file.root, Name: name, Tsize: fileDagBytes },
    { Hash: payloadCid(RAW_CODEC, randomHash), Name: RANDOM_NAME, Tsize: RANDOM_BYTES },
  ]))
  const rootHash = sha256(folder)
  const nodes = [{ hash: rootHash, bytes: folder }, { hash: randomHash, bytes: random }, ...file.nodes.map(node => ({ hash: node.cid.multihash.digest, bytes: node.bytes }))]

  const places = new Map(nodes.map(({ hash }, index) => [hashKey(hash), index]))
  for (let leaf = 0; leaf < leafCount(sizeBytes); leaf++) {
    const key = hashKey(hashes.subarray(leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES))
    if (!places.has(key)) places.set(key, nodes.length + leaf)
  }
  return {
    root: payloadCid(DAG_PB_CODEC, rootHash),
    blockCount: places.size,
    find (text) {
      const { multihash } = CID.parse(text)
      const index = multihash.code === SHA2_256 ? places.get(hashKey(multihash.digest)) : undefined
      if (index === undefined) return undefined
      if (index < nodes.length) return { index, bytes: nodes[index]!.bytes }
      const leaf = index - nodes.length
      return { index, leaf, sizeBytes: leafSize(sizeBytes, leaf) }
    },
  }
}

const hashKey = (hash: Uint8Array): string => String.fromCharCode(...hash)

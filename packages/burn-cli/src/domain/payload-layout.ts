/**
 * The UnixFS layout of a payload: the root CID as a function of size and leaf hashes, so that no tree from a peer is ever
 * walked. Spec: docs/protocols/burn.md, "UnixFS layout".
 */
import { createNode, encode, type PBLink } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { BulkCrypto } from './bulk-crypto.ts'
import { LEAF_BYTES, MAX_LINKS, MAX_PAYLOAD_BYTES } from './limits.ts'

export const HASH_BYTES = 32
export const RAW_CODEC = 0x55
export const DAG_PB_CODEC = 0x70
const SHA2_256 = 0x12

/** @param sizeBytes 1 to 2^40 */
export function leafCount (sizeBytes: number): number {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > MAX_PAYLOAD_BYTES) throw new RangeError(`a payload of ${sizeBytes} bytes; 1 to ${MAX_PAYLOAD_BYTES} are possible`)
  return Math.ceil(sizeBytes / LEAF_BYTES)
}

/** Every leaf is 1 MiB but the last. */
export function leafSize (sizeBytes: number, index: number): number {
  return Math.min(LEAF_BYTES, sizeBytes - index * LEAF_BYTES)
}

export interface PayloadTree {
  readonly root: CID
  /** The dag-pb nodes, root last; empty for a payload of one leaf. */
  readonly nodes: ReadonlyArray<{ readonly cid: CID, readonly bytes: Uint8Array }>
}

/**
 * @param sizeBytes 1 to 2^40
 * @param hashes SHA-256 of each leaf, 32 bytes each, in order
 */
export function payloadTree (sha256: BulkCrypto['sha256'], sizeBytes: number, hashes: Uint8Array): PayloadTree {
  const count = leafCount(sizeBytes)
  if (hashes.length !== count * HASH_BYTES) throw new RangeError(`${hashes.length} bytes of hashes for ${count} leaves`)
  const nodes: Array<{ cid: CID, bytes: Uint8Array }> = []
  // A level is a function, so that a million leaves are not a million objects at once.
  let size = count
  let at = (i: number): Branch => {
    const bytes = leafSize(sizeBytes, i)
    return { cid: payloadCid(RAW_CODEC, hashes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES)), fileBytes: bytes, dagBytes: bytes }
  }
  while (size > 1) {
    const above: Branch[] = []
    for (let from = 0; from < size; from += MAX_LINKS) {
      const children = Array.from({ length: Math.min(MAX_LINKS, size - from) }, (_, i) => at(from + i))
      const bytes = encodeFileNode(children)
      const cid = payloadCid(DAG_PB_CODEC, sha256(bytes))
      nodes.push({ cid, bytes })
      above.push({ cid, fileBytes: sum(children.map(c => c.fileBytes)), dagBytes: bytes.length + sum(children.map(c => c.dagBytes)) })
    }
    size = above.length
    at = i => above[i]!
  }
  return { root: at(0).cid, nodes }
}

export const rootCid = (sha256: BulkCrypto['sha256'], sizeBytes: number, hashes: Uint8Array): CID => payloadTree(sha256, sizeBytes, hashes).root

/** @param digest SHA-256, 32 bytes */
export const payloadCid = (codec: typeof RAW_CODEC | typeof DAG_PB_CODEC, digest: Uint8Array): CID => CID.createV1(codec, createDigest(SHA2_256, digest))

/** True for what can be the root of a payload: version 1, raw or dag-pb, sha2-256. */
export function isPayloadCid (cid: CID): boolean {
  return cid.version === 1 && (cid.code === RAW_CODEC || cid.code === DAG_PB_CODEC) && cid.multihash.code === SHA2_256 && cid.multihash.digest.length === HASH_BYTES
}

interface Branch {
  readonly cid: CID
  /** Payload bytes below it. */
  readonly fileBytes: number
  /** Block bytes of it and below it. */
  readonly dagBytes: number
}

function encodeFileNode (children: readonly Branch[]): Uint8Array {
  const links: PBLink[] = children.map(c => ({ Hash: c.cid, Name: '', Tsize: c.dagBytes }))
  return encode(createNode(unixfsFile(children.map(c => c.fileBytes)), links))
}

/** UnixFS message { Type (1): File (2), filesize (3), blocksizes (4), … }. Ten lines instead of a protobuf runtime in the page. */
function unixfsFile (blockSizes: readonly number[]): Uint8Array {
  const out = [0x08, 0x02, 0x18, ...varint(sum(blockSizes))]
  for (const size of blockSizes) out.push(0x20, ...varint(size))
  return Uint8Array.from(out)
}

/** Unsigned LEB128, without bit operators: file sizes go over 32 bits. */
function varint (n: number): number[] {
  const out: number[] = []
  for (; n >= 128; n = Math.floor(n / 128)) out.push(n % 128 + 128)
  out.push(n)
  return out
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

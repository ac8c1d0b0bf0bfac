/**
 * The UnixFS layout of a payload: the root CID as a function of size and leaf hashes, so that no tree from a peer is ever
 * walked. Spec: docs/protocols/burn.md, "UnixFS layout".
 */
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
    return { codec: RAW_CODEC, hash: hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), fileBytes: bytes, dagBytes: bytes }
  }
  while (size > 1) {
    const above: Branch[] = []
    for (let from = 0; from < size; from += MAX_LINKS) {
      const children = Array.from({ length: Math.min(MAX_LINKS, size - from) }, (_, i) => at(from + i))
      const bytes = encodeFileNode(children)
      const hash = sha256(bytes)
      nodes.push({ cid: payloadCid(DAG_PB_CODEC, hash), bytes })
      above.push({ codec: DAG_PB_CODEC, hash, fileBytes: sum(children.map(c => c.fileBytes)), dagBytes: bytes.length + sum(children.map(c => c.dagBytes)) })
    }
    size = above.length
    at = i => above[i]!
  }
  const { codec, hash } = at(0)
  return { root: payloadCid(codec, hash.slice()), nodes }
}

export const rootCid = (sha256: BulkCrypto['sha256'], sizeBytes: number, hashes: Uint8Array): CID => payloadTree(sha256, sizeBytes, hashes).root

/** @param digest SHA-256, 32 bytes */
export const payloadCid = (codec: typeof RAW_CODEC | typeof DAG_PB_CODEC, digest: Uint8Array): CID => CID.createV1(codec, createDigest(SHA2_256, digest))

/** True for what can be the root of a payload: version 1, raw or dag-pb, sha2-256. */
export function isPayloadCid (cid: CID): boolean {
  return cid.version === 1 && (cid.code === RAW_CODEC || cid.code === DAG_PB_CODEC) && cid.multihash.code === SHA2_256 && cid.multihash.digest.length === HASH_BYTES
}

interface Branch {
  readonly codec: typeof RAW_CODEC | typeof DAG_PB_CODEC
  readonly hash: Uint8Array
  /** Payload bytes below it. */
  readonly fileBytes: number
  /** Block bytes of it and below it. */
  readonly dagBytes: number
}

/** The most that a link and its size in Data take: numbers have at most six bytes. */
const CHILD_BYTES = 64
const LINK_START = Uint8Array.of(0x12, 0, 0x0a, 4 + HASH_BYTES, 0x01, 0, SHA2_256, HASH_BYTES)

/**
 * dag-pb: the links (2) { Hash (1), Name (2): '', Tsize (3) }, then Data (1), the UnixFS message { Type (1): File (2), filesize (3),
 * blocksizes (4), … }. By hand: a general encoder takes 18 seconds for the million leaves that a sender may announce, and the whole node would wait.
 */
function encodeFileNode (children: readonly Branch[]): Uint8Array {
  const out = new Uint8Array((children.length + 1) * CHILD_BYTES)
  let at = 0
  const put = (field: number, n: number): void => {
    out[at++] = field
    let rest = n
    for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = rest % 128 + 128
    out[at++] = rest
  }
  for (const { codec, hash, dagBytes } of children) {
    const start = at
    out.set(LINK_START, start)
    out[start + 5] = codec
    out.set(hash, start + LINK_START.length)
    at += LINK_START.length + HASH_BYTES
    put(0x12, 0)
    put(0x18, dagBytes)
    out[start + 1] = at - start - 2
  }
  const fileBytes = sum(children.map(c => c.fileBytes))
  put(0x0a, 2 + 1 + varintBytes(fileBytes) + sum(children.map(c => 1 + varintBytes(c.fileBytes))))
  put(0x08, 2)
  put(0x18, fileBytes)
  for (const child of children) put(0x20, child.fileBytes)
  return out.slice(0, at)
}

/** Of an unsigned LEB128. Without bit operators: file sizes go over 32 bits. */
function varintBytes (n: number): number {
  let bytes = 1
  for (let rest = n; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

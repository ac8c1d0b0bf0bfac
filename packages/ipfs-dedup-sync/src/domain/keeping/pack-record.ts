import type { Sha256 } from '../tree/tree-node.ts'
import { blockId, digestOf, isNode } from './block-id.ts'

/** "IPKPACK", version 1: docs/formats/dedup-store.md, "Packs". */
export const PACK_MAGIC = Uint8Array.of(0x49, 0x50, 0x4b, 0x50, 0x41, 0x43, 0x4b, 0x01)
/** Stored length, size, flags, digest, check. */
export const HEAD_BYTES = 4 + 4 + 1 + 32 + 4
const CHECK_AT = HEAD_BYTES - 4
const DEFLATED = 1
const NODE = 2

export interface RecordHead {
  readonly cid: string
  readonly storedBytes: number
  readonly sizeBytes: number
  readonly deflated: boolean
}

export function encodeHead ({ cid, storedBytes, sizeBytes, deflated }: RecordHead, pack: number, offset: number, sha256: Sha256): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, storedBytes)
  view.setUint32(4, sizeBytes)
  bytes[8] = (deflated ? DEFLATED : 0) | (isNode(cid) ? NODE : 0)
  bytes.set(digestOf(cid), 9)
  bytes.set(checkOf(bytes, pack, offset, sha256), CHECK_AT)
  return bytes
}

/** @returns undefined for anything that was not written as a head, there */
export function decodeHead (bytes: Uint8Array, pack: number, offset: number, sha256: Sha256): RecordHead | undefined {
  if (bytes.length !== HEAD_BYTES || bytes[8]! > (DEFLATED | NODE)) return undefined
  const check = checkOf(bytes, pack, offset, sha256)
  if (check.some((byte, i) => byte !== bytes[CHECK_AT + i])) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return {
    cid: blockId((bytes[8]! & NODE) === 0 ? 'leaf' : 'node', bytes.subarray(9, CHECK_AT)),
    storedBytes: view.getUint32(0), sizeBytes: view.getUint32(4), deflated: (bytes[8]! & DEFLATED) !== 0,
  }
}

/** The place goes in: a record that stands elsewhere is none. */
function checkOf (head: Uint8Array, pack: number, offset: number, sha256: Sha256): Uint8Array {
  const checked = new Uint8Array(8 + CHECK_AT)
  const view = new DataView(checked.buffer)
  view.setUint32(0, pack)
  view.setUint32(4, offset)
  checked.set(head.subarray(0, CHECK_AT), 8)
  return sha256(checked).subarray(0, 4)
}

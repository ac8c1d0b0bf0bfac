import { blockId, isNode, writeDigest } from './block-id.ts'

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

/** @param into HEAD_BYTES of it are written */
export function writeHead (into: Uint8Array, { cid, storedBytes, sizeBytes, deflated }: RecordHead, pack: number, offset: number): void {
  const view = new DataView(into.buffer, into.byteOffset)
  view.setUint32(0, storedBytes)
  view.setUint32(4, sizeBytes)
  into[8] = (deflated ? DEFLATED : 0) | (isNode(cid) ? NODE : 0)
  writeDigest(into, 9, cid)
  view.setUint32(CHECK_AT, checkOf(into, pack, offset))
}

/** @returns undefined for anything that was not written as a head, there */
export function readHead (bytes: Uint8Array, pack: number, offset: number): RecordHead | undefined {
  if (bytes.length !== HEAD_BYTES || bytes[8]! > (DEFLATED | NODE)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (view.getUint32(CHECK_AT) !== checkOf(bytes, pack, offset)) return undefined
  return {
    cid: blockId((bytes[8]! & NODE) === 0 ? 'leaf' : 'node', bytes.subarray(9, CHECK_AT)),
    storedBytes: view.getUint32(0), sizeBytes: view.getUint32(4), deflated: (bytes[8]! & DEFLATED) !== 0,
  }
}

/** The place goes in: a record that stands elsewhere is none. */
function checkOf (head: Uint8Array, pack: number, offset: number): number {
  let crc = ~0
  for (const number of [pack, offset]) for (let shift = 24; shift >= 0; shift -= 8) crc = CRC_TABLE[(crc ^ number >>> shift) & 255]! ^ crc >>> 8
  for (let i = 0; i < CHECK_AT; i++) crc = CRC_TABLE[(crc ^ head[i]!) & 255]! ^ crc >>> 8
  return ~crc >>> 0
}

/** CRC-32 of IEEE 802.3, as gzip has it. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xedb88320 ^ crc >>> 1 : crc >>> 1
  return crc
})

/** Records of a zip (APPNOTE.TXT 6.3, sections 4.3 and 4.5.3) as far as they are needed. Nothing in them is believed before it was checked. */
import { readLittleEndian as read } from '../recipe/little-endian.ts'

export const LOCAL_BYTES = 30
export const CENTRAL_BYTES = 46
export const END_BYTES = 22
export const END64_BYTES = 56
export const LOCATOR_BYTES = 20
export const MAX_COMMENT_BYTES = 65_535

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END64 = 0x06064b50
const LOCATOR = 0x07064b50
const MAX16 = 0xffff
const MAX32 = 0xffffffff
const ZIP64_EXTRA = 1

/** Of a local header: with name and extra field. @returns undefined for what is none */
export function localHeaderBytes (bytes: Uint8Array): number | undefined {
  if (bytes.length < LOCAL_BYTES || read(bytes, 0, 4) !== LOCAL) return undefined
  return LOCAL_BYTES + read(bytes, 26, 2) + read(bytes, 28, 2)
}

export interface CentralRecord {
  readonly isEncrypted: boolean
  readonly method: number
  readonly compressedBytes: number
  readonly localAt: number
  /** Where in the record `localAt` is told. */
  readonly place: { readonly at: number, readonly width: 4 | 8 }
}

/** Of a central record: with name, extra field and comment. @returns undefined for what is none */
export function centralRecordBytes (bytes: Uint8Array): number | undefined {
  if (bytes.length < CENTRAL_BYTES || read(bytes, 0, 4) !== CENTRAL) return undefined
  return CENTRAL_BYTES + read(bytes, 28, 2) + read(bytes, 30, 2) + read(bytes, 32, 2)
}

/** @param record a whole one */
export function readCentralRecord (record: Uint8Array): CentralRecord {
  let compressedBytes = read(record, 20, 4)
  let localAt = read(record, 42, 4)
  let place: CentralRecord['place'] = { at: 42, width: 4 }
  let wide = findZip64(record, CENTRAL_BYTES + read(record, 28, 2), read(record, 30, 2))
  const takeWide = (): number | undefined => {
    if (wide === undefined || wide.at + 8 > wide.end) return undefined
    wide = { at: wide.at + 8, end: wide.end }
    return wide.at - 8
  }
  if (read(record, 24, 4) === MAX32) takeWide()
  if (compressedBytes === MAX32) {
    const at = takeWide()
    if (at !== undefined) compressedBytes = read(record, at, 8)
  }
  if (localAt === MAX32) {
    const at = takeWide()
    if (at !== undefined) {
      localAt = read(record, at, 8)
      place = { at, width: 8 }
    }
  }
  return { isEncrypted: (record[8]! & 1) !== 0, method: read(record, 10, 2), compressedBytes, localAt, place }
}

function findZip64 (record: Uint8Array, from: number, size: number): { readonly at: number, readonly end: number } | undefined {
  for (let at = from; at + 4 <= from + size;) {
    const end = at + 4 + read(record, at + 2, 2)
    if (end > from + size) return undefined
    if (read(record, at, 2) === ZIP64_EXTRA) return { at: at + 4, end }
    at = end
  }
  return undefined
}

/** Where the central directory is said to be. */
export interface ZipEnd { readonly members: number, readonly directoryBytes: number, readonly directoryAt: number }

/** @param tail the end of a file @returns the last end record in it whose comment ends with it, and where it begins */
export function findEnd (tail: Uint8Array): { readonly at: number, readonly end: ZipEnd } | undefined {
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || read(tail, at, 4) !== END || at + END_BYTES + read(tail, at + 20, 2) !== tail.length) continue
    if (read(tail, at + 4, 2) !== 0 && read(tail, at + 4, 2) !== MAX16) return undefined // one of several disks
    return { at, end: { members: read(tail, at + 10, 2), directoryBytes: read(tail, at + 12, 4), directoryAt: read(tail, at + 16, 4) } }
  }
  return undefined
}

/** @param bytes zip64's end record and its locator, which stand before the end record */
export function readEnd64 (bytes: Uint8Array): ZipEnd | undefined {
  if (bytes.length < END64_BYTES + LOCATOR_BYTES || read(bytes, 0, 4) !== END64 || read(bytes, END64_BYTES, 4) !== LOCATOR) return undefined
  if (read(bytes, 4, 8) !== END64_BYTES - 12) return undefined
  return { members: read(bytes, 32, 8), directoryBytes: read(bytes, 40, 8), directoryAt: read(bytes, 48, 8) }
}

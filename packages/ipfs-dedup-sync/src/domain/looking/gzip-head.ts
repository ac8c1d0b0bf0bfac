import type { Level } from '../deflate/encoder-parameters.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { MAX_GZIP_HEAD_BYTES } from './looking-limits.ts'

/** RFC 1952, section 2.3. */
export interface GzipHead {
  readonly sizeBytes: number
  /** As XFL tells it. */
  readonly level: Level | undefined
  /** Whether it is bgzf's (SAM format specification, section 4.1): 18 bytes, with the size of the member in the last two. */
  readonly isBgzf: boolean
}

const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16
const RESERVED = 0xe0
const FIXED_BYTES = 10
const BGZF_EXTRA = [6, 0, 0x42, 0x43, 2, 0]

export const beginsAsGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8

/** @returns undefined when the next bytes are no head of gzip */
export async function readGzipHead (cursor: ByteCursor): Promise<GzipHead | undefined> {
  const fixed = await cursor.peek(FIXED_BYTES)
  if (fixed.length < FIXED_BYTES || !beginsAsGzip(fixed)) return undefined
  const flags = fixed[3]!
  if ((flags & RESERVED) !== 0) return undefined
  let end = FIXED_BYTES
  if ((flags & FEXTRA) !== 0) {
    const extra = await cursor.peek(end + 2)
    if (extra.length < end + 2) return undefined
    end += 2 + (extra[end]! | extra[end + 1]! << 8)
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) === 0) continue
    const zero = await findZero(cursor, end)
    if (zero === undefined) return undefined
    end = zero + 1
  }
  if ((flags & FHCRC) !== 0) end += 2
  const head = await cursor.peek(end)
  if (head.length < end || end > MAX_GZIP_HEAD_BYTES) return undefined
  const isBgzf = flags === FEXTRA && end === FIXED_BYTES + 8 && BGZF_EXTRA.every((byte, i) => head[FIXED_BYTES + i] === byte)
  return { sizeBytes: end, level: fixed[8] === 2 ? 9 : fixed[8] === 4 ? 1 : undefined, isBgzf }
}

async function findZero (cursor: ByteCursor, from: number): Promise<number | undefined> {
  for (let size = from + 256; ; size *= 2) {
    const bytes = await cursor.peek(Math.min(size, MAX_GZIP_HEAD_BYTES))
    const zero = bytes.indexOf(0, from)
    if (zero >= 0) return zero
    if (bytes.length < size) return undefined
  }
}

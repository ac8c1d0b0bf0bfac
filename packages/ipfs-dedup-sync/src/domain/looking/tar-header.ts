/** Of a tar's header (POSIX.1-1988 ustar, pax, GNU) what its reader has to know to find the next one. */
export interface TarHeader {
  readonly type: string
  /** Of the data behind it, before it is padded to 512. */
  readonly sizeBytes: number
  /** GNU: further blocks about a sparse file follow before its data. */
  readonly goesOn: boolean
}

export const TAR_BLOCK_BYTES = 512
const SUM_AT = 148
const SUM_END = 156
/** Links, devices, folders and pipes. */
const WITHOUT_DATA = '123456'

/** @param block 512 bytes @returns undefined for what is no header; `empty` for zeros, which end an archive */
export function readTarHeader (block: Uint8Array): TarHeader | 'empty' | undefined {
  let sum = 0
  let signedSum = 0
  for (let i = 0; i < TAR_BLOCK_BYTES; i++) {
    const byte = i >= SUM_AT && i < SUM_END ? 32 : block[i]!
    sum += byte
    signedSum += byte < 128 ? byte : byte - 256
  }
  if (sum === 8 * 32) return block.every(byte => byte === 0) ? 'empty' : undefined
  const told = readOctal(block, SUM_AT, SUM_END)
  if (told !== sum && told !== signedSum) return undefined
  const sizeBytes = readSize(block)
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!)
  if (sizeBytes === undefined) return undefined
  return { type, sizeBytes: WITHOUT_DATA.includes(type) ? 0 : sizeBytes, goesOn: type === 'S' && block[482] !== 0 }
}

/** @param data of a pax header @returns the size that it tells of the next member */
export function paxSize (data: Uint8Array): number | undefined {
  let size: number | undefined
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(32, at)
    const length = space < 0 ? NaN : Number(ascii(data.subarray(at, space)))
    if (!Number.isSafeInteger(length) || length <= space - at + 1) return size
    const record = data.subarray(space + 1, at + length - 1)
    const text = record.length < 30 ? ascii(record) : ''
    if (/^size=\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text.slice(5)))) size = Number(text.slice(5))
    at += length
  }
  return size
}

function readSize (block: Uint8Array): number | undefined {
  if ((block[124]! & 0x80) === 0) return readOctal(block, 124, 136)
  let size = block[124]! & 0x7f // base 256, the highest first
  for (let i = 125; i < 136; i++) size = size * 256 + block[i]!
  return Number.isSafeInteger(size) ? size : undefined
}

function readOctal (block: Uint8Array, from: number, to: number): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(ascii(block.subarray(from, to)))
  return digits === null ? undefined : Number(`0o0${digits[1]!}`)
}

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

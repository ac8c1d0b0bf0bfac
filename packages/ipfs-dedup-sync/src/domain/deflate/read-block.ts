/**
 * Reads a deflate stream (RFC 1951) into the choices its encoder made: where blocks begin and end, and which symbols stand in them. What
 * these stand for is not put together here: node's own inflate does that faster.
 */
import { AppError } from '@ipkit/core/errors/app-error'
import { BitReader } from './bit-reader.ts'
import { PrefixCode } from './prefix-code.ts'
import { DISTANCE_BASE, DISTANCE_EXTRA_BITS, LENGTH_BASE, LENGTH_CODE_ORDER, LENGTH_EXTRA_BITS } from './symbol-codes.ts'

export interface DeflateBlock {
  readonly kind: 'stored' | 'fixed' | 'dynamic'
  readonly last: boolean
  /** Of its first bit, the one that says whether it is the last. */
  readonly startBit: number
  /** Of the first bit of its first symbol, after the lengths of codes; in a stored block of its first byte. */
  readonly bodyBit: number
  /** Of the first bit behind it. In a block that is not whole: behind its last whole symbol. */
  readonly endBit: number
  /** The bits from `startBit` to `bodyBit`, moved to the front of the first byte; bits above the last are zero. */
  readonly header: Uint8Array
  /** A literal's byte, or distance << 16 | length. The bytes of a stored block are literals. */
  readonly tokens: Uint32Array
  /** Bytes of text that the tokens stand for. */
  readonly textSize: number
  /** False when the bytes end before the block does. */
  readonly whole: boolean
}

const END_OF_BLOCK = 256
const KINDS = ['stored', 'fixed', 'dynamic'] as const

/** A block whose codes were read, and the reader at its body. */
interface Opening {
  readonly literals: PrefixCode
  readonly distances: PrefixCode
}

const FIXED: Opening = {
  literals: new PrefixCode(Array.from({ length: 288 }, (_, symbol) => symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  distances: new PrefixCode(Array.from({ length: 32 }, () => 5)),
}

/**
 * @param bytes of a raw deflate stream, or of its beginning
 * @param startBit where the block begins, counted from the lowest bit of the first byte
 * @param textBefore bytes of text before the block: no distance reaches further
 * @param maxTokens a block that has more is taken for one that is not whole
 * @returns undefined when the bytes end before the block's body begins
 * @throws AppError DEFLATE_INVALID for bits that are no deflate block
 */
export function readBlock (bytes: Uint8Array, startBit: number, textBefore: number, maxTokens = Infinity): DeflateBlock | undefined {
  const reader = new BitReader(bytes, startBit)
  const last = reader.take(1) === 1
  const kind = KINDS[reader.take(2)]
  if (reader.overran) return undefined
  if (kind === undefined) throw new AppError('DEFLATE_INVALID', `the deflate block at bit ${startBit} has the kind 3`)
  if (kind === 'stored') return readStored(bytes, reader, { startBit, last })
  const opening = kind === 'fixed' ? FIXED : readCodes(reader)
  if (opening === undefined || reader.overran) return undefined
  const bodyBit = reader.position
  const body = readSymbols(reader, opening, textBefore, maxTokens)
  return { kind, last, startBit, bodyBit, header: cutBits(bytes, startBit, bodyBit), ...body }
}

function readStored (bytes: Uint8Array, reader: BitReader, { startBit, last }: { startBit: number, last: boolean }): DeflateBlock | undefined {
  reader.skipToByte()
  const size = reader.take(16)
  const check = reader.take(16)
  if (reader.overran) return undefined
  if ((size ^ check) !== 0xffff) throw new AppError('DEFLATE_INVALID', `the stored block at bit ${startBit} has the length ${size}, and its check says ${check ^ 0xffff}`)
  const from = reader.position / 8
  const tokens = Uint32Array.from(bytes.subarray(from, from + size))
  return {
    kind: 'stored', last, startBit, bodyBit: reader.position, endBit: (from + tokens.length) * 8, tokens, textSize: tokens.length,
    header: cutBits(bytes, startBit, reader.position), whole: tokens.length === size,
  }
}

/**
 * The lengths of the codes in a dynamic block's head.
 * @returns undefined when the head does not end with its last bit
 * @throws AppError DEFLATE_INVALID for lengths that are none
 */
export function readCodeLengths (head: Uint8Array, bits: number): CodeLengths | undefined {
  const reader = new BitReader(head, 3)
  const lengths = readLengths(reader)
  return reader.position === bits ? lengths : undefined
}

export interface CodeLengths { readonly literals: readonly number[], readonly distances: readonly number[] }

/** @returns undefined when the bytes end within them */
function readCodes (reader: BitReader): Opening | undefined {
  const lengths = readLengths(reader)
  return lengths === undefined ? undefined : { literals: new PrefixCode(lengths.literals), distances: new PrefixCode(lengths.distances) }
}

function readLengths (reader: BitReader): CodeLengths | undefined {
  const literals = reader.take(5) + 257
  const distances = reader.take(5) + 1
  const written = reader.take(4) + 4
  if (reader.overran) return undefined
  if (literals > 286 || distances > 30) throw new AppError('DEFLATE_INVALID', `a deflate block has ${literals} literals and ${distances} distances, the limits are 286 and 30`)
  const lengthLengths = Array.from({ length: 19 }, () => 0)
  for (let i = 0; i < written; i++) lengthLengths[LENGTH_CODE_ORDER[i]!] = reader.take(3)
  if (reader.overran) return undefined
  const lengthCode = new PrefixCode(lengthLengths)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const symbol = lengthCode.read(reader)
    const times = symbol < 16 ? 1 : symbol === 16 ? 3 + reader.take(2) : symbol === 17 ? 3 + reader.take(3) : 11 + reader.take(7)
    if (reader.overran) return undefined
    if (symbol === 16 && lengths.length === 0) throw new AppError('DEFLATE_INVALID', 'a deflate block repeats a length before the first')
    const length = symbol < 16 ? symbol : symbol === 16 ? lengths.at(-1)! : 0
    for (let i = 0; i < times; i++) lengths.push(length)
  }
  if (lengths.length > literals + distances) throw new AppError('DEFLATE_INVALID', 'a deflate block repeats a length past the last')
  if (lengths[END_OF_BLOCK] === 0) throw new AppError('DEFLATE_INVALID', 'a deflate block has no code for its end')
  return { literals: lengths.slice(0, literals), distances: lengths.slice(literals) }
}

function readSymbols (reader: BitReader, { literals, distances }: Opening, textBefore: number, maxTokens: number): Pick<DeflateBlock, 'tokens' | 'textSize' | 'endBit' | 'whole'> {
  let tokens = new Uint32Array(4096)
  let count = 0
  let textSize = 0
  for (;;) {
    const endBit = reader.position
    const stop = (whole: boolean): ReturnType<typeof readSymbols> => ({ tokens: tokens.slice(0, count), textSize, endBit: whole ? reader.position : endBit, whole })
    const symbol = literals.read(reader)
    if (reader.overran) return stop(false)
    if (symbol === END_OF_BLOCK) return stop(true)
    if (count === maxTokens) return stop(false)
    if (count === tokens.length) tokens = grown(tokens)
    if (symbol < END_OF_BLOCK) {
      tokens[count++] = symbol
      textSize++
      continue
    }
    const lengthCode = symbol - END_OF_BLOCK - 1
    if (lengthCode >= LENGTH_BASE.length) throw new AppError('DEFLATE_INVALID', `a deflate block has the symbol ${symbol}, the highest is 285`)
    const length = LENGTH_BASE[lengthCode]! + reader.take(LENGTH_EXTRA_BITS[lengthCode]!)
    const distanceCode = distances.read(reader)
    if (distanceCode >= DISTANCE_BASE.length) throw new AppError('DEFLATE_INVALID', `a deflate block has the distance code ${distanceCode}, the highest is 29`)
    const distance = DISTANCE_BASE[distanceCode]! + reader.take(DISTANCE_EXTRA_BITS[distanceCode]!)
    if (reader.overran) return stop(false)
    if (distance > textBefore + textSize) throw new AppError('DEFLATE_INVALID', `a match reaches back ${distance} bytes, there are ${textBefore + textSize}`)
    tokens[count++] = distance * 65536 + length
    textSize += length
  }
}

function grown (tokens: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(tokens.length * 2)
  larger.set(tokens)
  return larger
}

function cutBits (bytes: Uint8Array, fromBit: number, toBit: number): Uint8Array {
  const reader = new BitReader(bytes, fromBit)
  const cut = new Uint8Array(Math.ceil((toBit - fromBit) / 8))
  for (let i = 0; i < cut.length; i++) cut[i] = reader.take(Math.min(8, toBit - reader.position))
  return cut
}

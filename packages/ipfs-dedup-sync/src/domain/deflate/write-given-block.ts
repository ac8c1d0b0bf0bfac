import { AppError } from '@ipkit/core/errors/app-error'
import type { BlockHead } from './block-ends.ts'
import type { DeflateKernel } from './deflate-kernel.ts'
import { BitJoiner } from './join-bits.ts'
import { readCodeLengths, type DeflateBlock } from './read-block.ts'
import { writeBlock, type WrittenBlock } from './write-block.ts'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'

/** A kernel's room, less the symbol that ends a block: of more the model writes none. */
export const PORTION = 32767
const MAX_STORED = 65535
const STORED_BITS = 3
const LITERAL_CODES = 288
const DISTANCE_CODES = 32

/** Of a stored block what is behind its first three bits follows from where it stands. @throws AppError CORRECTIONS_TOO_LARGE when it does not */
export function headOf ({ kind, header, startBit, bodyBit }: DeflateBlock): BlockHead {
  if (kind !== 'stored') return { bytes: header, bits: bodyBit - startBit }
  const padding = bodyBit - startBit - STORED_BITS - 32
  if (((header[0]! | (header[1]! << 8)) >> STORED_BITS) & ((1 << padding) - 1)) throw new AppError('CORRECTIONS_TOO_LARGE', 'a stored block has bits before its length that are not zero')
  return { bytes: header.slice(0, 1).map(byte => byte & 7), bits: STORED_BITS }
}

/** Whether the model has room for such a block. */
export function canBeModelled ({ tokens, textSize, kind }: DeflateBlock): boolean {
  return tokens.length <= PORTION && (kind !== 'stored' || textSize <= MAX_STORED)
}

/** Whether the model writes the block just as it is. @param block as of `canBeModelled` */
export function modelWrites (kernel: DeflateKernel, family: 'go' | undefined, { tokens, textSize, last, kind, header, startBit, bodyBit, endBit }: DeflateBlock): boolean {
  const written = writeBlock(kernel, tokens, { textSize, mayBeStored: mayBeStored(tokens.length, textSize), last }, family)
  if (written.stored || kind === 'stored') return written.stored && kind === 'stored'
  if (written.bits !== endBit - startBit) return false
  const bits = bodyBit - startBit
  return header.every((byte, i) => i < bits >> 3 ? byte === written.bytes[i] : byte === (written.bytes[i]! & ((1 << (bits & 7)) - 1)))
}

export function mayBeStored (tokenCount: number, textSize: number): boolean {
  return tokenCount === textSize && textSize <= MAX_STORED
}

/** Writes a block's tokens behind the head that they had. @throws AppError CORRECTIONS_INVALID for a head that is none */
export function writeGivenBlock (kernel: DeflateKernel, tokens: Uint32Array, { bytes, bits }: BlockHead): WrittenBlock {
  const kind = (bytes[0]! >> 1) & 3
  if (kind === 0) return { stored: true }
  loadCodes(kernel, kind === 1, bytes, bits)
  const joiner = new BitJoiner()
  const parts = [joiner.join(bytes, bits)]
  let total = bits
  for (let at = 0; at === 0 || at < tokens.length; at += PORTION) {
    const some = tokens.subarray(at, at + PORTION)
    new Uint32Array(kernel.memory.buffer, kernel.symbolsAddress(), some.length).set(some)
    const size = kernel.writeBody(some.length, Number(kind === 1), Number(at + PORTION >= tokens.length))
    parts.push(joiner.join(new Uint8Array(kernel.memory.buffer, kernel.outputAddress(), Math.ceil(size / 8)), size))
    total += size
  }
  return { stored: false, bits: total, bytes: concatBytes(...parts, joiner.end()) }
}

function loadCodes (kernel: DeflateKernel, fixed: boolean, bytes: Uint8Array, bits: number): void {
  if (fixed) return
  const lengths = readCodeLengths(bytes, bits)
  if (lengths === undefined) throw new AppError('CORRECTIONS_INVALID', `a block's head of ${bits} bits is none`)
  const literals = new Uint8Array(kernel.memory.buffer, kernel.literalLengthsAddress(), LITERAL_CODES)
  literals.fill(0)
  literals.set(lengths.literals)
  const distances = new Uint8Array(kernel.memory.buffer, kernel.distanceLengthsAddress(), DISTANCE_CODES)
  distances.fill(0)
  distances.set(lengths.distances)
}

import { AppError } from '@ipkit/core/errors/app-error'
import { readBlock, type DeflateBlock } from './read-block.ts'

const FIRST_LOOK = 256 * 1024
/** In one block: what is held of it is bounded. */
export const MAX_BLOCK_TOKENS = 2 ** 19
const MAX_BLOCK = 2 * 1024 * 1024

/**
 * The blocks of a stream, one after the other; holds one.
 * @throws AppError DEFLATE_INVALID for a stream that is none, ends too early, or has something behind its last byte; CORRECTIONS_TOO_LARGE for a block of over 524,288 tokens
 */
export async function * readBlocks (stream: AsyncIterable<Uint8Array>): AsyncGenerator<DeflateBlock & { readonly endByte: number }> {
  const pieces = stream[Symbol.asyncIterator]()
  let held = new Uint8Array(2 * FIRST_LOOK)
  let size = 0
  let ended = false
  /** Bytes dropped from the front. */
  let dropped = 0
  let bit = 0
  let textBefore = 0
  const fill = async (wanted: number): Promise<void> => {
    while (size < wanted && !ended) {
      const { value, done } = await pieces.next() as IteratorResult<Uint8Array, undefined>
      if (done === true) ended = true
      else {
        if (size + value.length > held.length) {
          const larger = new Uint8Array(2 * (size + value.length))
          larger.set(held.subarray(0, size))
          held = larger
        }
        held.set(value, size)
        size += value.length
      }
    }
  }
  try {
    for (;;) {
      let look = FIRST_LOOK
      let block: DeflateBlock | undefined
      for (; ; look *= 2) {
        await fill(look)
        block = readBlock(held.subarray(0, size), bit, textBefore, MAX_BLOCK_TOKENS)
        if (block?.whole === true) break
        if (block?.tokens.length === MAX_BLOCK_TOKENS || look >= MAX_BLOCK) throw new AppError('CORRECTIONS_TOO_LARGE', `a deflate block is of over ${MAX_BLOCK_TOKENS} tokens, or ${MAX_BLOCK} bytes`)
        if (ended) throw new AppError('DEFLATE_INVALID', 'a deflate stream ends before its last block')
      }
      if (block.last) {
        await fill(Math.ceil(block.endBit / 8) + 1)
        if (size > Math.ceil(block.endBit / 8)) throw new AppError('DEFLATE_INVALID', 'something is behind the last block')
        if ((block.endBit & 7) !== 0 && held[size - 1]! >> (block.endBit & 7) !== 0) throw new AppError('CORRECTIONS_TOO_LARGE', 'the bits behind the last block are not zero')
      }
      yield { ...block, endByte: dropped + Math.ceil(block.endBit / 8) }
      if (block.last) return
      textBefore += block.textSize
      const whole = block.endBit >>> 3
      held.copyWithin(0, whole, size)
      size -= whole
      dropped += whole
      bit = block.endBit & 7
    }
  } finally { await pieces.return?.() }
}

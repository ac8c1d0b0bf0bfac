import type { DeflateKernel } from './deflate-kernel.ts'
import type { BlockPlan } from './split-blocks.ts'

/** A block by itself: its bits, to be joined wherever the stream stands; or the word that it is to be stored. */
export type WrittenBlock = { readonly stored: false, readonly bytes: Uint8Array<ArrayBuffer>, readonly bits: number } | { readonly stored: true }

/**
 * Writes one block's tokens with the codes that the encoders of the family make. It does not depend on the blocks around it.
 * @param kernel one that searches nothing at the time: its parameters do not matter
 * @param tokens as many as the block has
 * @param family whose codes they are
 */
export function writeBlock (kernel: DeflateKernel, tokens: Uint32Array, { textSize, mayBeStored, last }: Omit<BlockPlan, 'textStart' | 'tokenCount'>, family?: 'go'): WrittenBlock {
  new Uint32Array(kernel.memory.buffer, kernel.symbolsAddress(), tokens.length).set(tokens)
  const bits = kernel.writeSymbols(tokens.length, mayBeStored ? textSize : -1, Number(last), Number(family === 'go'))
  if (bits === 0) return { stored: true }
  return { stored: false, bits, bytes: new Uint8Array(kernel.memory.buffer, kernel.outputAddress(), Math.ceil(bits / 8)).slice() }
}

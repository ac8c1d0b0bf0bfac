import { bits, putBits } from './bit-writer.ts'
import { FIXED, putStored } from './write-block.ts'

const EMPTY_FIXED_BITS: u32 = 10

/** Up to a whole byte: from an odd number of bits with an empty stored block, from an even one with as many empty fixed blocks as it takes. */
export function putLink (): void {
  if ((bits.heldBits & 1) !== 0) putStored(0, 0, 0)
  else while ((bits.heldBits & 7) !== 0) putBits(FIXED << 1, EMPTY_FIXED_BITS)
}

/** Two empty stored blocks. */
export function putBreak (): void {
  putStored(0, 0, 0)
  putStored(0, 0, 0)
}

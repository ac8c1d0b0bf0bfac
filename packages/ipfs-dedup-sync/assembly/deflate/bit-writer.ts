import { OUTPUT } from './layout.ts'

/** Bits go out from the lowest upwards (RFC 1951, section 3.1.1). */
class BitWriter {
  /** Whole bytes in the output. */
  size: u32
  held: u64
  heldBits: u32
}

export const bits = changetype<BitWriter>(memory.data(offsetof<BitWriter>(), 16))

/** @param count 32 at most; `value` has no bits above */
export function putBits (value: u32, count: u32): void {
  bits.held |= (value as u64) << bits.heldBits
  bits.heldBits += count
  if (bits.heldBits < 32) return
  store<u32>(OUTPUT + bits.size, bits.held as u32)
  bits.size += 4
  bits.held >>= 32
  bits.heldBits -= 32
}

/** Zeros up to a whole byte, and all of it in the output. */
export function alignBits (): void {
  store<u64>(OUTPUT + bits.size, bits.held)
  bits.size += (bits.heldBits + 7) >> 3
  bits.held = 0
  bits.heldBits = 0
}

/** Moves whole bytes out of what is held. */
export function settleBits (): void {
  store<u64>(OUTPUT + bits.size, bits.held)
  bits.size += bits.heldBits >> 3
  bits.held >>= (bits.heldBits & ~7) as u64
  bits.heldBits &= 7
}

/** At a byte boundary. */
export function putBytes (from: usize, sizeBytes: u32): void {
  memory.copy(OUTPUT + bits.size, from, sizeBytes)
  bits.size += sizeBytes
}

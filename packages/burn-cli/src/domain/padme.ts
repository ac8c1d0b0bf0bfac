import { MIN_PADDED_BYTES } from './limits.ts'

/**
 * The padded size of `sizeBytes`, 1 to 2^50. PADME (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", PoPETs 2019, algorithm 1): at most 12 percent more, O(log log n) bits leaked. Here never under 1 KiB.
 * Arithmetic, not shifts: sizes go over 32 bits.
 */
export function padmeSize (sizeBytes: number): number {
  if (sizeBytes <= MIN_PADDED_BYTES) return MIN_PADDED_BYTES
  const exponent = floorLog2(sizeBytes)
  const step = 2 ** (exponent - floorLog2(exponent) - 1)
  return Math.ceil(sizeBytes / step) * step
}

/** Math.log2 rounds up just under large powers of two. */
function floorLog2 (n: number): number {
  const guess = Math.floor(Math.log2(n))
  return 2 ** guess > n ? guess - 1 : guess
}

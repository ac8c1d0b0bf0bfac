/** @param width at most 8 @returns the lowest bytes of the number, the lowest first */
export function littleEndian (value: number, width: number): Uint8Array {
  const out = new Uint8Array(width)
  let rest = value
  for (let i = 0; i < width; i++) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return out
}

/** @returns Infinity for what no number can hold exactly */
export function readLittleEndian (bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!
  return Number.isSafeInteger(value) ? value : Infinity
}

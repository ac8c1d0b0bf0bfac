/** Numbers up to 2^53 - 1, seven bits a byte, the lowest first (LEB128). */
export function writeVarints (numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (let number of numbers) {
    while (number > 127) {
      bytes.push(number % 128 | 128)
      number = Math.floor(number / 128)
    }
    bytes.push(number)
  }
  return Uint8Array.from(bytes)
}

/** @returns undefined unless the bytes are just such numbers, each in its shortest form */
export function readVarints (bytes: Uint8Array): number[] | undefined {
  const numbers: number[] = []
  let number = 0
  let scale = 1
  for (const byte of bytes) {
    number += (byte & 127) * scale
    if (number > Number.MAX_SAFE_INTEGER) return undefined
    if (byte > 127) {
      scale *= 128
      continue
    }
    if (byte === 0 && scale > 1) return undefined
    numbers.push(number)
    number = 0
    scale = 1
  }
  return scale === 1 ? numbers : undefined
}

export type BitField = readonly [value: number, count: number] | string

/** Bits written out by hand: [value, count] goes in from its lowest bit, a text of 0s and 1s as it stands, which is how Huffman codes are written. */
export function packBits (...fields: readonly BitField[]): { readonly bytes: Buffer, readonly bits: number } {
  const all = fields.map(field => typeof field === 'string' ? field.replaceAll(' ', '') : Array.from({ length: field[1] }, (_, i) => (field[0] >> i) & 1).join('')).join('')
  const bytes = Buffer.alloc(Math.ceil(all.length / 8))
  for (const [i, bit] of [...all].entries()) bytes[i >> 3]! |= Number(bit) << (i & 7)
  return { bytes, bits: all.length }
}

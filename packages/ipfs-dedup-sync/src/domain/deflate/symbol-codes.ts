/** RFC 1951, section 3.2.5: the first length or distance of each code, and how many extra bits follow the code. */
const row = (count: number, bitsOf: (code: number) => number, first: number): { base: readonly number[], extra: readonly number[] } => {
  const extra = Array.from({ length: count }, (_, code) => bitsOf(code))
  const base: number[] = []
  for (let code = 0, at = first; code < count; at += 2 ** extra[code++]!) base.push(at)
  return { base, extra }
}

const lengths = row(28, code => code < 8 ? 0 : (code >> 2) - 1, 3)

/** By symbol less 257. Symbol 285 is 258 alone, although 284 reaches it with its extra bits. */
export const LENGTH_BASE: readonly number[] = [...lengths.base, 258]
export const LENGTH_EXTRA_BITS: readonly number[] = [...lengths.extra, 0]

export const { base: DISTANCE_BASE, extra: DISTANCE_EXTRA_BITS } = row(30, code => code < 4 ? 0 : (code >> 1) - 1, 1)

/** The order in which the lengths of the codes for lengths are written (section 3.2.7). */
export const LENGTH_CODE_ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

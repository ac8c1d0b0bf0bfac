import { roomFor, type Cutter } from './cutter.ts'

const WINDOW = 16
const DEGREE = 53n

export interface RabinRule {
  /** Bytes; 16 <= min < avg < max. */
  readonly min: number
  readonly avg: number
  readonly max: number
  readonly polynomial: bigint
}

/** Kubo's; of degree 53. */
export const KUBO_POLYNOMIAL = 0x3DF3_05DF_B2A8_05n
/** js-ipfs's, whatever it was told. */
export const JS_POLYNOMIAL = 0x3DA3_358B_4DC1_73n

/** Kubo's `rabin`: docs/formats/chunking.md, "Kubo's chunkers". The 53 bits of the fingerprint stand in two halves, 21 and 32. */
export function rabinCutter ({ min, avg, max, polynomial }: RabinRule): Cutter {
  const room = roomFor(max)
  const mask = 2 ** Math.floor(Math.log2(avg)) - 1
  // the 8 bits that a shift lifts over the degree are the index of what they are equal to
  const [modHigh, modLow] = halves(b => remainder(b << DEGREE, polynomial))
  // what a byte has become when it leaves the window
  const [outHigh, outLow] = halves(b => remainder(b << BigInt(8 * WINDOW), polynomial))
  return {
    maxBytes: max,
    room,
    cut (start, end) {
      const last = Math.min(end, start + max)
      let at = start + min
      if (last <= at) return last - start
      let high = 0
      let low = 0
      for (let i = at - WINDOW; i < at; i++) {
        const over = high >>> 13
        high = ((high << 8 | low >>> 24) & 0x1fffff) ^ modHigh[over]!
        low = (low << 8 | room[i]!) ^ modLow[over]!
      }
      while ((low & mask) !== 0 && at < last) {
        const over = high >>> 13
        const gone = room[at - WINDOW]!
        high = ((high << 8 | low >>> 24) & 0x1fffff) ^ modHigh[over]! ^ outHigh[gone]!
        low = (low << 8 | room[at]!) ^ modLow[over]! ^ outLow[gone]!
        at++
      }
      return at - start
    },
  }
}

function halves (of: (byte: bigint) => bigint): [high: Int32Array, low: Int32Array] {
  const values = Array.from({ length: 256 }, (_, b) => of(BigInt(b)))
  return [Int32Array.from(values, v => Number(v >> 32n)), Int32Array.from(values, v => Number(BigInt.asIntN(32, v)))]
}

/** Of polynomials over GF(2). */
function remainder (of: bigint, by: bigint): bigint {
  let rest = of
  for (let bit = BigInt(rest.toString(2).length) - 1n - DEGREE; bit >= 0n; bit--) {
    if ((rest >> (bit + DEGREE) & 1n) === 1n) rest ^= by << bit
  }
  return rest
}

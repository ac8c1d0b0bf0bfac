import { STRONG_BITS, WEAK_BITS, WINDOW } from './fastcdc-limits.ts'
import { ROOM_BYTES, STRONG, type GearScanner } from './gear-scanner.ts'

/**
 * H in two halves of 32 bits; what carries from the low one is computed from its highest bits, since a branch for it would be guessed wrong every other time. The loop stands
 * here twice, since a call for each byte would cost more than the rest of it.
 * @param table as of `gearTable`
 */
export function jsGearScanner (table: BigUint64Array): GearScanner {
  const room = new Uint8Array(ROOM_BYTES)
  const high = Int32Array.from(table, n => Number(BigInt.asIntN(32, n >> 32n)))
  const low = Int32Array.from(table, n => Number(BigInt.asIntN(32, n)))
  let found = new Uint32Array(1024)

  return {
    room,
    find (from, to, bits) {
      const shift = 32 - bits
      let h = 0
      let l = 0
      for (let at = from - WINDOW; at <= to; at++) {
        if (h >>> shift === 0 && at >= from) return at
        const byte = room[at]!
        const gear = low[byte]!
        const doubled = l << 1
        const sum = doubled + gear | 0
        h = ((h << 1) | (l >>> 31)) + high[byte]! + (((doubled & gear) | ((doubled | gear) & ~sum)) >>> 31) | 0
        l = sum
      }
      return -1
    },
    findAll (from, to) {
      let count = 0
      let h = 0
      let l = 0
      for (let at = from - WINDOW; at <= to; at++) {
        if (h >>> (32 - WEAK_BITS) === 0 && at >= from) {
          if (count === found.length) found = grown(found)
          found[count++] = h >>> (32 - STRONG_BITS) === 0 ? at + STRONG : at
        }
        const byte = room[at]!
        const gear = low[byte]!
        const doubled = l << 1
        const sum = doubled + gear | 0
        h = ((h << 1) | (l >>> 31)) + high[byte]! + (((doubled & gear) | ((doubled | gear) & ~sum)) >>> 31) | 0
        l = sum
      }
      return found.subarray(0, count)
    },
  }
}

function grown (array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(2 * array.length)
  out.set(array)
  return out
}

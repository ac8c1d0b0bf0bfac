import type { Cutter } from './cutter.ts'
import { MAX, MIN, NORMAL, STRONG_BITS, WEAK_BITS } from './fastcdc-limits.ts'
import type { GearScanner } from './gear-scanner.ts'

/** docs/formats/chunking.md, "Cuts", from front to back. `choose-cuts.ts` gives the same for candidates that were found beforehand. */
export function fastcdcCutter (scanner: GearScanner): Cutter {
  return {
    maxBytes: MAX,
    room: scanner.room,
    cut (start, end) {
      const length = Math.min(end - start, MAX)
      if (length <= MIN) return length
      const strong = scanner.find(start + MIN, start + Math.min(NORMAL - 1, length), STRONG_BITS)
      if (strong >= 0) return strong - start
      if (length < NORMAL) return length
      const weak = scanner.find(start + NORMAL, start + length, WEAK_BITS)
      return weak >= 0 ? weak - start : length
    },
  }
}

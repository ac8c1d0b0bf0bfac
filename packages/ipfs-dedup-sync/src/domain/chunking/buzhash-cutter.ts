import { BUZHASH_TABLE } from './buzhash-table.ts'
import { roomFor, type Cutter } from './cutter.ts'

const MIN_BYTES = 131_072
const MAX_BYTES = 524_288
const MASK = 2 ** 17 - 1
const WINDOW = 32

/** Kubo's `buzhash`: docs/formats/chunking.md, "Kubo's chunkers". What leaves the window was turned by 32 bits, and so stands as it came in. */
export function buzhashCutter (): Cutter {
  const room = roomFor(MAX_BYTES)
  const table = Int32Array.from(BUZHASH_TABLE)
  return {
    maxBytes: MAX_BYTES,
    room,
    cut (start, end) {
      const last = Math.min(end, start + MAX_BYTES)
      let at = start + MIN_BYTES
      if (last < at) return last - start
      let hash = 0
      for (let i = at - WINDOW; i < at; i++) hash = (hash << 1 | hash >>> 31) ^ table[room[i]!]!
      while ((hash & MASK) !== 0 && at < last) {
        hash = (hash << 1 | hash >>> 31) ^ table[room[at - WINDOW]!]! ^ table[room[at]!]!
        at++
      }
      return at - start
    },
    endsWithEmpty: lastBytes => lastBytes >= MIN_BYTES,
  }
}

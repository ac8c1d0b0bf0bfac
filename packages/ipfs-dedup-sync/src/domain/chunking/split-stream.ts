import type { Cutter } from './cutter.ts'

/** A forced cut: stands in a stream between the bytes that it parts. */
export const CUT = Symbol('a forced cut')
export type CutStream = AsyncIterable<Uint8Array | typeof CUT>

/**
 * Cuts a stream into chunks; each is the caller's to keep. Holds the cutter's room and one chunk. The pieces in which the bytes come do not matter.
 * @param cutter of its own, as long as this runs
 */
export async function * splitStream (source: CutStream, cutter: Cutter): AsyncGenerator<Uint8Array> {
  const { room, maxBytes } = cutter
  let start = 0
  let end = 0
  let lastBytes = 0
  const take = (): Uint8Array => {
    lastBytes = cutter.cut(start, end)
    start += lastBytes
    return room.slice(start - lastBytes, start)
  }
  for await (const piece of source) {
    if (piece === CUT) {
      while (start < end) yield take()
      continue
    }
    for (let taken = 0; taken < piece.length;) {
      if (end === room.length) {
        room.copyWithin(0, start, end)
        end -= start
        start = 0
      }
      const part = piece.subarray(taken, taken + room.length - end)
      room.set(part, end)
      end += part.length
      taken += part.length
      while (end - start >= maxBytes) yield take()
    }
  }
  while (start < end) yield take()
  if (lastBytes > 0 && cutter.endsWithEmpty?.(lastBytes) === true) yield new Uint8Array(0)
}

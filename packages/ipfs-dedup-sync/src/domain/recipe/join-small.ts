/** Pieces that are so small that each would cost more than its bytes are put together; the others pass as they are. */
const SMALL = 4096
const ROOM = 65_536

export async function * joinSmall (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let room = new Uint8Array(ROOM)
  let filled = 0
  for await (const piece of source) {
    if (piece.length >= SMALL || filled + piece.length > ROOM) {
      if (filled > 0) yield room.subarray(0, filled)
      if (filled > 0) room = new Uint8Array(ROOM)
      filled = 0
    }
    if (piece.length >= SMALL) { yield piece; continue }
    room.set(piece, filled)
    filled += piece.length
  }
  if (filled > 0) yield room.subarray(0, filled)
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Joins pieces of a deflate stream whose lengths are no whole bytes (RFC 1951, section 3.1.1: bits fill a byte from the lowest). */
export class BitJoiner {
  private held = 0
  private heldBits = 0

  /** @param bits of the piece, from the lowest of its first byte; those above the last are zero @returns the whole bytes that are ready */
  join (piece: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
    const total = this.heldBits + bits
    const shift = this.heldBits
    const size = Math.ceil(bits / 8)
    const room = new ArrayBuffer((Math.ceil(total / 8) + 7) & ~3)
    const out = new Uint8Array(room, 0, Math.ceil(total / 8))
    let carried = this.held
    let at = 0
    if (piece.byteOffset % 4 === 0 && LITTLE_ENDIAN) {
      const words = new Uint32Array(piece.buffer, piece.byteOffset, size >>> 2)
      const shifted = new Uint32Array(room)
      for (let i = 0; i < words.length; i++) {
        const word = words[i]!
        shifted[i] = carried | (word << shift)
        carried = shift === 0 ? 0 : word >>> (32 - shift)
      }
      at = words.length * 4
    }
    for (; at < size; at++) {
      const byte = piece[at]!
      out[at] = carried | (byte << shift)
      carried = byte >> (8 - shift)
    }
    if (size < out.length) out[size] = carried
    const whole = total >> 3
    this.heldBits = total & 7
    this.held = this.heldBits === 0 ? 0 : out[whole]!
    return out.subarray(0, whole)
  }

  /** A stored block, which begins at a whole byte wherever it stands. @param text 65,535 bytes at most */
  joinStored (text: Uint8Array, last: boolean): Uint8Array<ArrayBuffer> {
    const size = text.length
    const opening = this.join(Uint8Array.of(last ? 1 : 0), 3)
    const rest = this.end()
    const out = new Uint8Array(opening.length + rest.length + 4 + size)
    out.set(opening)
    out.set(rest, opening.length)
    out.set([size & 255, size >> 8, ~size & 255, (~size >> 8) & 255], opening.length + rest.length)
    out.set(text, opening.length + rest.length + 4)
    return out
  }

  /** @returns the last byte with zeros above, or nothing at a whole byte */
  end (): Uint8Array<ArrayBuffer> {
    const rest = this.heldBits === 0 ? new Uint8Array(0) : Uint8Array.of(this.held)
    this.held = this.heldBits = 0
    return rest
  }
}

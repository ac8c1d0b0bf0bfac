/** Joins pieces of a deflate stream whose lengths are no whole bytes (RFC 1951, section 3.1.1: bits fill a byte from the lowest). */
export class BitJoiner {
  private held = 0
  private heldBits = 0

  /** @param bits of the piece, from the lowest of its first byte; those above the last are zero @returns the whole bytes that are ready */
  join (piece: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
    const total = this.heldBits + bits
    const out = new Uint8Array(Math.ceil(total / 8))
    const shift = this.heldBits
    let carried = this.held
    const size = Math.ceil(bits / 8)
    for (let i = 0; i < size; i++) {
      const byte = piece[i]!
      out[i] = carried | (byte << shift)
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

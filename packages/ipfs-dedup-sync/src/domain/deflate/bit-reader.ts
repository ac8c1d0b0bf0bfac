/** Reads bits from the lowest upwards (RFC 1951, section 3.1.1). Past the end it reads zeros and says so. */
export class BitReader {
  /** Of the next bit, from the first byte's lowest. */
  position: number
  private readonly bytes: Uint8Array

  constructor (bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  /** Whether bits were taken that are not there. */
  get overran (): boolean {
    return this.position > this.bytes.length * 8
  }

  /** The next bits without taking them. @param count 16 at most */
  peek (count: number): number {
    const at = this.position >>> 3
    const word = (this.bytes[at] ?? 0) | ((this.bytes[at + 1] ?? 0) << 8) | ((this.bytes[at + 2] ?? 0) << 16)
    return (word >>> (this.position & 7)) & ((1 << count) - 1)
  }

  /** @param count 16 at most */
  take (count: number): number {
    const value = this.peek(count)
    this.position += count
    return value
  }

  skipToByte (): void {
    this.position = Math.ceil(this.position / 8) * 8
  }
}

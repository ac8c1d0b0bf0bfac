/** FIFO of bytes. `push` and `take` are linear in the bytes moved, whatever the chunk sizes (concatenating on every chunk is quadratic). */
export class ByteQueue {
  #chunks: Uint8Array[] = []
  #offset = 0 // bytes of #chunks[0] already taken
  #length = 0
  get length (): number { return this.#length }

  push (chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** Copies out exactly `n` bytes, into the front of `room` if it is there and large enough. @throws RangeError when fewer are queued: a bug in the caller. */
  take (n: number, room?: Uint8Array): Uint8Array {
    if (n > this.#length) throw new RangeError(`take(${n}) of ${this.#length}`)
    const out = room !== undefined && room.length >= n ? room.subarray(0, n) : new Uint8Array(n)
    let filled = 0
    let used = 0 // whole chunks consumed; removed in one splice, not one shift each
    while (filled < n) {
      const chunk = this.#chunks[used]!
      const part = chunk.subarray(this.#offset, this.#offset + n - filled)
      out.set(part, filled)
      filled += part.length
      this.#offset += part.length
      if (this.#offset === chunk.length) { used++; this.#offset = 0 }
    }
    this.#chunks.splice(0, used)
    this.#length -= n
    return out
  }
}

import { AppError } from '@ipkit/core/errors/app-error'

/** Numbers and bytes one after the other: docs/protocols/dedup-sync.md, "Numbers". */
export class CompactWriter {
  #bytes: Uint8Array
  #length = 0

  /** @param roomBytes about what will be written */
  constructor (roomBytes = 256) { this.#bytes = new Uint8Array(roomBytes) }

  get length (): number { return this.#length }

  /** @param n 0 to 2^53 - 1 */
  number (n: number): void {
    this.#reserve(8)
    let rest = n
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** @param n at most 2^52 either way */
  signed (n: number): void { this.number(n < 0 ? -n * 2 - 1 : n * 2) }

  bytes (bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** What was written. Once, at the end. */
  finish (): Uint8Array { return this.#bytes.subarray(0, this.#length) }

  #reserve (more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    wider.set(this.#bytes)
    this.#bytes = wider
  }
}

/** Reads what a CompactWriter wrote. Everything else is BAD_MESSAGE. */
export class CompactReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor (bytes: Uint8Array) { this.#bytes = bytes }

  /** @param max the largest that is allowed @throws AppError BAD_MESSAGE */
  number (max: number, what: string): number {
    let n = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw badMessage(`it ends before ${what}`)
      n += (byte & 0x7f) * unit
      if (n > max) throw badMessage(`${what} is over ${max}`)
      if (byte < 0x80) {
        if (byte === 0 && unit > 1) throw badMessage(`${what} is not in its shortest form`)
        return n
      }
    }
  }

  /** @throws AppError BAD_MESSAGE */
  signed (max: number, what: string): number {
    const n = this.number(max * 2, what)
    return n % 2 === 1 ? -(n + 1) / 2 : n / 2
  }

  /** A view. @throws AppError BAD_MESSAGE */
  bytes (sizeBytes: number, what: string): Uint8Array {
    if (sizeBytes > this.#bytes.length - this.#at) throw badMessage(`it ends before ${what}`)
    this.#at += sizeBytes
    return this.#bytes.subarray(this.#at - sizeBytes, this.#at)
  }

  get ended (): boolean { return this.#at === this.#bytes.length }

  /** @throws AppError BAD_MESSAGE when there is more */
  end (): void {
    if (!this.ended) throw badMessage(`${this.#bytes.length - this.#at} bytes are left over`)
  }
}

export function badMessage (why: string): AppError {
  return new AppError('BAD_MESSAGE', `the peer sent a malformed message: ${why}`, { exit: 'refused', hints: ['the peer may run a newer version; update and try again'] })
}

/** What stands around a deflate stream: RFC 1950, RFC 1952, and the size in bgzf's head. */
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { adler32 } from './adler32.ts'
import { crc32 } from './crc32.ts'
import { littleEndian } from './little-endian.ts'

export type FrameKind = 'deflate' | 'gzip' | 'bgzf' | 'zlib'

/** Where bgzf's head has its size, 2 bytes: zeros in `heads`. */
export const BGZF_SIZE_AT = 16

/** The sum over a text that stands behind its stream. */
export class TextSum {
  readonly #kind: FrameKind
  #sum: number
  #sizeBytes = 0

  constructor (kind: FrameKind) {
    this.#kind = kind
    this.#sum = kind === 'zlib' ? 1 : 0
  }

  get sizeBytes (): number { return this.#sizeBytes }

  update (text: Uint8Array): void {
    this.#sizeBytes += text.length
    if (this.#kind === 'zlib') this.#sum = adler32(text, this.#sum)
    else if (this.#kind !== 'deflate') this.#sum = crc32(text, this.#sum)
  }

  trailer (): Uint8Array {
    if (this.#kind === 'deflate') return new Uint8Array(0)
    if (this.#kind === 'zlib') return littleEndian(this.#sum, 4).reverse()
    return concatBytes(littleEndian(this.#sum, 4), littleEndian(this.#sizeBytes % 2 ** 32, 4))
  }
}

/** A member of bgzf, its size told in its head. */
export function withMemberSize (member: Uint8Array): Uint8Array {
  member.set(littleEndian(member.length - 1, 2), BGZF_SIZE_AT)
  return member
}

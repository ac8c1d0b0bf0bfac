import { AppError } from '@ipkit/core/errors/app-error'
import type { BitReader } from './bit-reader.ts'

const MAX_LENGTH = 15

/** One Huffman code as a table: any bits that may come lead to the symbol that they begin with. */
export class PrefixCode {
  private readonly tableBits: number
  /** symbol << 4 | length of its code; 0 where no code begins */
  private readonly table: Uint16Array

  /**
   * @param lengths of each symbol's code, 0 for none
   * @throws AppError DEFLATE_INVALID when these are no lengths of a code: too many, or bits that mean nothing, of which only a code of one symbol may have some
   */
  constructor (lengths: ArrayLike<number>) {
    const counts = Array.from({ length: MAX_LENGTH + 2 }, () => 0)
    for (let symbol = 0; symbol < lengths.length; symbol++) counts[lengths[symbol]!]!++
    counts[0] = 0
    const used = counts.reduce((sum, count) => sum + count, 0)
    this.tableBits = Math.max(1, counts.findLastIndex(count => count > 0))
    const taken = counts.reduce((sum, count, length) => sum + (length === 0 ? 0 : count * 2 ** (MAX_LENGTH - length)), 0)
    if (taken > 2 ** MAX_LENGTH) throw new AppError('DEFLATE_INVALID', 'a deflate block has more codes than their lengths allow')
    if (taken < 2 ** MAX_LENGTH && used > 0 && !(used === 1 && counts[1] === 1)) throw new AppError('DEFLATE_INVALID', 'a deflate block has an incomplete code')
    this.table = new Uint16Array(1 << this.tableBits)
    const next = [0, 0]
    for (let length = 1; length <= MAX_LENGTH; length++) next.push((next[length]! + counts[length]!) << 1)
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!
      if (length > 0) this.place(symbol, next[length]!++, length)
    }
  }

  private place (symbol: number, code: number, length: number): void {
    let turned = 0
    for (let i = 0; i < length; i++) turned |= ((code >> i) & 1) << (length - 1 - i)
    for (let at = turned; at < this.table.length; at += 1 << length) this.table[at] = (symbol << 4) | length
  }

  /** @throws AppError DEFLATE_INVALID for bits that no code begins with */
  read (reader: BitReader): number {
    const found = this.table[reader.peek(this.tableBits)]!
    if (found === 0) throw new AppError('DEFLATE_INVALID', `no code begins with the bits at ${reader.position}`)
    reader.position += found & 15
    return found >> 4
  }
}

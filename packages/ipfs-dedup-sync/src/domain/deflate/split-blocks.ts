/**
 * Says where an encoder ends its blocks. That follows from its tokens alone, in the order of the stream: so tokens can be searched in
 * parts, their blocks be found in one quick pass, and the blocks be written in parts again.
 */
import { WINDOW_SIZE } from './deflate-kernel.ts'
import type { EncoderParameters } from './encoder-parameters.ts'
import { SLIDE_AT } from './search-segment.ts'

export interface BlockPlan {
  readonly tokenCount: number
  readonly textStart: number
  readonly textSize: number
  /** False when the encoder has its text no longer, and so cannot store it. */
  readonly mayBeStored: boolean
  readonly last: boolean
}

const CHECK_EVERY = 4096
/** The least text ahead with which a search goes on. */
const AHEAD = 262

/** The state is plain numbers: a copy of it goes on from the same place. */
export class BlockSplitter {
  /** Of the next token in the text. */
  private position = 0
  private blockStart = 0
  private symbols = 0
  private matches = 0
  private distanceBits = 0
  /** Of the window, in the text, and of the text in it. */
  private windowStart = 0
  private windowEnd: number
  private sawEnd = false
  private readonly parameters: EncoderParameters
  private textSize = Infinity

  /** @throws RangeError for parameters with jobs, whose blocks end with them */
  constructor (parameters: EncoderParameters) {
    if (parameters.jobs !== undefined) throw new RangeError('blocks of an encoder with jobs end with its jobs')
    this.parameters = parameters
    this.windowEnd = 2 * WINDOW_SIZE
  }

  /** To be told before any token of the last 131,072 bytes is pushed: near the end of the text the window slides a little differently. */
  endsAt (textSize: number): void {
    this.textSize = textSize
    this.windowEnd = Math.min(textSize, this.windowEnd)
    if (this.position === 0) this.visit(0)
  }

  /** Takes the next tokens. @returns the blocks that end with one of them */
  push (tokens: Uint32Array): BlockPlan[] {
    const { symbolLimit, endsEarly, search } = this.parameters
    const blocks: BlockPlan[] = []
    // a lazy search notes a token from one position further on
    const later = search.greedy ? 0 : 1
    let { position, symbols } = this
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!
      const searched = position + later
      if (searched > this.windowEnd - AHEAD) this.visit(searched)
      symbols++
      const isMatch = token > 65535
      position += isMatch ? token & 0xffff : 1
      if (endsEarly && isMatch) {
        const distance = token >>> 16
        this.matches++
        this.distanceBits += 5 + (distance < 5 ? 0 : 30 - Math.clz32(distance - 1))
      }
      if (symbols === symbolLimit || (endsEarly && symbols % CHECK_EVERY === 0)) {
        this.position = position
        this.symbols = symbols
        const full = symbols === symbolLimit || this.shrinks(searched - this.blockStart)
        // a lazy search notes a last literal when it is over: no block ends with that but the last
        const over = later === 1 && !isMatch && position === this.textSize
        if (full && !over) {
          blocks.push(this.cut(false))
          symbols = 0
        }
      }
      if (position > this.windowEnd - AHEAD) this.visit(position)
    }
    this.position = position
    this.symbols = symbols
    return blocks
  }

  /** @returns the last block, which may be empty */
  end (): BlockPlan {
    this.visit(this.position)
    return this.cut(true)
  }

  private shrinks (textSize: number): boolean {
    const guessed = Math.floor((this.symbols * 8 + this.distanceBits) / 8)
    return this.matches < Math.floor(this.symbols / 2) && guessed < Math.floor(textSize / 2)
  }

  private cut (last: boolean): BlockPlan {
    const block = { tokenCount: this.symbols, textStart: this.blockStart, textSize: this.position - this.blockStart, mayBeStored: this.blockStart >= this.windowStart, last }
    this.blockStart = this.position
    this.symbols = this.matches = this.distanceBits = 0
    return block
  }

  /** What the window does when the search comes to a position. */
  private visit (at: number): void {
    if (this.sawEnd || at <= this.windowEnd - AHEAD) return
    if (at - this.windowStart >= SLIDE_AT - 1) this.windowStart += WINDOW_SIZE
    const end = Math.min(this.textSize, this.windowStart + 2 * WINDOW_SIZE)
    this.sawEnd = this.parameters.looksPast && end === this.windowEnd
    this.windowEnd = end
  }
}

import { MAX, MIN, NORMAL } from './fastcdc-limits.ts'
import { STRONG } from './gear-scanner.ts'

/** What was found in one piece of a stream. Positions count from the beginning of the stream. */
export interface ScannedPiece {
  readonly start: number
  readonly end: number
  /** Weak candidates after `start`, up to `end`, in order, counted from `start - lead`; `STRONG` is set for strong ones. */
  readonly candidates: Uint32Array
  readonly lead: number
  /** After `start`, up to `end`, in order. */
  readonly forced: readonly number[]
  /** Whether the stream ends with it. */
  readonly last: boolean
}

/**
 * Chooses among the candidates of pieces that were scanned apart; pieces are handed over in order and without a gap. The cuts are those of `fastcdcCutter`: what makes a
 * candidate lies inside the chunk that it would end. Linear in the candidates, whatever they are.
 */
export class CutChooser {
  #chunkStart = 0

  /** @returns ends of chunks that are in this piece, in order */
  choose (piece: ScannedPiece): number[] {
    const ends: number[] = []
    let next = 0
    const chooseUpTo = (limit: number, isEnd: boolean): void => {
      for (;;) {
        const start = this.#chunkStart
        const longest = Math.min(start + MAX, limit)
        let end = longest
        let isCut = isEnd || start + MAX <= limit
        for (; next < piece.candidates.length; next++) {
          const found = piece.candidates[next]!
          const position = piece.start - piece.lead + (found % STRONG)
          if (position > longest) break
          const length = position - start
          if (length < MIN || (length < NORMAL && found < STRONG)) continue
          end = position
          isCut = true
          break
        }
        if (!isCut || end === start) return
        ends.push(end)
        this.#chunkStart = end
        if (end === limit) return
      }
    }
    for (const position of piece.forced) chooseUpTo(position, true)
    chooseUpTo(piece.end, piece.last)
    return ends
  }
}

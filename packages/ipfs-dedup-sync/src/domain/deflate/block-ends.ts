/** Where blocks end in a segment of a stream whose encoder is not known: docs/formats/deflate-model.md, "Corrections". */
import { AppError } from '@ipkit/core/errors/app-error'
import type { EncoderParameters } from './encoder-parameters.ts'

/** A block's first bits, up to its first symbol; of a stored block the first three. */
export interface BlockHead { readonly bytes: Uint8Array, readonly bits: number }

export interface BlockEnd {
  /** Tokens of the segment before it. */
  readonly at: number
  readonly last: boolean
  /** Of the block that ends; undefined when it is written as the model writes it. */
  readonly head?: BlockHead
}

/** What the corrections say; `goesOn`: no block ends where one was expected. */
export type ToldEnd = { readonly at: number, readonly goesOn: true } | (BlockEnd & { readonly goesOn?: undefined })

/** Empty, stored, the last: what Go ends a stream with. */
export const CLOSING: BlockHead = { bytes: Uint8Array.of(1), bits: 3 }

/**
 * Puts together what is expected and what is told.
 * @param symbols of the block that is under way where the segment begins
 * @param told by rising place; where something is told, nothing is expected
 * @param closes whether the text ends with the segment
 * @throws AppError CORRECTIONS_INVALID for places that are not there, and for blocks behind the last
 */
export function findEnds ({ symbolLimit, family }: EncoderParameters, symbols: number, told: readonly ToldEnd[], tokenCount: number, closes: boolean): { ends: BlockEnd[], symbols: number } {
  const ends: BlockEnd[] = []
  let at = 0
  for (let i = 0; ;) {
    const expected = symbols < symbolLimit ? at + symbolLimit - symbols : Infinity
    const next = told[i]?.at ?? Infinity
    const to = Math.min(expected, next)
    if (next < at || (to > tokenCount && next !== Infinity)) throw new AppError('CORRECTIONS_INVALID', `a block is to end behind token ${next} of ${tokenCount}`)
    if (to > tokenCount) break
    symbols += to - at
    at = to
    if (next !== to) {
      ends.push({ at, last: false })
      symbols = 0
    }
    for (; told[i]?.at === to; i++) {
      const end = told[i]!
      if (end.goesOn === true) continue
      ends.push(end)
      symbols = 0
    }
  }
  symbols += tokenCount - at
  const lastAt = ends.findIndex(({ last }) => last)
  if (lastAt >= 0 && (!closes || lastAt < ends.length - 1 || symbols > 0)) throw new AppError('CORRECTIONS_INVALID', 'something is behind the last block')
  if (closes && lastAt < 0) {
    if (family !== 'go') ends.push({ at: tokenCount, last: true })
    else {
      if (symbols > 0) ends.push({ at: tokenCount, last: false })
      ends.push({ at: tokenCount, last: true, head: CLOSING })
    }
    symbols = 0
  }
  return { ends, symbols }
}

/** What of the ends must be told, so that `findEnds` finds them all. */
export function tellEnds (parameters: EncoderParameters, symbols: number, ends: readonly BlockEnd[], tokenCount: number, closes: boolean): ToldEnd[] {
  const { symbolLimit, family } = parameters
  const told: ToldEnd[] = []
  let at = 0
  let length = symbols
  const walkTo = (to: number, endsThere: boolean): void => {
    const limitAt = at + symbolLimit - length
    if (length < symbolLimit && (endsThere ? limitAt < to : limitAt <= to)) told.push({ at: limitAt, goesOn: true })
    length += to - at
    at = to
  }
  for (const [i, end] of ends.entries()) {
    walkTo(end.at, true)
    const alone = ends[i - 1]?.at !== at && ends[i + 1]?.at !== at
    if (!(alone && length === symbolLimit && end.head === undefined && !end.last)) told.push(end)
    length = 0
  }
  walkTo(tokenCount, false)
  if (!closes) return told
  // what a stream ends with is not told; where it would be taken for something else, all is
  for (const kept of family === 'go' ? [told.slice(0, -2), told.slice(0, -1)] : [told.slice(0, -1)]) {
    if (sameEnds(findEnds(parameters, symbols, kept, tokenCount, true).ends, ends)) return kept
  }
  return told
}

function sameEnds (some: readonly BlockEnd[], others: readonly BlockEnd[]): boolean {
  return some.length === others.length && some.every((end, i) => {
    const other = others[i]!
    return end.at === other.at && end.last === other.last && end.head?.bits === other.head?.bits && (end.head?.bytes ?? []).every((byte, j) => byte === other.head!.bytes[j])
  })
}

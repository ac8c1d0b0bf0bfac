import { SYMBOLS } from './layout.ts'
import { search } from './matcher-state.ts'
import { distanceExtraBits } from './symbol-codes.ts'

const CHECK_EVERY: u32 = 4096

/** Notes a symbol: a literal's byte, or distance << 16 | length. @returns whether the block ends with it */
export function noteSymbol (symbol: u32): bool {
  const count = search.count
  store<u32>(SYMBOLS + (count << 2), symbol)
  search.count = count + 1
  return count + 1 === search.symbolLimit || (search.endsEarly && ((count + 1) & (CHECK_EVERY - 1)) === 0 && endsEarly())
}

/**
 * A block ends early when its symbols are guessed to need under half of the bytes they stand for, and fewer than half of them are matches.
 * The guess: a byte for each symbol, and for each match 5 bits and the extra bits of its distance.
 */
function endsEarly (): bool {
  const count = search.count
  let matches = search.matches
  let bits = search.distanceBits
  for (let i = search.checkedCount; i < count; i++) {
    const distance = load<u32>(SYMBOLS + (i << 2)) >> 16
    if (distance === 0) continue
    matches++
    bits += 5 + distanceExtraBits(distance)
  }
  search.matches = matches
  search.distanceBits = bits
  search.checkedCount = count
  const guessed = (count * 8 + bits) >> 3
  const textSize = (search.at as i32 - search.blockStart) as u32
  return matches < count / 2 && guessed < textSize / 2
}

export function clearSymbols (): void {
  search.count = 0
  search.matches = 0
  search.distanceBits = 0
  search.checkedCount = 0
}

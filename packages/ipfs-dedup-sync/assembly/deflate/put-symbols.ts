import { bits } from './bit-writer.ts'
import { MAX_MATCH, MIN_MATCH, OUTPUT, SYMBOLS } from './layout.ts'
import { distanceCode, distanceCodeBase, distanceCodeExtraBits, END_OF_BLOCK, lengthCode, lengthCodeBase, lengthCodeExtraBits } from './symbol-codes.ts'

/** For each length of a match the bits of its code and its extra bits in one, and above 24 bits their number. */
const MATCH_LENGTHS: usize = memory.data(259 * 4, 16)

/** All symbols of the block, and the one that ends it. @param ends false: more symbols follow */
export function putSymbols (count: u32, literalCodes: usize, literalLengths: usize, distanceCodes: usize, distanceLengths: usize, ends: bool): void {
  joinLengths(literalCodes, literalLengths)
  let out = OUTPUT + bits.size
  let held = bits.held
  let heldBits = bits.heldBits as u64
  for (let p = SYMBOLS, end = SYMBOLS + (count << 2); p < end; p += 4) {
    const symbol = load<u32>(p)
    const distance = symbol >> 16
    if (distance === 0) {
      held |= (load<u16>(literalCodes + (symbol << 1)) as u64) << heldBits
      heldBits += load<u8>(literalLengths + symbol)
    } else {
      const joined = load<u32>(MATCH_LENGTHS + ((symbol & 0xffff) << 2))
      held |= ((joined & 0xffffff) as u64) << heldBits
      heldBits += joined >> 24
      if (heldBits >= 32) {
        store<u32>(out, held as u32)
        out += 4
        held >>= 32
        heldBits -= 32
      }
      const code = distanceCode(distance)
      const length: u32 = load<u8>(distanceLengths + code)
      const extra = (distance - 1 - distanceCodeBase(code)) << length
      held |= ((load<u16>(distanceCodes + (code << 1)) | extra) as u64) << heldBits
      heldBits += length + distanceCodeExtraBits(code)
    }
    if (heldBits >= 32) {
      store<u32>(out, held as u32)
      out += 4
      held >>= 32
      heldBits -= 32
    }
  }
  if (ends) {
    held |= (load<u16>(literalCodes + (END_OF_BLOCK << 1)) as u64) << heldBits
    heldBits += load<u8>(literalLengths + END_OF_BLOCK)
  }
  while (heldBits >= 8) {
    store<u8>(out++, held as u8)
    held >>= 8
    heldBits -= 8
  }
  bits.size = (out - OUTPUT) as u32
  bits.held = held
  bits.heldBits = heldBits as u32
}

function joinLengths (codes: usize, lengths: usize): void {
  for (let length: u32 = MIN_MATCH; length <= MAX_MATCH; length++) {
    const code = lengthCode(length)
    const symbol = END_OF_BLOCK + 1 + code
    const codeLength: u32 = load<u8>(lengths + symbol)
    const extra = (length - MIN_MATCH - lengthCodeBase(code)) << codeLength
    store<u32>(MATCH_LENGTHS + (length << 2), load<u16>(codes + (symbol << 1)) | extra | ((codeLength + lengthCodeExtraBits(code)) << 24))
  }
}

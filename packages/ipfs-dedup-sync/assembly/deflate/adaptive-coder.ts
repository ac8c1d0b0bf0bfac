/**
 * Codes decisions of which one side is likelier in the fewest bits: docs/formats/deflate-model.md, "Corrections", says how. The same calls
 * read and write, so that the two cannot differ.
 */
import { ITEM_SIZE, itemPlace } from './predictor-memory.ts'

const PROBABILITY_BITS: u32 = 16
const EVEN: u16 = 0x8000
const LIKELIEST: u32 = 0xffe0
const SLOWEST: u8 = 5
const LEAST_RANGE: u32 = 1 << 24
const CONTEXTS: u32 = 4096

/** For each context how likely a 0 is, and how often it was met. */
const PROBABILITY: usize = memory.data(4096 * 2, 16)
const MET: usize = memory.data(4096, 16)

let writes: bool = false
let low: u64 = 0
let range: u32 = 0
let code: u32 = 0
let held: u32 = 0
let heldCount: u32 = 0
let at: u32 = 0
let end: u32 = 0
let overran: bool = false

function begin (): void {
  for (let i: u32 = 0; i < CONTEXTS; i++) store<u16>(PROBABILITY + (i << 1), EVEN)
  memory.fill(MET, 0, CONTEXTS)
  range = 0xffffffff
  at = 0
  overran = false
}

export function beginWriting (): void {
  begin()
  writes = true
  low = 0
  held = 0
  heldCount = 1
}

export function beginReading (sizeBytes: u32): void {
  begin()
  writes = false
  end = sizeBytes
  code = 0
  for (let i = 0; i < 5; i++) code = (code << 8) | nextByte()
}

/** @returns how many bytes were written, or 0xffffffff when there was no room */
export function endWriting (): u32 {
  for (let i = 0; i < 5; i++) shiftLow()
  // zeros at the end are read where there is nothing
  while (at > 0 && load<u8>(itemPlace() + at - 1) === 0) at--
  return overran ? 0xffffffff : at
}

function nextByte (): u32 {
  return at < end ? load<u8>(itemPlace() + at++) : 0
}

function shiftLow (): void {
  if ((low as u32) < 0xff000000 || (low >> 32) !== 0) {
    const carry = (low >> 32) as u32
    let byte = held
    do {
      if (at < ITEM_SIZE) store<u8>(itemPlace() + at++, (byte + carry) as u8)
      else overran = true
      byte = 0xff
    } while (--heldCount !== 0)
    held = (low as u32) >> 24
  }
  heldCount++
  low = ((low as u32) << 8) as u64
}

/** @param bit ignored when reading @returns the bit */
export function codeBit (context: u32, bit: u32): u32 {
  const place = PROBABILITY + (context << 1)
  const probability: u32 = load<u16>(place)
  const bound = (range >> PROBABILITY_BITS) * probability
  let result = bit
  if (!writes) result = code < bound ? 0 : 1
  if (result === 0) range = bound
  else {
    range -= bound
    if (writes) low += bound
    else code -= bound
  }
  const met: u8 = load<u8>(MET + context)
  const rate: u32 = met < SLOWEST ? met + 1 : SLOWEST
  if (met < SLOWEST) store<u8>(MET + context, met + 1)
  if (result === 0) store<u16>(place, (probability + ((LIKELIEST - probability) >> rate)) as u16)
  else store<u16>(place, (probability - ((probability - 32) >> rate)) as u16)
  while (range < LEAST_RANGE) {
    range <<= 8
    if (writes) shiftLow()
    else code = (code << 8) | nextByte()
  }
  return result
}

/** A number of so many bits, from the highest; each bit's context follows from those above it. */
export function codeTree (context: u32, bits: u32, value: u32): u32 {
  let node: u32 = 1
  for (let i = bits; i !== 0; i--) node = (node << 1) | codeBit(context + node, (value >> (i - 1)) & 1)
  return node - (1 << bits)
}

/** A number from 0 on, small ones in few bits: how many bits it and 1 have, under 16, then those below the first. Takes 256 contexts. */
export function codeNumber (context: u32, value: u32): u32 {
  let bits: u32 = 0
  const wanted = value + 1
  while (codeBit(context + bits, (wanted >> (bits + 1)) !== 0 ? 1 : 0) !== 0 && bits < 15) bits++
  let result: u32 = 1
  for (let i = bits; i !== 0; i--) {
    const depth = bits - i
    const place = depth < 3 ? 16 + bits * 8 + result - 1 : 160 + bits
    result = (result << 1) | codeBit(context + place, (wanted >> (i - 1)) & 1)
  }
  return result - 1
}

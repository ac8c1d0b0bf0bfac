/**
 * Says of each token of a segment what a lazy search would have taken, given the tokens before it as they are, and codes where that was
 * wrong: docs/formats/deflate-model.md, "Corrections".
 */
import { beginReading, beginWriting, codeBit, codeNumber, codeTree, endWriting } from './adaptive-coder.ts'
import { MAX_MATCH, MIN_MATCH, WINDOW_MASK, WINDOW_SIZE } from './layout.ts'
import { chainsPlace, clearHeads, headsPlace, textPlace, tokensPlace } from './predictor-memory.ts'

const TOO_FAR: u32 = 4096
/** Candidates that are looked at to find a distance again. */
const MAX_HOPS: u32 = 4096
/** Of a match whose distance is one of many. */
const SHORT: u32 = 6
const WITHOUT: u32 = 0
const WRITES: u32 = 1

// contexts
const HITS: u32 = 0 // 512
const TAKES_LITERAL: u32 = 512 // 64
const SAME_MATCH: u32 = 576 // 64
const SAME_LENGTH: u32 = 640 // 64
const LENGTH: u32 = 704 // 256
const SHORTER: u32 = 960 // 64
const HOPS: u32 = 1024 // 256
const FAR: u32 = 1280 // 16
const DISTANCE_HIGH: u32 = 1296 // 256
const LENGTH_LESS: u32 = 1552 // 256
const LENGTH_MORE: u32 = 1808 // 256
const HOPS_SHORT: u32 = 2064 // 256

let mode: u32 = WITHOUT
let goes: bool = false
let quadHash: bool = false
let hashShift: u32 = 5
let hashBits: u32 = 15
let least: u32 = MIN_MATCH
let good: u32 = 0
let lazy: u32 = 0
let nice: u32 = 0
let chain: u32 = 0

let textEnd: u32 = 0
let inserted: u32 = 0
let text: usize = 0
let heads: usize = 0
let chains: usize = 0
let misses: u32 = 0

export function configurePredictor (isGo: bool, quad: bool, bits: u32, goodLength: u32, lazyLength: u32, niceLength: u32, chainLength: u32): void {
  goes = isGo
  quadHash = quad
  hashBits = bits
  hashShift = (bits + 2) / 3
  least = isGo ? 4 : MIN_MATCH
  good = goodLength
  lazy = lazyLength
  nice = niceLength
  chain = chainLength
}

function hashAt (at: u32): u32 {
  const word = load<u32>(text + at)
  if (goes) return (bswap<u32>(word) * 0x1e35a7bd) >> 15
  if (quadHash) return ((word * 66521 + 66521) >> 16) & ((1 << hashBits) - 1)
  return ((word << (2 * hashShift)) ^ ((word >> (8 - hashShift)) & (0xff << hashShift)) ^ ((word >> 16) & 0xff)) & ((1 << hashBits) - 1)
}

/** All positions below go under their hashes, as far as there is text for it. */
function insertBelow (end: u32): void {
  const limit = min(end, textEnd < least ? 0 : textEnd - least + 1)
  let at = inserted
  for (; at < limit; at++) {
    const head = heads + (hashAt(at) << 2)
    store<u32>(chains + ((at & WINDOW_MASK) << 2), load<u32>(head))
    store<u32>(head, at + 1)
  }
  inserted = max(inserted, end)
}

/** The nearest position before with the same hash, and 1. */
function headOf (at: u32): u32 {
  insertBelow(at + 1)
  return at + least <= textEnd ? load<u32>(chains + ((at & WINDOW_MASK) << 2)) : 0
}

function commonLength (one: u32, other: u32, most: u32): u32 {
  let length: u32 = 0
  while (length < most) {
    const differs = load<u64>(text + one + length) ^ load<u64>(text + other + length)
    if (differs !== 0) return min(length + ((ctz(differs) as u32) >> 3), most)
    length += 8
  }
  return most
}

/** Whether there may be a match longer than `best`: a quick look. */
function agreesAbove (at: u32, place: u32, best: u32): bool {
  if (best < MIN_MATCH) return load<u32>(text + place) << 8 === load<u32>(text + at) << 8
  return load<u32>(text + place + best - 3) === load<u32>(text + at + best - 3)
}

/** @returns distance << 16 | length of the nearest of the longest matches above `best`; 0 for none */
function findMatch (at: u32, best: u32, tries: u32): u32 {
  const most = min(MAX_MATCH, textEnd - at)
  if (most <= best) return 0
  let candidate = headOf(at)
  const limit = at > WINDOW_SIZE ? at - WINDOW_SIZE : 0
  const enough = min(nice, most)
  let found: u32 = 0
  while (candidate > limit && tries-- !== 0) {
    const place = candidate - 1
    if (agreesAbove(at, place, best)) {
      const length = commonLength(at, place, most)
      if (length > best && !(goes && length === least && at - place > TOO_FAR)) {
        best = length
        found = ((at - place) << 16) | length
        if (length >= enough) break
      }
    }
    candidate = load<u32>(chains + ((place & WINDOW_MASK) << 2))
  }
  if (!goes && (found & 0xffff) === MIN_MATCH && (found >> 16) > TOO_FAR) return 0
  return found
}

/** How many nearer candidates agree in so many bytes. @returns MAX_HOPS when the distance is not met */
function hopsTo (at: u32, distance: u32, length: u32): u32 {
  let candidate = headOf(at)
  const limit = at > WINDOW_SIZE ? at - WINDOW_SIZE : 0
  let hops: u32 = 0
  for (let tries = MAX_HOPS; candidate > limit && tries !== 0; tries--) {
    const place = candidate - 1
    if (at - place > distance) break
    if (at - place === distance) return hops
    if (commonLength(at, place, length) >= length) hops++
    candidate = load<u32>(chains + ((place & WINDOW_MASK) << 2))
  }
  return MAX_HOPS
}

/** @returns 0 when there is none */
function distanceOf (at: u32, length: u32, hops: u32): u32 {
  let candidate = headOf(at)
  const limit = at > WINDOW_SIZE ? at - WINDOW_SIZE : 0
  for (let tries = MAX_HOPS; candidate > limit && tries !== 0; tries--) {
    const place = candidate - 1
    if (commonLength(at, place, length) >= length && hops-- === 0) return at - place
    candidate = load<u32>(chains + ((place & WINDOW_MASK) << 2))
  }
  return 0
}

function bucket (length: u32): u32 {
  return length < 8 ? length : length < 16 ? 8 + ((length - 8) >> 2) : length < 32 ? 10 + ((length - 16) >> 3) : length < 258 ? 12 : 13
}

/** @param known the match that the search found, of a length under 3 for none @param maybe whether it may be that @returns distance << 16 | length; 0 for what cannot be */
function codeMatch (at: u32, known: u32, maybe: bool, token: u32): u32 {
  const most = min(MAX_MATCH, textEnd - at)
  const knownLength = known & 0xffff
  const b = bucket(knownLength)
  if (maybe && codeBit(SAME_MATCH + b, token === known ? 0 : 1) === 0) return known
  let length = token & 0xffff
  if (knownLength >= MIN_MATCH) {
    if (codeBit(SAME_LENGTH + b, length === knownLength ? 0 : 1) === 0) length = knownLength
    else if (codeBit(SHORTER + b, length < knownLength ? 0 : 1) === 0) {
      length = knownLength - 1 - codeNumber(LENGTH_LESS, knownLength - 1 - length)
    } else length = knownLength + 1 + codeNumber(LENGTH_MORE, length - knownLength - 1)
  } else length = MIN_MATCH + codeTree(LENGTH, 8, length - MIN_MATCH)
  if (length < MIN_MATCH || length > most) return 0
  let distance = token >> 16
  const hops = mode === WRITES ? hopsTo(at, distance, length) : 0
  if (codeBit(FAR, hops < MAX_HOPS ? 0 : 1) === 0) {
    const coded = codeNumber(length < SHORT ? HOPS_SHORT : HOPS, hops)
    if (mode !== WRITES) distance = distanceOf(at, length, coded)
  } else {
    const high = codeTree(DISTANCE_HIGH, 8, (distance - 1) >> 7)
    let low: u32 = 0
    for (let i: u32 = 7; i !== 0; i--) low = (low << 1) | codeBit(FAR + 1 + i, ((distance - 1) >> (i - 1)) & 1)
    distance = ((high << 7) | low) + 1
  }
  return distance === 0 || distance > at || distance > WINDOW_SIZE ? 0 : (distance << 16) | length
}

/**
 * Goes through a segment. @param how 0: takes each token as predicted; 1: the tokens stand at their place, the corrections are written;
 * 2: these are read, the tokens written
 * @param before bytes before the segment, which stand first @param segment its bytes @param behind those behind it, which the text has too
 * @param begin where the first token begins, from the segment's beginning @param count of tokens (1), or bytes of corrections (2)
 * @returns tokens that begin within the segment (0, 2), bytes of corrections (1); 0xffffffff: no corrections for it, or corrections that are none
 */
export function runPrediction (how: u32, before: u32, segment: u32, behind: u32, begin: u32, count: u32): u32 {
  mode = how
  text = textPlace()
  heads = headsPlace()
  chains = chainsPlace()
  textEnd = before + segment + behind
  memory.fill(text + textEnd, 0, 16)
  clearHeads()
  inserted = 0
  misses = 0
  if (how === WRITES) beginWriting()
  else if (how !== WITHOUT) beginReading(count)
  const tokens = tokensPlace()
  const end = before + segment
  let at = before + begin
  let done: u32 = 0
  let history: u32 = 0
  insertBelow(at)
  let here = at < end ? findMatch(at, least - 1, chain) : 0
  while (at < end) {
    const length = here & 0xffff
    let next: u32 = 0
    if (length >= least && length < lazy && at + 1 < textEnd) {
      const tries = length >= good && !goes ? chain >> 2 : chain
      next = findMatch(at + 1, goes ? least - 1 : length, tries)
      if (goes && (next & 0xffff) <= length) next = 0
    }
    const literal: u32 = load<u8>(text + at)
    const guess = length < least || next !== 0 ? literal : here
    let token = guess
    if (how !== WITHOUT) {
      if (how === WRITES) {
        if (done >= count) return 0xffffffff
        token = load<u32>(tokens + (done << 2))
      }
      const kind: u32 = length < least ? 0 : next !== 0 ? 1 : 2
      const context = HITS + (((history & 3) * 3 + kind) << 5) + (kind === 0 ? 0 : bucket(length) + (kind === 1 ? 0 : (here >> 16) > TOO_FAR ? 16 : 0))
      const wrong = codeBit(context, token === guess ? 0 : 1)
      history = (history << 1) | wrong
      if (wrong !== 0) {
        misses++
        if (guess === here && codeBit(TAKES_LITERAL + bucket(length), token < 65536 ? 0 : 1) === 0) {
          if (how !== WRITES) token = literal
        } else {
          const match = codeMatch(at, here, kind === 1, token)
          if (match === 0 || (how === WRITES && match !== token)) return 0xffffffff
          token = match
        }
      }
    }
    store<u32>(tokens + (done++ << 2), token)
    if (token < 65536) {
      at++
      here = next !== 0 ? next : at < textEnd ? findMatch(at, least - 1, chain) : 0
    } else {
      at += token & 0xffff
      insertBelow(at)
      here = at < end ? findMatch(at, least - 1, chain) : 0
    }
  }
  if (how === WRITES) return done === count ? (misses === 0 ? 0 : endWriting()) : 0xffffffff
  return done
}

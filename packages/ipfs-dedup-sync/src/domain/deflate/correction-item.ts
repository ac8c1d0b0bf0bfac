/** The corrections of one segment, as bytes: docs/formats/deflate-model.md, "Corrections". */
import { AppError } from '@ipkit/core/errors/app-error'
import type { ToldEnd } from './block-ends.ts'

export interface CorrectionItem {
  /** Where the first token of the segment begins, from its beginning: a match of the segment before may reach into it. */
  readonly begin: number
  /** As of `runPrediction`; of no length when all tokens are as predicted. */
  readonly tokens: Uint8Array
  readonly ends: readonly ToldEnd[]
}

const GOES_ON = 0
const AS_MODELLED = 1
const WITH_HEAD = 2
const LAST = 3
const MAX_BEGIN = 257
/** Each costs as much as a small block does, whatever is in it. */
export const MAX_ENDS = 16_384
/** Of codes' lengths: three numbers, 19 lengths of 3 bits, and 316 times a code of 7 bits and 7 more. */
const MAX_HEAD_BITS = 3 + 14 + 57 + 316 * 14

export function encodeItem ({ begin, tokens, ends }: CorrectionItem): Uint8Array {
  const out: number[] = []
  putNumber(out, begin)
  putNumber(out, tokens.length)
  for (const byte of tokens) out.push(byte)
  let before = 0
  for (const end of ends) {
    const head = end.goesOn === true ? undefined : end.head
    putNumber(out, (end.at - before) * 4 + (end.goesOn === true ? GOES_ON : head !== undefined ? WITH_HEAD : end.last ? LAST : AS_MODELLED))
    if (head !== undefined) {
      putNumber(out, head.bits)
      out.push(...head.bytes)
    }
    before = end.at
  }
  return Uint8Array.from(out)
}

/** @throws AppError CORRECTIONS_INVALID */
export function decodeItem (item: Uint8Array): CorrectionItem {
  let at = 0
  const take = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = item[at++]
      if (byte === undefined || shift > 21 || (byte === 0 && shift > 0)) throw invalid('a number that is none')
      value += (byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const cut = (size: number): Uint8Array => {
    if (size > item.length - at) throw invalid(`${size} bytes where ${item.length - at} are left`)
    at += size
    return item.slice(at - size, at)
  }
  const begin = take()
  if (begin > MAX_BEGIN) throw invalid(`a first token at ${begin}, the limit is ${MAX_BEGIN}`)
  const tokens = cut(take())
  const ends: ToldEnd[] = []
  for (let place = 0; at < item.length;) {
    if (ends.length === MAX_ENDS) throw invalid(`over ${MAX_ENDS} ends of blocks`)
    const number = take()
    place += number >> 2
    const what = number & 3
    if (what === GOES_ON) ends.push({ at: place, goesOn: true })
    else if (what !== WITH_HEAD) ends.push({ at: place, last: what === LAST })
    else {
      const bits = take()
      if (bits < 3 || bits > MAX_HEAD_BITS) throw invalid(`a block's head of ${bits} bits`)
      const bytes = cut(Math.ceil(bits / 8))
      if ((bits & 7) !== 0 && bytes.at(-1)! >> (bits & 7) !== 0) throw invalid('bits behind a block’s head')
      ends.push({ at: place, last: (bytes[0]! & 1) === 1, head: { bytes, bits } })
    }
  }
  return { begin, tokens, ends }
}

function putNumber (out: number[], value: number): void {
  let left = value
  while (left > 127) {
    out.push((left & 127) | 128)
    left >>>= 7
  }
  out.push(left)
}

function invalid (what: string): AppError {
  return new AppError('CORRECTIONS_INVALID', `the corrections of a segment have ${what}`)
}

import { openSync, readSync, closeSync } from 'node:fs'
import { seededRandom } from '@ipkit/testkit/seeded-random'

/** Texts of the shapes that encoders treat differently, the same in every run; only `binary` depends on the node that runs. */
export interface NamedText { readonly name: string, readonly text: Buffer }

const WORDS = 'const let function return import export from if else for while await async new class this static readonly string number'.split(' ')
const ENDS = [' ', ' = ', '(', '.', ', ', ') ', ': ', ';\n  ']

export function sourceText (size: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  const names = Array.from({ length: 3000 }, () => Array.from({ length: 3 + random.below(10) }, () => String.fromCharCode(97 + random.below(26))).join(''))
  const parts: string[] = []
  for (let length = 0; length < size;) {
    const word = random.below(2) === 0 ? WORDS[random.below(WORDS.length)]! : names[Math.floor(random.next() * random.below(names.length))]!
    const part = word + ENDS[random.below(ENDS.length)]!
    parts.push(part)
    length += part.length
  }
  return Buffer.from(parts.join('')).subarray(0, size)
}

/** Runs, noise, and repeats from all distances, also from beyond the window. */
export function mixedText (size: number, seed = 3): Buffer {
  const random = seededRandom(seed)
  const text = Buffer.alloc(size)
  for (let at = 0; at < size;) {
    const kind = random.next()
    const length = Math.min(size - at, 1 + Math.floor(random.next() * random.below(600)))
    const distance = 1 + Math.min(at - 1, Math.floor(random.next() * random.below(40_000)))
    if (kind < 0.3 || at < 10) text.set(random.bytes(length), at)
    else if (kind < 0.5) text.fill(random.below(4), at, at + length)
    else for (let i = 0; i < length; i++) text[at + i] = text[at + i - distance]!
    at += length
  }
  return text
}

/** Each byte one of a few values: many matches of the same length to choose from. */
export function fewValues (size: number, values: number, seed = 9): Buffer {
  const random = seededRandom(seed)
  return Buffer.from(Uint8Array.from({ length: size }, () => random.below(values)))
}

const SOURCE = sourceText(200_000, 12)

/**
 * Mostly zeros at the end, and a window before it; 200,000 bytes at most: what stands behind the end of the text, and stems from there, decides which of its last
 * matches is longer.
 */
export function sparseEnd (size: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const share = 0.02 + random.next() * 0.4
  const text = Buffer.from(SOURCE.subarray(0, size))
  for (const end of [size - 32_768 + 600, size]) {
    for (let at = Math.max(0, end - 1200); at < end; at++) text[at] = random.next() < share ? 1 : 0
  }
  return text
}

/** No three bytes stand in it twice: all literals. */
export function withoutRepeats (size: number): Buffer {
  const random = seededRandom(77)
  const seen = new Set<number>()
  const text = Buffer.alloc(size)
  for (let at = 0; at < size;) {
    text[at] = random.below(256)
    const three = at < 2 ? -1 - at : text.readUIntBE(at - 2, 3)
    if (!seen.has(three)) at++
    seen.add(three)
  }
  return text
}

function repeated (size: number, period: number): Buffer {
  const once = sourceText(period, 4)
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => once[i % period]!))
}

function binaryText (size: number): Buffer {
  const text = Buffer.alloc(size)
  const file = openSync(process.execPath, 'r')
  readSync(file, text, 0, size, 5_000_000)
  closeSync(file)
  return text
}

export function largeTexts (): NamedText[] {
  const random = Buffer.from(seededRandom(7).bytes(200_000))
  return [
    { name: 'source', text: sourceText(300_000) },
    { name: 'binary', text: binaryText(300_000) },
    { name: 'random', text: random },
    { name: 'mixed', text: mixedText(300_000) },
    { name: 'two values', text: fewValues(70_000, 2) },
    { name: 'twenty values', text: fewValues(100_000, 20) },
    { name: 'zeros', text: Buffer.alloc(400_000) },
    { name: 'repeats of 700', text: repeated(200_000, 700) },
    { name: 'repeats of 258', text: repeated(100_000, 258) },
    { name: 'random behind source', text: Buffer.concat([sourceText(90_000, 5), random.subarray(0, 120_000), sourceText(50_000, 5)]) },
  ]
}

/** 0 to 600 bytes. @param step of the sizes @param first of them */
export function smallTexts (step = 1, first = 0): NamedText[] {
  const kinds = { source: sourceText(600, 11), mixed: mixedText(600, 5), zeros: Buffer.alloc(600), sparse: sparseEnd(600, 6) }
  return Object.entries(kinds).flatMap(([name, text]) =>
    Array.from({ length: Math.floor((600 - first) / step) + 1 }, (_, i) => first + i * step).map(size => ({ name: `${size} of ${name}`, text: text.subarray(0, size) })))
}

/** Windows, the places where they slide, and pigz's jobs. */
const EDGES = [32_768, 65_274, 65_536, 98_042, 98_304, 131_072]
const BESIDE = [-262, -261, -258, -4, -3, -2, -1, 0, 1, 2, 3, 4, 258, 261, 262]

/** @param step takes one of so many sizes, from the one with the number `first` on */
export function edgeTexts (step = 1, first = 0): NamedText[] {
  const sizes = EDGES.flatMap(edge => BESIDE.map(by => edge + by)).filter((_, i) => i % step === first % step)
  const kinds = { source: sourceText(140_000, 21), mixed: mixedText(140_000, 22) }
  return sizes.flatMap(size => [
    ...Object.entries(kinds).map(([name, text]) => ({ name: `${size} of ${name}`, text: text.subarray(0, size) })),
    { name: `${size} sparse`, text: sparseEnd(size, size) },
  ])
}

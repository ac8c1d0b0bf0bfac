import { AppError } from '@ipkit/core/errors/app-error'
import { nearest } from '@ipkit/core/schema/nearest'

/** What `--chunker` names. Sizes in bytes. */
export type Chunker =
  | { readonly kind: 'fastcdc' }
  | { readonly kind: 'size', readonly sizeBytes: number }
  | { readonly kind: 'buzhash' }
  | { readonly kind: 'rabin' | 'js-rabin', readonly min: number, readonly avg: number, readonly max: number }

/** Kubo's: a block of 2 MiB, less what may stand around the bytes. */
export const MAX_CHUNK_BYTES = 2_096_896
/** The window of Rabin's fingerprint. */
const RABIN_MIN_BYTES = 16
const RABIN_AVG_BYTES = 262_144
const FORMS = ['fastcdc', 'size-N', 'buzhash', 'rabin', 'rabin-N', 'rabin-MIN-AVG-MAX', 'js-rabin']

/**
 * Strict where Kubo is lenient: no signs, no zeros in front, no labels, nothing left over.
 * @throws AppError CHUNKER_INVALID
 */
export function parseChunker (text: string): Chunker {
  const [, kind, rest = ''] = /^(fastcdc|buzhash|size|rabin|js-rabin)((?:-.*)?)$/s.exec(text) ?? []
  const numbers = rest === '' ? [] : rest.slice(1).split('-').map(word => readSize(text, word))
  if ((kind === 'fastcdc' || kind === 'buzhash') && numbers.length === 0) return { kind }
  if (kind === 'size' && numbers.length === 1) return { kind, sizeBytes: numbers[0]! }
  if ((kind === 'rabin' || kind === 'js-rabin') && [0, 1, 3].includes(numbers.length)) {
    const [avg = RABIN_AVG_BYTES] = numbers
    const [min, middle, max] = numbers.length === 3 ? numbers as [number, number, number] : [Math.floor(avg / 3), avg, avg + Math.floor(avg / 2)]
    if (min < RABIN_MIN_BYTES) throw invalid(text, `its smallest chunk would have ${min} bytes, and the limit is ${RABIN_MIN_BYTES}`)
    if (min >= middle || middle >= max) throw invalid(text, `${min}, ${middle} and ${max} do not rise`)
    if (max > MAX_CHUNK_BYTES) throw invalid(text, `its largest chunk would have ${max} bytes, and the limit is ${MAX_CHUNK_BYTES}`)
    return { kind, min, avg: middle, max }
  }
  throw invalid(text, `chunkers are ${FORMS.join(', ')}`, kind === undefined ? nearest(text.slice(0, 64), FORMS) : undefined)
}

function readSize (text: string, word: string): number {
  if (!/^[1-9][0-9]{0,9}$/.test(word)) throw invalid(text, `'${word.slice(0, 20)}' is no number of bytes`)
  if (Number(word) > MAX_CHUNK_BYTES) throw invalid(text, `${word} bytes are over the limit of ${MAX_CHUNK_BYTES}`)
  return Number(word)
}

function invalid (text: string, why: string, meant?: string): AppError {
  const hints = meant === undefined ? [] : [`did you mean '--chunker=${meant}'?`]
  return new AppError('CHUNKER_INVALID', `'${text.slice(0, 64)}' is no chunker: ${why}`, { exit: 'usage', hints })
}

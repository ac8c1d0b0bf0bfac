import { MAX_BGZF_TEXT_BYTES, MAX_ENCODERS, MAX_HEADS, MAX_LITERAL_BYTES, MAX_MARKS, MAX_PATH_BYTES } from './recipe-limits.ts'
import type { StepKind } from './step.ts'

/** A field: a number from `min` to `max`, or bytes of that many. */
export interface StepField { readonly name: string, readonly of: 'number' | 'bytes', readonly min: number, readonly max: number }

const number = (name: string, min: number, max: number): StepField => ({ name, of: 'number', min, max })
const bytes = (name: string, min: number, max: number): StepField => ({ name, of: 'bytes', min, max })

const ANY = Number.MAX_SAFE_INTEGER
const size = number('sizeBytes', 0, ANY)
const encoder = number('encoder', 0, MAX_ENCODERS - 1)
const head = number('head', 0, MAX_HEADS - 1)
const segments = number('segments', 0, ANY)
const width = number('width', 4, 8)
const path = bytes('path', 1, MAX_PATH_BYTES)
const mode = number('mode', 0, 0o1777)
const time = [number('seconds', -ANY, ANY), number('nanoseconds', 0, 999_999_999)]
const withHead = [head, encoder, size, segments]

/** Each kind's number and fields, in their order on disk. */
export const STEP_LAYOUT: Readonly<Record<StepKind, { readonly number: number, readonly fields: readonly StepField[] }>> = {
  bytes: { number: 0, fields: [bytes('bytes', 1, MAX_LITERAL_BYTES)] },
  copy: { number: 1, fields: [number('sizeBytes', 1, ANY)] },
  deflate: { number: 2, fields: [encoder, size, segments] },
  gzip: { number: 3, fields: withHead },
  bgzf: { number: 4, fields: [head, encoder, number('sizeBytes', 0, MAX_BGZF_TEXT_BYTES)] },
  zlib: { number: 5, fields: withHead },
  open: { number: 6, fields: [encoder] },
  close: { number: 7, fields: [] },
  repeat: { number: 8, fields: [number('count', 1, ANY)] },
  mark: { number: 9, fields: [] },
  place: { number: 10, fields: [number('ahead', -MAX_MARKS, MAX_MARKS), width] },
  span: { number: 11, fields: [number('from', 0, MAX_MARKS), number('to', 0, MAX_MARKS), width] },
  folder: { number: 16, fields: [path, mode, ...time] },
  file: { number: 17, fields: [path, mode, ...time, number('sparse', 0, 1), size] },
  symlink: { number: 18, fields: [path, bytes('target', 1, MAX_PATH_BYTES), ...time] },
  sum: { number: 19, fields: [bytes('sha256', 32, 32)] },
}

import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import type { Layer } from './ingest.ts'
import { nameEncoder } from './name-encoder.ts'

const MAX_NOTES = 100

/** What was found in a file, for people: each format once at each depth, with the first encoder that was seen in it. */
export class LayerBook {
  readonly #layers = new Map<string, Layer>()
  readonly #notes: string[] = []
  #moreNotes = 0

  /** @param depth 0 for the file itself @param encoded parameters, `unknown` for one with corrections, `kept` for what was taken as it is; none: nothing was encoded */
  saw (depth: number, format: Layer['format'], encoded?: EncoderParameters | 'unknown' | 'kept'): void {
    const key = `${depth} ${format}`
    const before = this.#layers.get(key)
    const named = typeof encoded === 'object' ? nameEncoder(encoded) : undefined
    const exact = (before?.exact ?? true) && encoded !== 'unknown' && encoded !== 'kept'
    const encoder = before?.encoder ?? named?.producer ?? (encoded === 'unknown' ? encoded : undefined)
    const level = before?.level ?? named?.level
    this.#layers.set(key, { format, ...encoder === undefined ? {} : { encoder }, ...level === undefined ? {} : { level }, exact })
  }

  note (text: string): void {
    if (this.#notes.includes(text)) return
    if (this.#notes.length < MAX_NOTES) this.#notes.push(text)
    else this.#moreNotes++
  }

  layers (): Layer[] {
    return [...this.#layers].sort(([a], [b]) => parseInt(a) - parseInt(b)).map(([, layer]) => layer)
  }

  notes (): string[] {
    return this.#moreNotes === 0 ? this.#notes : [...this.#notes, `and ${this.#moreNotes} more`]
  }
}

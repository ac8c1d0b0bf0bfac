/**
 * Searches a part of a text from the text just before it, so that parts can be searched at the same time. A search that hashes every
 * position knows, after one window, all that matters of what came before; what a part cannot know is where the tokens before it ended. So
 * it begins early, and says with a seam where it stands at its start and at its stop. Two parts join exactly when their seams are equal.
 */
import { configureSearch } from './configure-kernel.ts'
import { AT_STOP, ENDED, feed, NEEDS_TEXT, WINDOW_SIZE, type NewDeflateKernel } from './deflate-kernel.ts'
import type { EncoderParameters } from './encoder-parameters.ts'

export interface Seam {
  /** Of the next position to be searched, from the beginning of the text: at the place asked for, or behind it by less than a match. */
  readonly position: number
  /** All that the search carries over it, to be compared and nothing else. */
  readonly carried: number
}

export interface SegmentPlan {
  /** Where the tokens are to begin. */
  readonly start: number
  /** What the search carries there, when that is known: the search begins just there then. Else it begins somewhat early. */
  readonly carried?: number
  /** Where they are to end; undefined for the end of the text. */
  readonly stop?: number
  /** The text just before `start`: 65,536 bytes, or all there is. */
  readonly before: Uint8Array
}

/** Bytes of text that a segment must have before it. */
export const TEXT_BEFORE_SEGMENT = 2 * WINDOW_SIZE
/** A window holds two; it slides by one as soon as less than a longest match and its hashes are ahead. */
export const SLIDE_AT = 2 * WINDOW_SIZE - 261
/** A search that begins this early mostly stands, at the start, as if it had come from the beginning. */
const RUN_UP = 8192
const LATER = 512
const NEVER = 2 ** 31
/** No match, no literal that waits. */
const NOTHING_CARRIED = 2 << 17

export class SegmentSearch {
  /** Known once the text at the start has been searched. */
  startSeam: Seam | undefined
  /** Known once the stop was reached; stays undefined when the text ended first. */
  stopSeam: Seam | undefined
  private readonly kernel
  private readonly plan: SegmentPlan
  private done = false

  /** @throws RangeError for parameters whose search does not hash every position, or works in jobs: these have no restart */
  constructor (newKernel: NewDeflateKernel, parameters: EncoderParameters, plan: SegmentPlan) {
    if (plan.start > 0 && (parameters.search.greedy || parameters.jobs !== undefined)) throw new RangeError('only a lazy search without jobs can begin inside a text')
    if (plan.before.length !== Math.min(plan.start, TEXT_BEFORE_SEGMENT)) throw new RangeError(`a segment at ${plan.start} needs the ${Math.min(plan.start, TEXT_BEFORE_SEGMENT)} bytes before it, not ${plan.before.length}`)
    this.plan = plan
    this.kernel = newKernel()
    configureSearch(this.kernel, parameters)
    const { start, carried, before } = plan
    let fed = before.length
    if (carried !== undefined) this.begin(start, before, carried)
    else if (start < TEXT_BEFORE_SEGMENT) fed = 0
    else {
      const late = placeInWindow(start - RUN_UP) < WINDOW_SIZE ? LATER : 0 // where there is a whole window below
      fed = TEXT_BEFORE_SEGMENT - RUN_UP + late
      this.begin(start - RUN_UP + late, before.subarray(0, fed), NOTHING_CARRIED)
    }
    this.kernel.stopAfter(before.length - fed)
    for (const tokens of this.take(before.subarray(fed))) if (tokens.length > 0) throw new Error('tokens before the start of a segment')
  }

  private begin (position: number, before: Uint8Array, carried: number): void {
    const place = placeInWindow(position)
    feed(this.kernel, windowAt(position, place, before))
    this.kernel.beginInside(place, carried)
  }

  /** Takes the text from the start on, and beyond the stop as long as it is wanted. @returns tokens: a literal's byte, or distance << 16 | length */
  * write (text: Uint8Array): Generator<Uint32Array<ArrayBuffer>, void> {
    yield * this.take(text)
  }

  /** The text ends here. */
  * end (): Generator<Uint32Array<ArrayBuffer>, void> {
    this.kernel.endInput()
    yield * this.search()
  }

  /** Whether the stop was reached: no more text is wanted. */
  get isDone (): boolean {
    return this.done
  }

  private * take (text: Uint8Array): Generator<Uint32Array<ArrayBuffer>, void> {
    for (let at = 0; at < text.length && !this.done;) {
      at += feed(this.kernel, text.subarray(at))
      yield * this.search()
    }
  }

  private * search (): Generator<Uint32Array<ArrayBuffer>, void> {
    while (!this.done) {
      const paused = this.kernel.runSymbols()
      if (paused === NEEDS_TEXT) return
      const address = this.kernel.symbolsAddress()
      const tokens = new Uint32Array(this.kernel.memory.buffer, address, this.kernel.takeSymbols())
      if (this.startSeam !== undefined && tokens.length > 0) yield tokens.slice()
      if (paused === AT_STOP) this.noteSeam()
      if (paused === ENDED) this.done = true
    }
  }

  private noteSeam (): void {
    const { start, stop } = this.plan
    if (this.startSeam === undefined) {
      this.startSeam = { position: start + this.kernel.overshoot(), carried: this.kernel.carriedState() }
      this.kernel.stopAfter(stop === undefined ? NEVER : Math.max(0, stop - this.startSeam.position))
    } else {
      this.stopSeam = { position: Math.max(stop!, this.startSeam.position) + this.kernel.overshoot(), carried: this.kernel.carriedState() }
      this.done = true
    }
  }
}

/** Where a position far from the end of the text stands in the window while it is searched. */
function placeInWindow (position: number): number {
  return position < SLIDE_AT ? position : position - WINDOW_SIZE * (Math.floor((position - SLIDE_AT) / WINDOW_SIZE) + 1)
}

/** The two windows of an encoder that has come to a position: the text before it, and behind it what they held a window ago. */
function windowAt (position: number, place: number, before: Uint8Array): Uint8Array {
  const windows = new Uint8Array(2 * WINDOW_SIZE)
  const known = Math.min(place, before.length)
  windows.set(before.subarray(before.length - known), place - known)
  if (position === place) return windows // nothing has slid yet
  const old = before.subarray(Math.max(0, before.length - WINDOW_SIZE))
  windows.set(old.subarray(0, 2 * WINDOW_SIZE - place), place)
  return windows
}

export function seamsAreEqual (one: Seam, other: Seam): boolean {
  return one.position === other.position && one.carried === other.carried
}

import type { Clock } from '../time/clock.ts'
import { formatDuration } from './duration.ts'
import type { ProgressEvent } from './io.ts'
import { formatBytes } from './size.ts'
import { stripControl } from './strip-control.ts'

/** Work that is done sooner shows nothing. */
const QUIET_MS = 1000
const REDRAW_MS = 200
/** Without a byte for this long, the line says so instead of a rate that is no longer true. */
const STALL_MS = 3000
/** The rate is what moved in this last stretch. */
const RATE_WINDOW_MS = 5000

export interface ProgressState {
  readonly event: ProgressEvent
  readonly stepStartedMs: number
  readonly lastMovedMs: number
  /** Oldest first; within the window. */
  readonly samples: ReadonlyArray<{ readonly atMs: number, readonly bytes: number }>
}

/** One line at the bottom of a terminal, redrawn a few times a second while work goes on. Only for a TTY. */
export class TerminalProgress {
  readonly #columns: number
  readonly #clock: Clock
  readonly #write: (text: string) => void
  readonly #stop = new AbortController()
  #state: ProgressState | undefined
  #startedMs = 0
  #shown = ''
  #redrawing = false

  constructor (columns: number, clock: Clock, write: (text: string) => void) {
    this.#columns = Math.max(20, Math.min(columns, 80))
    this.#clock = clock
    this.#write = write
  }

  update (event: ProgressEvent): void {
    if (this.#stop.signal.aborted) return
    if (this.#state === undefined) this.#startedMs = this.#clock.now()
    this.#state = nextState(this.#state, event, this.#clock.now())
    if (this.#redrawing) return
    this.#redrawing = true
    this.#redraw().catch(() => {}) // ends by the abort in close()
  }

  /** Takes the line away for now, as for a line of text above it. */
  clear (): void {
    if (this.#shown !== '') this.#write('\r\u001b[2K')
    this.#shown = ''
  }

  /** Takes the line away until there is an event again: a question or the answer stands in its place. */
  pause (): void {
    this.clear()
    this.#state = undefined
  }

  close (): void {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new Error('closed'))
    this.clear()
  }

  async #redraw (): Promise<void> {
    for (;;) {
      await this.#clock.sleep(REDRAW_MS, this.#stop.signal)
      const now = this.#clock.now()
      if (this.#state === undefined || now - this.#startedMs < QUIET_MS) continue
      const line = progressLine(this.#state, now, this.#columns)
      if (line === this.#shown) continue
      this.#write(`\r\u001b[2K${line}`)
      this.#shown = line
    }
  }
}

export function nextState (state: ProgressState | undefined, event: ProgressEvent, now: number): ProgressState {
  const done = event.doneBytes
  if (state === undefined || state.event.step !== event.step) {
    return { event, stepStartedMs: now, lastMovedMs: now, samples: done === undefined ? [] : [{ atMs: now, bytes: done }] }
  }
  const moved = done !== state.event.doneBytes
  const recent = state.samples.filter((sample, i) => now - sample.atMs <= RATE_WINDOW_MS || i === state.samples.length - 1)
  const crowded = recent.length > 1 && now - recent.at(-1)!.atMs < REDRAW_MS / 2
  return {
    event,
    stepStartedMs: state.stepStartedMs,
    lastMovedMs: moved ? now : state.lastMovedMs,
    samples: done === undefined || crowded ? recent : [...recent, { atMs: now, bytes: done }],
  }
}

/** 'fetching  12.3 MB of 100 MB  12%  3.10 MB/s  28 s left', cut to one less than `columns`. */
export function progressLine (state: ProgressState, now: number, columns: number): string {
  const { step, doneBytes, totalBytes } = state.event
  const parts = [stripControl(step)]
  if (doneBytes === undefined) {
    parts.push(formatDuration(now - state.stepStartedMs))
  } else {
    parts.push(totalBytes === undefined ? formatBytes(doneBytes) : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`)
    if (totalBytes !== undefined && totalBytes > 0) parts.push(`${Math.floor(Math.min(1, doneBytes / totalBytes) * 100)}%`)
    const stalledMs = now - state.lastMovedMs
    const rate = bytesPerSecond(state, now)
    if (stalledMs >= STALL_MS) parts.push(`nothing came for ${formatDuration(stalledMs)}`)
    else if (rate > 0) {
      parts.push(`${formatBytes(rate)}/s`)
      if (totalBytes !== undefined && doneBytes < totalBytes) parts.push(`${formatDuration(Math.ceil((totalBytes - doneBytes) / rate) * 1000)} left`)
    }
  }
  const line = parts.join('  ')
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`
}

function bytesPerSecond (state: ProgressState, now: number): number {
  const first = state.samples[0]
  if (first === undefined || state.event.doneBytes === undefined) return 0
  const seconds = (now - first.atMs) / 1000
  return seconds < 0.5 ? 0 : Math.max(0, (state.event.doneBytes - first.bytes) / seconds)
}

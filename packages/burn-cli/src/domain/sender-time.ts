import type { Clock } from '@ipkit/core/time/clock'

/** What is kept on disk: the sender's time, and what the clock showed then. Milliseconds. */
export interface TimeMark { readonly timeMs: number, readonly clockMs: number }

/**
 * The sender's time, by which messages expire and leases end. It runs with the clock but never goes back: a clock that was
 * set back prolongs no life. docs/protocols/burn.md, "Time". Not for showing: people read the clock.
 */
export class SenderTime {
  readonly #clock: Clock
  #timeMs: number
  #clockMs: number

  /** @param marks everything durable that tells of an earlier time: the newest counts */
  constructor (clock: Clock, marks: Iterable<TimeMark>) {
    this.#clock = clock
    this.#clockMs = clock.now()
    this.#timeMs = this.#clockMs
    for (const mark of marks) {
      // The time the node was off counts as far as the clock tells of it.
      this.#timeMs = Math.max(this.#timeMs, mark.timeMs + Math.max(0, this.#clockMs - mark.clockMs))
    }
  }

  now (): number {
    const clockMs = this.#clock.now()
    this.#timeMs += Math.max(0, clockMs - this.#clockMs)
    this.#clockMs = clockMs
    return this.#timeMs
  }

  mark (): TimeMark {
    const timeMs = this.now()
    return { timeMs, clockMs: this.#clockMs }
  }

  /** What the clock will show at a time of the sender's, if nobody sets it. For telling people. */
  toClock (timeMs: number): number { return timeMs - this.now() + this.#clockMs }

  /** Sleeps, and knows afterwards that this much time has passed, whatever the clock says. */
  async sleep (ms: number, signal: AbortSignal): Promise<void> {
    const wakeMs = this.now() + ms
    await this.#clock.sleep(ms, signal)
    this.#timeMs = Math.max(this.now(), wakeMs)
  }
}

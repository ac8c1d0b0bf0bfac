import type { Clock } from '@ipkit/core/time/clock'

/** A clock that moves only when told to. Sleepers wake in due order. */
export class ManualClock implements Clock {
  #now: number
  #passed = 0
  #sleepers: Array<{ due: number, wake: () => void }> = []
  constructor (startMs = 0) { this.#now = startMs }
  now (): number { return this.#now }

  async sleep (ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      this.#sleepers.push({ due: this.#passed + ms, wake: resolve })
      signal?.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true })
    })
  }

  /** Somebody sets the clock: sleepers sleep on, since sleeping goes by time that passes and not by what a clock shows. */
  set (ms: number): void { this.#now = ms }

  advance (ms: number): void {
    this.#now += ms
    this.#passed += ms
    const due = this.#sleepers.filter(s => s.due <= this.#passed).sort((a, b) => a.due - b.due)
    this.#sleepers = this.#sleepers.filter(s => s.due > this.#passed)
    for (const s of due) s.wake()
  }
}

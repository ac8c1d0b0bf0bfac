/** Time as a dependency. Domain code never calls `Date.now()` or `setTimeout` itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Resolves after `ms`, never before: `now()` shows it, unless somebody set the clock. Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // node:timers/promises would do, but rejects with an error of its own and takes a command 2 ms to load
  sleep: async (ms, signal) => {
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => { clearTimeout(timer); reject(signal!.reason as Error) }
      // node counts whole milliseconds from a fraction of one: without the 1 it may end before Date.now() shows it
      const timer = setTimeout(() => { signal?.removeEventListener('abort', onAbort); resolve() }, ms + 1)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}

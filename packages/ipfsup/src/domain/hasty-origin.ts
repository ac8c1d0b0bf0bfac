import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import type { Clock } from '@ipkit/core/time/clock'
import { IPFS_WINDOW_BYTES, IPFS_WINDOW_MS } from './install-limits.ts'
import type { Origin } from './origin.ts'

export interface HastyOrigin {
  readonly origin: Origin
  /** Why it was left, the last time that it was. */
  whyLeft(): string | undefined
}

/**
 * An origin that is only worth its speed, since another is at hand: where less than 1 MiB comes in 10 s it counts as out of reach. So the first
 * byte has its deadline, and a stall and a trickle have theirs.
 */
export function hastyOrigin (inner: Origin, clock: Clock): HastyOrigin {
  let left: string | undefined
  const leave = (e: unknown): unknown => { left = messageOf(e); return e }
  const open: Origin['open'] = async (claim, fromByte, signal) => {
    const stop = new AbortController()
    const onAbort = (): void => { stop.abort(signal.reason) }
    signal.throwIfAborted()
    signal.addEventListener('abort', onAbort, { once: true })
    const window = new Window(inner.name, clock)
    const end = (): void => { signal.removeEventListener('abort', onAbort); stop.abort(new Error('no longer needed')) }
    try {
      const stream = await window.wait(inner.open(claim, fromByte, stop.signal), stop.signal)
      return { ...stream, source: flow(stream.source, window, stop.signal, end) }
    } catch (e) {
      end()
      signal.throwIfAborted()
      throw leave(e)
    }
  }
  async function * flow (source: AsyncIterable<Uint8Array>, window: Window, signal: AbortSignal, end: () => void): AsyncGenerator<Uint8Array> {
    const pieces = source[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await window.wait(pieces.next(), signal)
        if (next.done === true) return
        window.count(next.value.length)
        yield next.value
      }
    } catch (e) {
      throw leave(e)
    } finally {
      end()
      void Promise.resolve(pieces.return?.()).catch(() => {}) // it may hang on the piece that did not come
    }
  }
  return { origin: { ...inner, open }, whyLeft: () => left }
}

class Window {
  readonly #name: string
  readonly #clock: Clock
  #endsMs: number
  #bytes = 0

  constructor (name: string, clock: Clock) {
    this.#name = name
    this.#clock = clock
    this.#endsMs = clock.now() + IPFS_WINDOW_MS
  }

  count (sizeBytes: number): void {
    this.#bytes += sizeBytes
    if (this.#bytes < IPFS_WINDOW_BYTES) return
    this.#bytes = 0
    this.#endsMs = this.#clock.now() + IPFS_WINDOW_MS
  }

  async wait<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
    work.catch(() => {})
    signal.throwIfAborted()
    const over = new AbortController()
    const onAbort = (): void => { over.abort(signal.reason) }
    signal.addEventListener('abort', onAbort, { once: true })
    const late = this.#clock.sleep(Math.max(0, this.#endsMs - this.#clock.now()), over.signal).then(() => {
      throw new AppError('ORIGIN_UNREACHABLE', `${this.#name} gave ${this.#bytes === 0 ? 'nothing' : 'less than 1 MiB'} within ${IPFS_WINDOW_MS / 1000} s`, { exit: 'unreachable' })
    })
    late.catch(() => {})
    try {
      return await Promise.race([work, late])
    } finally {
      signal.removeEventListener('abort', onAbort)
      over.abort(signal.reason ?? new Error('no longer needed'))
    }
  }
}

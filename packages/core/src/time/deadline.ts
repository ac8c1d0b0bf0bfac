import { AppError } from '../errors/app-error.ts'
import type { Clock } from './clock.ts'

/** Made once, so that no stack is taken down for each piece of a transfer, to be read by nobody. */
const OVER = new Error('no longer needed')

/**
 * Waits for `work`, but not longer than `ms`. Nothing is cancelled by it: whoever gets the error ends what was waited for.
 * @param what names the step, for the message: 'the peer's answer'
 * @throws AppError TIMED_OUT, exit timedOut; the signal's reason; what `work` throws
 */
export async function withDeadline<T> (clock: Clock, ms: number, what: string, work: Promise<T>, signal?: AbortSignal): Promise<T> {
  const stop = new AbortController()
  const abort = (): void => { stop.abort(signal?.reason) }
  work.catch(() => {}) // the loser of the race is nobody's business
  signal?.throwIfAborted()
  signal?.addEventListener('abort', abort, { once: true })
  const late = clock.sleep(ms, stop.signal).then(() => { throw new AppError('TIMED_OUT', `${what} did not come within ${ms} ms`, { exit: 'timedOut' }) })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } catch (e) {
    signal?.throwIfAborted()
    throw e
  } finally {
    signal?.removeEventListener('abort', abort)
    stop.abort(OVER)
  }
}

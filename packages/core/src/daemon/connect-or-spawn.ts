import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import type { Clock } from '../time/clock.ts'

/** How a node that was started reported back: it serves, or another process holds the home's lock. */
export type SpawnOutcome = 'ready' | 'lost'

export interface Doorway<Conn> {
  /** Connects and completes the handshake. @throws error with code ENOENT or ECONNREFUSED when nobody listens */
  dial(signal: AbortSignal | undefined): Promise<Conn>
  /** Starts a detached node. Racing ones are harmless: one gets the lock. @throws AppError why the node cannot start */
  spawn(): Promise<SpawnOutcome>
  /** The last lines of the node's log, for the error at the deadline. */
  logTail(): readonly string[]
  /** Said once when it takes long. */
  onWait?(): void
  /** A person is asked for what the start needs: the wait does not count, and nothing is said meanwhile. */
  isAsking?(): boolean
}

/** A node that leaves resets connections it has accepted: the same as nobody. */
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])
export const nobodyListens = (e: unknown): boolean => NOBODY_LISTENS.has(codeOf(e) ?? '')

const PATIENCE_MS = 30_000
const SAY_AFTER_MS = 1_000

/**
 * The socket answering is the only proof of a node; pid and hint files lie after a crash. Any other dial error is the caller's to
 * see at once. A spawned node that lost the race means that another is starting, or one is leaving and holds its lock a moment
 * longer: so it is dialled again, and after a growing pause started again.
 * @throws AppError NODE_NOT_STARTING at the deadline, and why the node could not start
 */
export async function connectOrSpawn<Conn> (door: Doorway<Conn>, clock: Clock, signal?: AbortSignal, patienceMs = PATIENCE_MS): Promise<Conn> {
  let startMs = clock.now()
  let spawning: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  let pauseMs = 250
  let spawnAgainMs = startMs
  let said = false
  for (let waitMs = 10; ; waitMs = Math.min(waitMs * 1.5, 250)) {
    const lastChance = failure
    try {
      return await door.dial(signal)
    } catch (e) {
      if (!nobodyListens(e)) throw e
      // Dialled once more after our node failed: another process's may have come up instead.
      if (lastChance !== undefined) throw lastChance.error
      if (door.isAsking?.() === true) startMs = clock.now()
      if (clock.now() - startMs >= patienceMs) {
        throw new AppError('NODE_NOT_STARTING', `the node did not answer within ${patienceMs / 1000} s`, { exit: 'unreachable', cause: e, hints: door.logTail() })
      }
    }
    if (spawning === undefined && failure === undefined && clock.now() >= spawnAgainMs) {
      spawning = door.spawn().then(() => {
        spawning = undefined
        spawnAgainMs = clock.now() + pauseMs
        pauseMs *= 2
      }, (error: unknown) => { failure = { error } })
    }
    if (!said && clock.now() - startMs >= SAY_AFTER_MS) { said = true; door.onWait?.() }
    await waitOrSettled(clock, waitMs, spawning, signal)
  }
}

/** Waits, but no longer than the node needs to report. */
async function waitOrSettled (clock: Clock, waitMs: number, spawning: Promise<void> | undefined, signal: AbortSignal | undefined): Promise<void> {
  const over = new AbortController()
  const onAbort = (): void => { over.abort(signal!.reason) }
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([clock.sleep(waitMs, over.signal), ...(spawning === undefined ? [] : [spawning])])
  } catch (e) {
    signal?.throwIfAborted()
    throw e
  } finally {
    signal?.removeEventListener('abort', onAbort)
    over.abort()
  }
}

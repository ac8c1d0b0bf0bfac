/**
 * The latest time at which anything was written here: against it a clock that is far ahead is noticed. That it was set back the node itself notices, and its
 * clock does not show it. Spec: docs/protocols/ipnsup-rules.md, "Clock"; on disk docs/formats/ipnsup-store.md, "clock".
 */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import { check, integer, literal, object } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import type { Clock } from '@ipkit/core/time/clock'
import { CLOCK_STEP_MS, JUMP_MS, JUMP_SAID_MS } from './limits.ts'

export type ClockState = 'ok' | 'set-back' | 'jumped-forward'

export interface ClockMarkDeps {
  readonly store: KeyValueStore
  readonly clock: Clock
  /** What the node says of its clock. */
  readonly nodeState: () => ClockState
}

const KEY = 'clock'
const STORED = object({ version: literal(1), latestMs: integer() })

export class ClockMark {
  readonly #deps: ClockMarkDeps
  #latestMs: number
  /** A jump was noticed then. */
  #noticedMs: number | undefined

  private constructor (deps: ClockMarkDeps, latestMs: number) {
    this.#deps = deps
    this.#latestMs = latestMs
    this.#look()
  }

  /** A damaged mark is no evidence: it begins now. */
  static async open (deps: ClockMarkDeps): Promise<ClockMark> {
    const stored = await deps.store.get(KEY)
    let latestMs = deps.clock.now()
    try {
      if (stored !== undefined) latestMs = check(STORED, decodeStrict(new Uint8Array(stored)), KEY).latestMs
    } catch (e) {
      if (!isAppError(e)) throw e
    }
    return new ClockMark(deps, latestMs)
  }

  state (): ClockState {
    const node = this.#deps.nodeState()
    if (node !== 'ok') return node
    this.#look()
    const nowMs = this.#deps.clock.now()
    return this.#noticedMs !== undefined && nowMs - this.#noticedMs < JUMP_SAID_MS ? 'jumped-forward' : 'ok'
  }

  /** No record is signed by itself while the node doubts its clock: a wrong year would stay in it. */
  get isDoubted (): boolean { return this.#deps.nodeState() !== 'ok' }

  /** After a durable write; itself written at most once an hour. */
  async note (): Promise<void> {
    this.#look()
    const nowMs = this.#deps.clock.now()
    if (this.isDoubted || nowMs - this.#latestMs < CLOCK_STEP_MS) return
    await this.#deps.store.put(KEY, encodeStrict({ version: 1, latestMs: nowMs }))
    this.#latestMs = nowMs
  }

  #look (): void {
    const nowMs = this.#deps.clock.now()
    if (nowMs - this.#latestMs > JUMP_MS) this.#noticedMs ??= nowMs
    else if (this.#noticedMs !== undefined && nowMs - this.#noticedMs >= JUMP_SAID_MS) this.#noticedMs = undefined
  }
}

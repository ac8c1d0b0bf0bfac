import { readFileSync } from 'node:fs'
import { codeOf } from '../errors/code-of.ts'
import { check, integer, literal, object, optional, string } from '../schema/schema.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import type { Clock } from '../time/clock.ts'
import type { SteadyClock } from '../time/steady-clock.ts'

/** Time servers step clocks by so much without meaning anything. */
const TOLERANCE_MS = 5 * 60_000
const DAY_MS = 24 * 60 * 60_000
/** Longer than any node sleeps between two uses; where nothing else tells how long it was. */
const REST_MS = 400 * DAY_MS

const fileSchema = object({ version: literal(1), latestMs: integer(), steady: optional(object({ id: string({ min: 1, max: 64 }), ms: integer() })) })

interface Noted { readonly latestMs: number, readonly steady?: { readonly id: string, readonly ms: number } | undefined }

export type ClockState =
  | { readonly state: 'ok' }
  /** The clock shows a time before our own last durable write. */
  | { readonly state: 'set-back', readonly byMs: number }
  /** The clock is so far after our last durable write that it is more likely wrong: by more than a day more than has passed, where that is known. */
  | { readonly state: 'jumped-forward', readonly byMs: number }

/**
 * The latest time at which this home wrote anything durable (clock.json): the only evidence against the machine's clock; a peer's
 * word never counts. While a jump forward is not accepted the evidence stays where it was, so that a wrong year does not stick.
 */
export class ClockEvidence {
  /** Never behind the evidence: what has expired stays expired when the clock is set back. */
  readonly clock: Clock
  readonly #file: string
  readonly #system: Clock
  readonly #steady: SteadyClock | undefined
  #noted: Noted

  private constructor (file: string, system: Clock, steady: SteadyClock | undefined, noted: Noted) {
    this.#file = file
    this.#system = system
    this.#steady = steady
    this.#noted = noted
    this.clock = { now: () => Math.max(system.now(), this.#noted.latestMs), sleep: async (ms, signal) => { await system.sleep(ms, signal) } }
  }

  /** A missing or damaged file is no evidence: it begins now. @param steady tells a jump of the clock from a rest, as far as its readings go back */
  static open (file: string, system: Clock, steady?: SteadyClock): ClockEvidence {
    try {
      return new ClockEvidence(file, system, steady, check(fileSchema, JSON.parse(readFileSync(file, 'utf8')), 'clock'))
    } catch (e) {
      if (codeOf(e) !== 'ENOENT' && codeOf(e) !== 'BAD_VALUE' && (e as Error).name !== 'SyntaxError') throw e
      return new ClockEvidence(file, system, steady, { latestMs: system.now() })
    }
  }

  state (): ClockState {
    const byMs = this.#system.now() - this.#noted.latestMs
    if (byMs < -TOLERANCE_MS) return { state: 'set-back', byMs: -byMs }
    const passedMs = this.#passedMs()
    const aheadMs = byMs - (passedMs ?? 0)
    if (aheadMs > (passedMs === undefined ? REST_MS : DAY_MS)) return { state: 'jumped-forward', byMs: aheadMs }
    return { state: 'ok' }
  }

  /** Moves the evidence to now, durably. Does nothing while the clock is doubted. */
  async note (): Promise<void> {
    if (this.state().state === 'ok') await this.#write(Math.max(this.#system.now(), this.#noted.latestMs))
  }

  /** The user says that the clock is right as it is: the evidence is set to it, forward or back. */
  async accept (): Promise<void> { await this.#write(this.#system.now()) }

  /** Since the last write; undefined when the machine has started again in between. */
  #passedMs (): number | undefined {
    const { steady } = this.#noted
    return steady === undefined || steady.id !== this.#steady?.id ? undefined : Math.max(0, this.#steady.readMs() - steady.ms)
  }

  async #write (latestMs: number): Promise<void> {
    const noted: Noted = this.#steady === undefined ? { latestMs } : { latestMs, steady: { id: this.#steady.id, ms: this.#steady.readMs() } }
    await atomicWrite(this.#file, new TextEncoder().encode(`${JSON.stringify({ version: 1, ...noted })}\n`))
    this.#noted = noted
  }
}

import { readFileSync } from 'node:fs'
import { codeOf } from '../errors/code-of.ts'
import { check, integer, literal, object } from '../schema/schema.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import type { Clock } from '../time/clock.ts'

/** Time servers step clocks by so much without meaning anything. */
const TOLERANCE_MS = 5 * 60_000
/** Longer than any node sleeps between two uses. */
const JUMP_MS = 400 * 24 * 60 * 60_000

const fileSchema = object({ version: literal(1), latestMs: integer() })

export type ClockState =
  | { readonly state: 'ok' }
  /** The clock shows a time before our own last durable write. */
  | { readonly state: 'set-back', readonly byMs: number }
  /** The clock is so far after our last durable write that it is more likely wrong. */
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
  #latestMs: number

  private constructor (file: string, system: Clock, latestMs: number) {
    this.#file = file
    this.#system = system
    this.#latestMs = latestMs
    this.clock = { now: () => Math.max(system.now(), this.#latestMs), sleep: async (ms, signal) => { await system.sleep(ms, signal) } }
  }

  /** A missing or damaged file is no evidence: it begins now. */
  static open (file: string, system: Clock): ClockEvidence {
    try {
      return new ClockEvidence(file, system, check(fileSchema, JSON.parse(readFileSync(file, 'utf8')), 'clock').latestMs)
    } catch (e) {
      if (codeOf(e) !== 'ENOENT' && codeOf(e) !== 'BAD_VALUE' && (e as Error).name !== 'SyntaxError') throw e
      return new ClockEvidence(file, system, system.now())
    }
  }

  state (): ClockState {
    const byMs = this.#system.now() - this.#latestMs
    if (byMs < -TOLERANCE_MS) return { state: 'set-back', byMs: -byMs }
    if (byMs > JUMP_MS) return { state: 'jumped-forward', byMs }
    return { state: 'ok' }
  }

  /** Moves the evidence to now, durably. Does nothing while the clock is doubted. */
  async note (): Promise<void> {
    if (this.state().state === 'ok') await this.#write(Math.max(this.#system.now(), this.#latestMs))
  }

  /** The user says that the clock is right as it is: the evidence is set to it, forward or back. */
  async accept (): Promise<void> { await this.#write(this.#system.now()) }

  async #write (latestMs: number): Promise<void> {
    await atomicWrite(this.#file, new TextEncoder().encode(`${JSON.stringify({ version: 1, latestMs })}\n`))
    this.#latestMs = latestMs
  }
}

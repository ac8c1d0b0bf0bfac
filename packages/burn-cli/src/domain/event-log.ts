/**
 * The log of one message and the record that its events make. Two kinds of facts go in: those that hold only once they are durable
 * (`commit`), and those that are so whether or not the disk takes them (`note`). After a failed write only the log itself tells what it took.
 */
import { encodeEvent } from './event-codec.ts'
import type { ReplayedLog } from './message-store.ts'

export interface EventLogDeps<Event extends object, Rec> {
  readonly place: { append(event: Uint8Array): Promise<void>, replay(): Promise<ReplayedLog> }
  /** @returns undefined when the first record cannot be read */
  readonly read: (log: ReplayedLog) => Rec | undefined
  readonly apply: (record: Rec, event: Event) => void
  /** The log can no more be read: makes `record` one that promises nothing. */
  readonly spoil: (record: Rec) => void
  /** The log takes no more, and nothing is written. */
  readonly isClosed: (record: Rec) => boolean
  /** The record may say more than it did: a write that failed and stands there all the same. */
  readonly replayed: () => void
  readonly report: (error: unknown) => void
}

/** Its calls are made one at a time. */
export class EventLog<Event extends object, Rec> {
  readonly #deps: EventLogDeps<Event, Rec>
  #record: Rec
  /** Facts that the disk did not take yet. They hold all the same. */
  readonly #pending: Event[] = []
  /** An append failed: the log is replayed before anything relies on it again. */
  #stale = false

  constructor (deps: EventLogDeps<Event, Rec>, record: Rec) {
    this.#deps = deps
    this.#record = record
  }

  get record (): Rec { return this.#record }
  /** What was noted is not all written yet. */
  get owes (): boolean { return this.#pending.length > 0 }

  /** For what somebody else is told about: durable when it resolves; when it throws it did not happen. */
  async commit (event: Event): Promise<void> {
    await this.#append(event)
    this.#deps.apply(this.#record, event)
  }

  /** For what is so in any case: time passed, the sender took the message back. `flush` writes it. */
  note (event: Event): void {
    this.#deps.apply(this.#record, event)
    this.#pending.push(event)
  }

  /** Writes what was noted. Never throws: what the disk did not take is tried again the next time. */
  async flush (): Promise<void> {
    try {
      await this.refresh()
      while (this.#pending.length > 0) {
        await this.#append(this.#pending[0]!)
        this.#pending.shift()
      }
    } catch (e) {
      this.#deps.report(e)
    }
  }

  /** Before anything relies on the record. @throws what the disk threw: nobody knows what is durable */
  async refresh (): Promise<void> {
    if (!this.#stale) return
    const record = this.#deps.read(await this.#deps.place.replay())
    if (record === undefined) this.#deps.spoil(this.#record)
    else this.#record = record
    for (const event of this.#pending) this.#deps.apply(this.#record, event)
    this.#stale = false
    this.#deps.replayed()
  }

  /** The same where the record as it was will do. */
  async tryRefresh (): Promise<void> { await this.refresh().catch(this.#deps.report) }

  async #append (event: Event): Promise<void> {
    if (this.#deps.isClosed(this.#record)) return
    try {
      await this.#deps.place.append(encodeEvent(event))
    } catch (e) {
      this.#stale = true
      throw e
    }
  }
}

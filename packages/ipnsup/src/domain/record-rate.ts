/** How many records come in a minute, in all and from each sender: each costs a signature check. Spec: docs/protocols/ipnsup-rules.md, "Strangers". */
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_RECORDS_PER_SENDER, MAX_RECORDS_PER_WINDOW, RATE_WINDOW_MS } from './limits.ts'

export class RecordRate {
  #windowMs = 0
  #inAll = 0
  /** Holds no more senders than records. */
  #bySender = new Map<string, number>()

  /** Before a record is looked at. @param nowMs of our clock @throws AppError TOO_MANY_RECORDS */
  count (from: string, nowMs: number): void {
    // A clock that was set back begins a new window too.
    if (nowMs - this.#windowMs >= RATE_WINDOW_MS || nowMs < this.#windowMs) {
      this.#windowMs = nowMs
      this.#inAll = 0
      this.#bySender = new Map()
    }
    const ofSender = this.#bySender.get(from) ?? 0
    if (ofSender >= MAX_RECORDS_PER_SENDER) throw tooMany(`${from} has sent`, MAX_RECORDS_PER_SENDER)
    if (this.#inAll >= MAX_RECORDS_PER_WINDOW) throw tooMany('there came', MAX_RECORDS_PER_WINDOW)
    this.#inAll++
    this.#bySender.set(from, ofSender + 1)
  }
}

const tooMany = (who: string, limit: number): AppError =>
  new AppError('TOO_MANY_RECORDS', `${who} ${limit} records within ${RATE_WINDOW_MS / 1000} s, which is the limit`, { exit: 'busy', hints: ['try again in a minute'] })

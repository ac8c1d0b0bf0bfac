/**
 * One message at its sender: who may claim it, and when D is destroyed. Everything that decides runs one at a time, and what a
 * reader relies on is durable before it is told. docs/protocols/burn.md, "What the sender does with a claim".
 */
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { EventLog } from './event-log.ts'
import { LEASE_MS } from './limits.ts'
import type { ClaimRequest, ClaimVerdict, MessageFile, RefusalCode } from './message-desk.ts'
import type { MessageEvent } from './message-events.ts'
import { applyEvent, expiryTimeMs, infoOf, isClosed, isFinal, isSettled, keyText, readRecord, refusalOf, type MessageRecord } from './message-record.ts'
import type { MessagePlace } from './message-store.ts'
import type { SenderTime } from './sender-time.ts'

export interface KeeperDeps {
  readonly time: SenderTime
  /** Keeps the node running while a message waits. `untilMs` by the clock. */
  readonly waiting: { hold(id: string, untilMs: number): Promise<void>, release(id: string): Promise<void> }
  /** What went wrong where nobody waits for an answer, such as a disk that fails at a lease's end. It is tried again. */
  readonly report: (what: string, error: unknown) => void
}

type Refused = Extract<ClaimVerdict<never>, { kind: 'refused' }>
const refuse = (code: RefusalCode, atMs: number | null): Refused => ({ kind: 'refused', code, atMs })

export class KeptMessage {
  readonly id: string
  readonly place: MessagePlace
  readonly #deps: KeeperDeps
  readonly #queue = new SerialQueue()
  readonly #log: EventLog<MessageEvent, MessageRecord>
  /** D of a --volatile message; undefined too when D is on the disk. */
  #memoryD: Uint8Array | undefined
  /** When each running lease ends, by the sender's time. */
  readonly #leases = new Map<string, number>()
  #cleared = false

  constructor (deps: KeeperDeps, id: string, place: MessagePlace, record: MessageRecord, memoryD?: Uint8Array) {
    this.#deps = deps
    this.id = id
    this.place = place
    this.#log = new EventLog({
      place, read: readRecord, apply: applyEvent,
      spoil: it => { it.damaged = true },
      isClosed: it => it.damaged,
      replayed: () => { this.#renewLeases() },
      report: e => { deps.report(`the log of message ${id}`, e) },
    }, record)
    this.#memoryD = memoryD
  }

  get record (): MessageRecord { return this.#log.record }
  /** D and payload are gone. */
  get cleared (): boolean { return this.#cleared }

  /** When something is due without anybody asking, by the sender's time; Infinity when nothing is. */
  get dueTimeMs (): number {
    if (this.#cleared) return Infinity
    return Math.min(isClosed(this.record) ? Infinity : expiryTimeMs(this.record), ...this.#leases.values())
  }

  file (): MessageFile {
    const { created, root } = this.record
    const { id, linkProofKey, passProofKey, ackKey, to, web } = created
    return { id, root, linkProofKey, passProofKey, ackKey, to, web, info: infoOf(this.record, this.#deps.time) }
  }

  /** Once after start-up: leases that ran begin anew, for the same keys only; without D nothing can be claimed. */
  async resume (): Promise<void> {
    await this.#queue.run(async () => {
      try {
        const D = await this.place.readSecret()
        D?.fill(0)
        if (D === undefined) this.#loseD()
      } catch (e) { // not the same as a slot that is gone: it may be readable at the claim
        this.#deps.report(`the secret of message ${this.id}`, e)
      }
      this.#renewLeases()
      await this.#settle()
      if (!this.#cleared) await this.hold()
    })
  }

  async hold (): Promise<void> {
    const untilMs = this.#deps.time.toClock(expiryTimeMs(this.record)) + LEASE_MS
    await this.#deps.waiting.hold(this.id, untilMs).catch((e: unknown) => { this.#deps.report(`the node may stop before message ${this.id} is over`, e) })
  }

  /** Does what is due. */
  async sweep (): Promise<void> { await this.#queue.run(async () => { await this.#settle() }) }

  async claim<Sealed> (request: ClaimRequest<Sealed>): Promise<ClaimVerdict<Sealed>> {
    return await this.#queue.run(async () => {
      await this.#log.refresh()
      await this.#settle()
      const refusal = await this.#decide(request)
      return refusal ?? await this.#release(request)
    })
  }

  /** Steps 3 to 5. @returns undefined when the key may have D */
  async #decide (request: ClaimRequest<unknown>): Promise<Refused | undefined> {
    const record = this.record
    const known = record.claims.get(keyText(request.readerKey))
    if (record.damaged || record.revokedAtMs !== undefined) return refuse(...refusalOf(record))
    if (known !== undefined) {
      if (!isSettled(record, known)) return undefined // it has proved the passphrase
      return known.ackedAtMs === undefined ? refuse('unconfirmed', known.claimedAtMs) : refuse('read', known.ackedAtMs)
    }
    if (isClosed(record)) return refuse(...refusalOf(record))
    if (record.created.passProofKey === null) return request.passProof === 'missing' ? undefined : refuse('bad-request', null)
    const before = this.#locked()
    if (before !== undefined) return before
    if (request.passProof === 'missing') return refuse('passphrase', null)
    if (request.nonce?.isSpent() === true) return refuse('stale', null)
    if (request.passProof === 'right') return undefined
    request.nonce?.spend()
    const wrong: MessageEvent = { event: 'wrong', ...this.#stamp(), reader: request.reader }
    await this.#log.commit(wrong).catch((e: unknown) => {
      this.#log.note(wrong) // a guess is a guess: a full disk must not give more of them
      throw e
    })
    return this.#locked() ?? refuse('passphrase', null)
  }

  #locked (): Refused | undefined {
    const { lockedUntilMs } = infoOf(this.record, this.#deps.time)
    return lockedUntilMs === null ? undefined : refuse('locked', lockedUntilMs)
  }

  /** Steps 6 and 7: seal, count the key durably, and only then answer. */
  async #release<Sealed> (request: ClaimRequest<Sealed>): Promise<ClaimVerdict<Sealed>> {
    const key = keyText(request.readerKey)
    const D = this.#memoryD?.slice() ?? await this.place.readSecret()
    if (D === undefined) { // the file was removed under us
      this.#loseD()
      await this.#settle()
      return refuse(...refusalOf(this.record))
    }
    let sealed: Sealed
    try { sealed = await request.seal(D) } finally { D.fill(0) }
    const { strict } = this.record.created
    if (!this.record.claims.has(key)) {
      const claimed: MessageEvent = { event: 'claimed', ...this.#stamp(), key: request.readerKey, reader: request.reader }
      await this.#log.commit(claimed)
      if (!strict) this.#leases.set(key, claimed.timeMs + LEASE_MS)
    }
    const { claimedAtMs } = this.record.claims.get(key)!
    const leaseUntilMs = strict ? claimedAtMs : this.#deps.time.toClock(this.#leases.get(key)!)
    await this.#settle()
    return { kind: 'answer', sealed, claimedAtMs, leaseUntilMs }
  }

  /** @returns false when the key was never counted */
  async confirm (readerKey: Uint8Array): Promise<boolean> {
    return await this.#queue.run(async () => {
      await this.#log.refresh()
      const claim = this.record.claims.get(keyText(readerKey))
      if (claim === undefined) return false
      if (claim.ackedAtMs === undefined && !this.record.damaged) await this.#log.commit({ event: 'acked', ...this.#stamp(), key: readerKey })
      this.#leases.delete(claim.key)
      await this.#settle()
      return true
    })
  }

  /** Destroys D now, whoever has a lease. What is over already stays what it was. @throws when D could not be destroyed */
  async revoke (): Promise<void> {
    await this.#queue.run(async () => {
      await this.#log.tryRefresh()
      if (!isFinal(this.record)) this.#log.note({ event: 'revoked', ...this.#stamp() })
      await this.#log.flush()
      await this.#clear()
    })
  }

  /** Forgets the wrong passphrases. */
  async unlock (): Promise<void> {
    await this.#queue.run(async () => {
      await this.#log.refresh()
      await this.#log.flush()
      if (this.record.wrongInRow > 0) await this.#log.commit({ event: 'unlocked', ...this.#stamp() })
    })
  }

  async close (): Promise<void> {
    await this.#queue.run(async () => {
      this.#memoryD?.fill(0)
      await this.place.close()
    })
  }

  #stamp (): { clockMs: number, timeMs: number } { return this.#deps.time.mark() }

  /** Without D nothing can be claimed or asked for again. */
  #loseD (): void {
    if (this.#memoryD !== undefined || this.record.damaged) return
    for (const claim of this.record.claims.values()) {
      if (!isSettled(this.record, claim)) this.#noteOver(claim.key)
    }
    if (!isClosed(this.record)) this.#log.note({ event: 'expired', why: 'forgotten', ...this.#stamp() })
  }

  #renewLeases (): void {
    for (const claim of this.record.claims.values()) {
      if (!isSettled(this.record, claim) && !this.#leases.has(claim.key)) this.#leases.set(claim.key, this.#deps.time.now() + LEASE_MS)
    }
  }

  /** Ends what is over by now, and destroys D when nobody may have it any more. Never throws: it is tried again. */
  async #settle (): Promise<void> {
    if (this.#cleared) {
      if (this.#log.owes) await this.#log.flush()
      return
    }
    const nowMs = this.#deps.time.now()
    for (const [key, untilMs] of this.#leases) {
      if (untilMs > nowMs) continue
      this.#noteOver(key)
    }
    if (!isClosed(this.record) && expiryTimeMs(this.record) <= nowMs) this.#log.note({ event: 'expired', why: 'time', ...this.#stamp() })
    await this.#log.flush()
    if (!isFinal(this.record)) return
    await this.#clear().catch((e: unknown) => { this.#deps.report(`the secret of message ${this.id} is not destroyed yet`, e) })
  }

  #noteOver (key: string): void {
    this.#leases.delete(key)
    this.#log.note({ event: 'over', ...this.#stamp(), key: this.record.claims.get(key)!.bytes })
  }

  async #clear (): Promise<void> {
    this.#memoryD?.fill(0)
    this.#memoryD = undefined
    this.#leases.clear()
    await this.place.destroySecret()
    await this.place.removePayload()
    this.#cleared = true
    await this.#deps.waiting.release(this.id).catch((e: unknown) => { this.#deps.report(`the lease of message ${this.id}`, e) })
  }
}

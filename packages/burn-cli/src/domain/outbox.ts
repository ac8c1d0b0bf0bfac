/** All messages of this sender: brings them back at start-up, takes new ones in, lets time pass. Rules: kept-message.ts. */
import { AppError } from '@ipkit/core/errors/app-error'
import type { Clock } from '@ipkit/core/time/clock'
import type { CID } from 'multiformats/cid'
import { encodeEvent } from './event-codec.ts'
import { KeptMessage, type KeeperDeps } from './kept-message.ts'
import { ackKey } from './keys.ts'
import { TOMBSTONE_MS } from './limits.ts'
import type { ClaimRequest, ClaimVerdict, MessageDesk, MessageFile, MessageInfo } from './message-desk.ts'
import type { CreatedEvent } from './message-events.ts'
import { endedAtMs, idText, infoOf, isFinal, newRecord, readRecord, type MessageRecord } from './message-record.ts'
import type { MessagePlace, MessageStore } from './message-store.ts'
import { SenderTime } from './sender-time.ts'

/** The longest that something due waits after the disk failed or the clock was set; also how far a clock is believed. */
const SWEEP_MS = 60_000
const MARK_MS = 15 * 60_000

export interface OutboxDeps extends Omit<KeeperDeps, 'time'> {
  readonly store: MessageStore
  readonly clock: Clock
}

export interface NewMessage {
  readonly id: Uint8Array
  /** 32 bytes; wiped before `create` settles. */
  readonly D: Uint8Array
  readonly linkProofKey: Uint8Array
  readonly passProofKey: Uint8Array | null
  readonly lifeMs: number
  readonly reads: number
  readonly to: string | null
  readonly web: boolean
  readonly strict: boolean
  readonly volatile: boolean
  readonly name: string | null
}

export class Outbox implements MessageDesk {
  readonly #store: MessageStore
  readonly #deps: KeeperDeps
  readonly #messages = new Map<string, KeptMessage>()
  #wake = new AbortController()

  private constructor (store: MessageStore, deps: KeeperDeps) { this.#store = store; this.#deps = deps }

  /** Brings back every message: running leases begin anew, what is over is destroyed. */
  static async open (deps: OutboxDeps): Promise<Outbox> {
    const loaded = (await deps.store.load()).map(m => ({ ...m, record: readRecord(m.log) }))
    const mark = await deps.store.loadTimeMark()
    const time = new SenderTime(deps.clock, [...mark === undefined ? [] : [mark], ...loaded.flatMap(m => m.record?.events ?? [])])
    const outbox = new Outbox(deps.store, { ...deps, time })
    for (const { id, place, record } of loaded) {
      if (record === undefined) {
        deps.report(`message ${id} cannot be read back; it counts as claimed`, undefined)
        await place.destroySecret()
        await place.removePayload()
        await place.close()
        continue
      }
      const message = new KeptMessage(outbox.#deps, id, place, record)
      outbox.#messages.set(id, message)
      await message.resume()
    }
    await outbox.#saveMark()
    return outbox
  }

  /** Lets time pass until the signal aborts: leases end and messages expire whether or not anybody asks. */
  async run (signal: AbortSignal): Promise<void> {
    let markedMs = this.#deps.time.now()
    while (!signal.aborted) {
      this.#wake = new AbortController()
      const dueMs = Math.min(...[...this.#messages.values()].map(m => m.dueTimeMs)) - this.#deps.time.now()
      await this.#deps.time.sleep(Math.min(SWEEP_MS, Math.max(0, dueMs)), AbortSignal.any([signal, this.#wake.signal])).catch(() => {})
      if (signal.aborted) return
      await this.sweep()
      if (this.#deps.time.now() - markedMs < MARK_MS) continue
      markedMs = this.#deps.time.now()
      if ([...this.#messages.values()].some(m => !m.cleared)) await this.#saveMark()
    }
  }

  /** Does what is due now. */
  async sweep (): Promise<void> {
    for (const message of [...this.#messages.values()]) {
      await message.sweep()
      const endedMs = endedAtMs(message.record)
      if (!message.cleared || endedMs === null || this.#deps.time.toClock(this.#deps.time.now()) - endedMs < TOMBSTONE_MS) continue
      this.#messages.delete(message.id)
      await message.place.remove().catch((e: unknown) => { this.#deps.report(`what is left of message ${message.id}`, e) })
    }
  }

  async close (): Promise<void> {
    for (const message of this.#messages.values()) await message.close()
    await this.#saveMark()
  }

  /**
   * Takes a message in. When it resolves the message is durable and can be claimed; when it throws nothing of it is left.
   * @throws AppError MESSAGE_EXISTS, DISK_FULL, PAYLOAD_EMPTY, PAYLOAD_TOO_LARGE; the signal's reason
   */
  async create (message: NewMessage, payload: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<MessageFile> {
    const { D, ...rest } = message
    const id = idText(message.id)
    try {
      if (this.#messages.has(id)) throw new AppError('MESSAGE_EXISTS', `message ${id} is here already`)
      const staged = await this.#store.stage(id, message.volatile ? null : D, payload, signal)
      let place: MessagePlace | undefined
      try {
        const created: CreatedEvent = {
          event: 'created', format: 1, ...this.#deps.time.mark(), ...rest, ackKey: ackKey(D), root: staged.root.toString(), sizeBytes: staged.sizeBytes,
        }
        place = await staged.commit(encodeEvent(created))
        signal.throwIfAborted() // the client left meanwhile: nobody has the link
        const kept = new KeptMessage(this.#deps, id, place, newRecord(created), message.volatile ? D.slice() : undefined)
        this.#messages.set(id, kept)
        await kept.hold()
        this.#wake.abort()
        return kept.file()
      } catch (e) {
        await (place === undefined ? staged.discard() : place.remove())
        throw e
      }
    } finally {
      D.fill(0)
    }
  }

  find (id: Uint8Array): MessageFile | undefined { return this.#messages.get(idText(id))?.file() }

  async claim<Sealed> (id: Uint8Array, request: ClaimRequest<Sealed>): Promise<ClaimVerdict<Sealed>> {
    const message = this.#messages.get(idText(id))
    if (message === undefined) return { kind: 'refused', code: 'unknown', atMs: null }
    try {
      return await message.claim({ ...request, reader: request.reader.slice(0, 512) })
    } finally {
      this.#wake.abort() // a lease may be due before anything else
    }
  }

  async confirm (id: Uint8Array, readerKey: Uint8Array): Promise<boolean> {
    return await this.#messages.get(idText(id))?.confirm(readerKey) ?? false
  }

  async hashes (id: Uint8Array, from: number, count: number): Promise<Uint8Array | undefined> {
    return await this.#messages.get(idText(id))?.place.hashes(from, count)
  }

  async * leaves (id: Uint8Array, from: number, count: number): AsyncGenerator<Uint8Array> {
    const place = this.#messages.get(idText(id))?.place
    if (place !== undefined) yield * place.leaves(from, count)
  }

  holds (root: CID): boolean {
    return [...this.#messages.values()].some(m => !isFinal(m.record) && m.record.root.equals(root))
  }

  /** Every record, oldest first, as it stands now; for the sender's own eyes. */
  records (): MessageRecord[] {
    return [...this.#messages.values()].map(m => m.record).sort((a, b) => a.created.clockMs - b.created.clockMs)
  }

  /** @throws AppError MESSAGE_UNKNOWN */
  record (id: Uint8Array): MessageRecord { return this.#mine(id).record }

  info (record: MessageRecord): MessageInfo { return infoOf(record, this.#deps.time) }

  /** @throws AppError MESSAGE_UNKNOWN; what the disk threw when D could not be destroyed */
  async revoke (id: Uint8Array): Promise<void> { await this.#mine(id).revoke() }

  /** @throws AppError MESSAGE_UNKNOWN */
  async unlock (id: Uint8Array): Promise<void> { await this.#mine(id).unlock() }

  #mine (id: Uint8Array): KeptMessage {
    const message = this.#messages.get(idText(id))
    if (message === undefined) throw new AppError('MESSAGE_UNKNOWN', `there is no message ${idText(id)} here`, { exit: 'notFound', hints: ['burn ls'] })
    return message
  }

  async #saveMark (): Promise<void> {
    await this.#store.saveTimeMark(this.#deps.time.mark()).catch((e: unknown) => { this.#deps.report('the time mark', e) })
  }
}

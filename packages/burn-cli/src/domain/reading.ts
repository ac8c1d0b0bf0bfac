/**
 * The reader's side, step by step, each durable before the next: payload, key, answer, ack. Whatever stops it in between, the same
 * call made again goes on from there. docs/protocols/burn.md, "What the reader does".
 */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { Clock } from '@ipkit/core/time/clock'
import { claimAnswer, fetchPayload, sendAck, type ReaderDeps } from '../protocol.ts'
import type { InboxStore, PendingAck, StoredEntry } from './inbox-store.ts'
import { LEASE_MS, TOMBSTONE_MS } from './limits.ts'
import type { MessageInfo } from './message-desk.ts'
import { idText } from './message-record.ts'
import { ackRequest, type Target } from './requests.ts'
import { openSecret } from './sealed-key.ts'

const RETRY_MS = 15_000
/** Entries that are tidied at once: a sender that is slow to answer holds up only its own. */
const TIDY_AT_ONCE = 8
/** Refusals that no later try can change. */
const GONE = new Set(['MESSAGE_CLAIMED', 'MESSAGE_READ', 'MESSAGE_UNCONFIRMED', 'MESSAGE_EXPIRED', 'MESSAGE_REVOKED'])

/** What a link says, without L, and where to look for the sender. */
export interface ReadLink extends Omit<Target, 'reader'> {
  /** Multiaddrs. */
  readonly addresses: readonly string[]
}

export interface ReadingDeps {
  readonly store: InboxStore
  readonly clock: Clock
  sha256(bytes: Uint8Array): Uint8Array
  randomBytes(sizeBytes: number): Uint8Array
  /**
   * A conversation with the sender, and with nobody else.
   * @returns the channel, and the peer id that the sender sees: a throw-away one, or this node's when the link is addressed
   * @throws AppError PEER_UNREACHABLE
   */
  dial(id: string, sender: string, addresses: readonly string[], addressed: boolean, signal: AbortSignal): Promise<{ channel: ByteChannel, reader: string }>
  /** No conversation about this message will follow soon. */
  hangUp(id: string): Promise<void>
  /** What went wrong where nobody waits for an answer. */
  readonly report: (what: string, error: unknown) => void
}

export type OnFetch = (step: 'connecting' | 'fetching', doneBytes?: number, totalBytes?: number) => void

export class Reading {
  readonly #deps: ReadingDeps
  /** Of the messages that calls work on or wait for. */
  readonly #turns = new Map<string, { readonly queue: SerialQueue, calls: number }>()
  constructor (deps: ReadingDeps) { this.#deps = deps }

  /**
   * Brings the payload here. Uses nothing up. @returns `info` undefined when this reader has the sender's answer already
   * @throws AppError of refusal.ts, PEER_UNREACHABLE, CONTENT_ALTERED, DISK_FULL
   */
  async fetch (link: ReadLink, onFetch: OnFetch, signal: AbortSignal): Promise<{ sizeBytes: number, info: MessageInfo | undefined }> {
    return await this.#alone(idText(link.id), async () => {
      const before = await this.#deps.store.find(idText(link.id))
      const ack = await before?.ack()
      if (before !== undefined && ack !== undefined) { // an earlier read of it that the sender may not know of
        await this.#confirm(before, ack, signal)
      }
      const entry = await this.#deps.store.open(link.id, link.root, link.sender)
      if (entry.complete && await entry.answer() !== undefined) return { sizeBytes: entry.layout!.sizeBytes, info: undefined }
      onFetch('connecting')
      try {
        return await this.#talk(link, signal, async (channel, target, deps) => {
          const info = await fetchPayload(deps, channel, target, entry, {
            claimedBefore: await entry.hasKey(),
            onProgress: (done, total) => { onFetch('fetching', done, total) },
          })
          return { sizeBytes: info.sizeBytes, info }
        })
      } catch (e) {
        await this.#letGo(entry, e)
        throw e
      } finally {
        await entry.close()
      }
    })
  }

  /** Of what can never be opened here, of an entry in which there is nothing, and of a peer that reached nobody. */
  async #letGo (entry: StoredEntry, cause: unknown): Promise<void> {
    const code = codeOf(cause) ?? ''
    const over = GONE.has(code) || entry.layout === undefined
    // The throw-away peer and its connection would stay as long as the node runs.
    if (over || code === 'PEER_UNREACHABLE' || code === 'PEER_REFUSED') await this.#deps.hangUp(idText(entry.id)).catch((e: unknown) => { this.#deps.report('a throw-away peer', e) })
    if (!over) return
    await entry.remove().catch((e: unknown) => { this.#deps.report(`what is left of message ${idText(entry.id)}`, e) })
  }

  /**
   * Claims, or finds the answer of an earlier claim. @param passKey passProofKey, for a message with a passphrase
   * @returns D, to be wiped by the caller
   * @throws AppError NOT_FETCHED, ANSWER_ALTERED, of refusal.ts, PEER_UNREACHABLE, DISK_FULL
   */
  async claim (link: ReadLink, passKey: Uint8Array | undefined, signal: AbortSignal): Promise<{ D: Uint8Array, claimedAtMs: number, leaseUntilMs: number }> {
    return await this.#alone(idText(link.id), async () => {
      const entry = await this.#fetched(link.id)
      const key = await entry.readerKey(() => this.#deps.randomBytes(32))
      try {
        let answer = await entry.answer()
        if (answer === undefined) {
          answer = await this.#talk(link, signal, async (channel, target, deps) => await claimAnswer(deps, channel, target, key, passKey))
          await entry.keepAnswer(answer)
        }
        return { D: await openSecret(answer, key, answer.statement), claimedAtMs: answer.claimedAtMs, leaseUntilMs: answer.leaseUntilMs }
      } catch (e) {
        await this.#letGo(entry, e)
        throw e
      } finally {
        key.fill(0)
      }
    })
  }

  /** A stretch of the payload, whole or not without an error. @throws AppError NOT_FETCHED, also while it is read */
  async content (id: Uint8Array, from: number, sizeBytes: number): Promise<AsyncIterable<Uint8Array>> {
    const entry = await this.#fetched(id)
    return whole(entry, from, Math.min(entry.layout!.sizeBytes, from + sizeBytes))
  }

  /**
   * The content is safe: wipes what opened it and confirms. @returns whether the sender knows; if not, `tidy` tries again
   * @throws AppError NOT_CLAIMED
   */
  async finish (link: ReadLink, signal: AbortSignal): Promise<boolean> {
    return await this.#alone(idText(link.id), async () => {
      const entry = await this.#deps.store.find(idText(link.id))
      let ack = await entry?.ack()
      const answer = ack === undefined ? await entry?.answer() : undefined
      if (entry === undefined || (ack === undefined && answer === undefined)) throw new AppError('NOT_CLAIMED', `message ${idText(link.id)} was not claimed here`)
      if (answer !== undefined) {
        const key = await entry.readerKey(() => { throw new AppError('NOT_CLAIMED', `the key of message ${idText(link.id)} is gone`) })
        const D = await openSecret(answer, key, answer.statement)
        const { statement, proof } = ackRequest(D, answer.statement)
        D.fill(0); key.fill(0)
        ack = { statement, proof, addresses: link.addresses, addressed: link.addressed, untilMs: this.#deps.clock.now() + LEASE_MS }
        await entry.keepAck(ack)
      }
      await entry.wipe()
      try {
        return await this.#confirm(entry, ack!, signal)
      } catch (e) {
        this.#deps.report(`message ${idText(link.id)} is not confirmed yet`, e)
        return false
      }
    })
  }

  /** Forgets a message; a claim that was made is lost with it. @returns false when there was nothing */
  async drop (id: Uint8Array): Promise<boolean> {
    return await this.#alone(idText(id), async () => {
      const entry = await this.#deps.store.find(idText(id))
      await entry?.remove()
      await this.#deps.hangUp(idText(id))
      return entry !== undefined
    })
  }

  /** Tidies at once and from time to time, until the signal aborts. */
  async run (signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.tidy(signal)
      await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => {})
    }
  }

  /** Confirms what could not be confirmed before, and removes what is left over; but not where a call is at work, which may take hours. */
  async tidy (signal: AbortSignal): Promise<void> {
    const report = (e: unknown): void => { if (!signal.aborted) this.#deps.report('the inbox', e) }
    try {
      const ids = (await this.#deps.store.ids()).filter(id => !this.#turns.has(id))
      const tidied = mapConcurrent(ids, TIDY_AT_ONCE, async id => { await this.#alone(id, async () => { await this.#tidyOne(id, signal) }).catch(report) })
      for await (const _ of tidied) { /* until all are */ }
    } catch (e) {
      report(e)
    }
  }

  async #tidyOne (id: string, signal: AbortSignal): Promise<void> {
    const entry = await this.#deps.store.find(id)
    const ack = await entry?.ack()
    const nowMs = this.#deps.clock.now()
    if (entry === undefined || signal.aborted) return
    if (ack === undefined) {
      // Without a layout nothing was fetched yet, or a removal was interrupted.
      if (entry.layout === undefined || nowMs - entry.madeAtMs > TOMBSTONE_MS) await entry.remove()
      return
    }
    await entry.wipe() // a crash may have come between the two
    await this.#confirm(entry, ack, signal).catch(async () => { if (nowMs >= ack.untilMs) await entry.remove() })
  }

  /** @returns true; the entry is gone then, also when the sender does not know the message any more @throws when it has not answered */
  async #confirm (entry: StoredEntry, ack: PendingAck, signal: AbortSignal): Promise<true> {
    const { channel } = await this.#deps.dial(idText(entry.id), entry.sender, ack.addresses, ack.addressed, signal)
    await using stream = channel
    await sendAck({ ...this.#deps, signal }, stream, { type: 'ack', statement: ack.statement, proof: ack.proof }).catch((e: unknown) => {
      if (!isAppError(e) || e.code !== 'MESSAGE_UNKNOWN') throw e
    })
    await entry.remove()
    await this.#deps.hangUp(idText(entry.id))
    return true
  }

  async #talk<T> (link: ReadLink, signal: AbortSignal, work: (channel: ByteChannel, target: Target, deps: ReaderDeps) => Promise<T>): Promise<T> {
    const { channel, reader } = await this.#deps.dial(idText(link.id), link.sender, link.addresses, link.addressed, signal)
    await using stream = channel
    try {
      return await work(stream, { ...link, reader }, { ...this.#deps, signal })
    } catch (e) {
      stream.abort(e as Error)
      throw e
    }
  }

  async #fetched (id: Uint8Array): Promise<StoredEntry> {
    const entry = await this.#deps.store.find(idText(id))
    if (entry?.complete !== true) throw new AppError('NOT_FETCHED', `message ${idText(id)} has not been fetched here`, { exit: 'notFound' })
    return entry
  }

  /** One call at a time for each message: two commands on one link take turns. */
  async #alone<T> (id: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(id) ?? { queue: new SerialQueue(), calls: 0 }
    this.#turns.set(id, turn)
    turn.calls++
    try {
      return await turn.queue.run(work)
    } finally {
      if (--turn.calls === 0) this.#turns.delete(id)
    }
  }
}

async function * whole (entry: StoredEntry, from: number, toByte: number): AsyncGenerator<Uint8Array> {
  let at = from
  for await (const piece of entry.pieces(from, toByte)) {
    yield piece
    at += piece.length
  }
  if (at < toByte) throw new AppError('NOT_FETCHED', `the payload went away at byte ${at}`, { exit: 'notFound' })
}

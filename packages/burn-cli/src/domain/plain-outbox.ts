/** All plain messages of this sender: brings them back at start-up, takes new ones in, lets time pass. Rules: kept-plain.ts. */
import type { BitswapGate } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import type { Clock } from '@ipkit/core/time/clock'
import { encodeEvent } from './event-codec.ts'
import { KeptPlain, type PlainHost, type PlainKeeperDeps } from './kept-plain.ts'
import { ID_BYTES } from './key-sizes.ts'
import { TOMBSTONE_MS } from './limits.ts'
import { idText } from './message-record.ts'
import type { PlainCreated } from './plain-events.ts'
import { plainTree, requirePlainName } from './plain-layout.ts'
import { MAX_PLAIN_WAITING, RANDOM_BYTES } from './plain-limits.ts'
import { newPlainRecord, readPlainRecord, type PlainRecord } from './plain-record.ts'
import { PLAIN_SECRET_BYTES, plainSecret } from './plain-seal.ts'
import type { PlainPlace, PlainStore } from './plain-store.ts'
import { SenderTime } from './sender-time.ts'

const SWEEP_MS = 60_000
const MARK_MS = 15 * 60_000

export interface PlainOutboxDeps extends Omit<PlainKeeperDeps, 'time' | 'changed'> {
  readonly store: PlainStore
  readonly clock: Clock
  readonly randomBytes: (sizeBytes: number) => Uint8Array
}

export interface NewPlain { readonly name: string, readonly lifeMs: number }
export interface AddedPlain { readonly id: string, readonly peerId: string, readonly addresses: readonly string[] }

export class PlainOutbox {
  readonly #deps: PlainOutboxDeps
  readonly #keeper: PlainKeeperDeps
  readonly #messages = new Map<string, KeptPlain>()
  #adding = 0
  #wake = new AbortController()

  private constructor (deps: PlainOutboxDeps, time: SenderTime) {
    this.#deps = deps
    this.#keeper = { ...deps, time, changed: () => { this.#wake.abort() } }
  }

  /** Brings back every message; `run` serves them. */
  static async open (deps: PlainOutboxDeps): Promise<PlainOutbox> {
    const loaded = (await deps.store.load()).map(m => ({ ...m, record: readPlainRecord(m.log) }))
    const mark = await deps.store.loadTimeMark()
    const outbox = new PlainOutbox(deps, new SenderTime(deps.clock, [...mark === undefined ? [] : [mark], ...loaded.flatMap(m => m.record?.events ?? [])]))
    for (const { id, place, record } of loaded) {
      if (record !== undefined) { outbox.#messages.set(id, new KeptPlain(outbox.#keeper, id, place, record)); continue }
      deps.report(`plain message ${id} cannot be read back; it counts as claimed`, undefined)
      await place.destroySecret()
      await place.removePayload()
      await place.close()
    }
    return outbox
  }

  /** Serves what waits, and lets time pass until the signal aborts. */
  async run (signal: AbortSignal): Promise<void> {
    for (const message of [...this.#messages.values()]) {
      if (signal.aborted) return
      await message.resume()
    }
    const { time } = this.#keeper
    let markedMs = time.now()
    while (!signal.aborted) {
      this.#wake = new AbortController()
      const dueMs = Math.min(...[...this.#messages.values()].map(m => m.dueTimeMs)) - time.now()
      await time.sleep(Math.min(SWEEP_MS, Math.max(0, dueMs)), AbortSignal.any([signal, this.#wake.signal])).catch(() => {})
      if (signal.aborted) return
      await this.sweep()
      if (time.now() - markedMs < MARK_MS || this.#waiting() === 0) continue
      markedMs = time.now()
      await this.#deps.store.saveTimeMark(time.mark()).catch((e: unknown) => { this.#deps.report('the time mark', e) })
    }
  }

  /** Does what is due now. */
  async sweep (): Promise<void> {
    const { time } = this.#keeper
    for (const message of [...this.#messages.values()]) {
      await message.sweep()
      const endedMs = message.record.end?.atMs
      if (!message.cleared || endedMs === undefined || time.toClock(time.now()) - endedMs < TOMBSTONE_MS) continue
      this.#messages.delete(message.id)
      await message.place.remove().catch((e: unknown) => { this.#deps.report(`what is left of plain message ${message.id}`, e) })
    }
  }

  async close (): Promise<void> { for (const message of this.#messages.values()) await message.close() }

  /**
   * Takes a file in. When it resolves the message is durable and served; when it throws nothing of it is left.
   * @throws AppError NAME_INVALID, TOO_MANY_PLAIN, NO_ADDRESS, LISTEN_FAILED, DISK_FULL, PAYLOAD_*; the signal's reason
   */
  async create ({ name, lifeMs }: NewPlain, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<AddedPlain> {
    requirePlainName(name)
    if (this.#waiting() + this.#adding >= MAX_PLAIN_WAITING) throw new AppError('TOO_MANY_PLAIN', `${MAX_PLAIN_WAITING} plain messages wait here already, which is the limit`, { exit: 'busy', hints: ['take one back: burn rm <id>'] })
    this.#adding++
    try {
      return await this.#createNow(name, lifeMs, content, signal)
    } finally {
      this.#adding--
    }
  }

  async #createNow (name: string, lifeMs: number, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<AddedPlain> {
    const { store, randomBytes, serve, sha256 } = this.#deps
    const id = idText(randomBytes(ID_BYTES))
    const random = randomBytes(RANDOM_BYTES)
    const secret = randomBytes(PLAIN_SECRET_BYTES)
    const staged = await store.stage(id, secret, random, content, signal)
    let host: PlainHost | undefined
    let place: PlainPlace | undefined
    try {
      const tree = plainTree(sha256, { name, random, sizeBytes: staged.sizeBytes, hashes: staged.hashes })
      const served: { gate?: Required<BitswapGate> } = {} // the port stands in CREATED, so the host is there first, and has nothing
      host = await serve(plainSecret(secret).seed, undefined, {
        get: async (cid, peer, want) => await served.gate?.get(cid, peer, want),
        sent: async (cid, peer) => { await served.gate?.sent(cid, peer) },
        admits: peer => served.gate?.admits(peer) ?? true,
      })
      const addresses = host.addresses()
      if (addresses[0] === undefined) throw new AppError('NO_ADDRESS', 'the node listens nowhere, so nobody could fetch the message', { hints: ["see where it should: 'ipkit config get listen'"] })
      const created: PlainCreated = {
        event: 'created', format: 1, ...this.#keeper.time.mark(), root: tree.root.toString(), sizeBytes: staged.sizeBytes, blockCount: tree.blockCount,
        lifeMs, name, port: parsePeerAddress(addresses[0]).port,
      }
      place = await staged.commit(encodeEvent(created))
      signal.throwIfAborted() // the client left meanwhile: nobody has the link
      const kept = new KeptPlain(this.#keeper, id, place, newPlainRecord(created))
      await kept.begin(host, secret, tree)
      served.gate = kept.gate
      this.#messages.set(id, kept)
      this.#wake.abort()
      return { id, peerId: host.peerId, addresses }
    } catch (e) {
      secret.fill(0)
      await host?.[Symbol.asyncDispose]()
      await (place === undefined ? staged.discard() : place.remove())
      throw e
    }
  }

  has (id: string): boolean { return this.#messages.has(id) }

  records (): Array<{ readonly id: string, readonly record: PlainRecord }> {
    return [...this.#messages.values()].map(({ id, record }) => ({ id, record }))
  }

  /** @throws AppError MESSAGE_UNKNOWN */
  record (id: string): PlainRecord { return this.#mine(id).record }

  /** @throws AppError MESSAGE_UNKNOWN; what the disk threw when the key could not be destroyed */
  async revoke (id: string): Promise<void> { await this.#mine(id).revoke() }

  #mine (id: string): KeptPlain {
    const message = this.#messages.get(id)
    if (message === undefined) throw new AppError('MESSAGE_UNKNOWN', `there is no message ${id} here`, { exit: 'notFound', hints: ['burn ls'] })
    return message
  }

  #waiting (): number { return [...this.#messages.values()].filter(m => !m.cleared).length }
}

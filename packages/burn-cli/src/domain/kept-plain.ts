/**
 * One plain message at its sender: the gate of its own bitswap host, and when its key is destroyed. Everything that decides runs one at a
 * time, and a claim is durable before the root's bytes leave. docs/protocols/burn-plain.md, "Claim" and "Deletion".
 */
import type { BitswapGate } from '@ipkit/core/daemon/service'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { BulkCrypto } from './bulk-crypto.ts'
import { EventLog } from './event-log.ts'
import type { KeeperDeps } from './kept-message.ts'
import { leafCount } from './payload-layout.ts'
import type { PlainEvent } from './plain-events.ts'
import { plainTree, type PlainBlock, type PlainTree } from './plain-layout.ts'
import { PLAIN_GRACE_MS, PLAIN_LEASE_MS } from './plain-limits.ts'
import { applyPlainEvent, hasAll, plainExpiryTimeMs, readPlainRecord, type PlainRecord } from './plain-record.ts'
import { plainSecret } from './plain-seal.ts'
import type { PlainPlace } from './plain-store.ts'

/** What serves a message's blocks; see `EphemeralHost`. */
export interface PlainHost extends AsyncDisposable {
  readonly peerId: string
  addresses(): string[]
}

export interface PlainKeeperDeps extends KeeperDeps {
  readonly sha256: BulkCrypto['sha256']
  /** Listens where the node does, as the peer of that seed. @param port undefined: any; else none but this @throws AppError when it cannot */
  readonly serve: (seed: Uint8Array, port: number | undefined, gate: BitswapGate) => Promise<PlainHost>
  /** What is due has changed. */
  readonly changed: () => void
}

/** The root is the first block of a tree. */
const ROOT = 0
const NO_BYTES = new Uint8Array(0)

export class KeptPlain {
  readonly id: string
  readonly place: PlainPlace
  readonly #deps: PlainKeeperDeps
  readonly #queue = new SerialQueue()
  readonly #log: EventLog<PlainEvent, PlainRecord>
  /** While it is served: from the slot and the disk. */
  #open: { readonly secret: Uint8Array, readonly tree: PlainTree } | undefined
  #host: PlainHost | undefined
  /** When the claim's lease, or its grace, ends, by the sender's time. */
  #dueMs = Infinity
  #cleared = false

  constructor (deps: PlainKeeperDeps, id: string, place: PlainPlace, record: PlainRecord) {
    this.#deps = deps
    this.id = id
    this.place = place
    this.#log = new EventLog({
      place, read: readPlainRecord, apply: applyPlainEvent,
      spoil: it => { it.end ??= { state: 'unconfirmed', atMs: this.#stamp().clockMs } },
      isClosed: () => false, // whatever spoils it ends it, and nothing is noted after the end
      replayed: () => { if (this.record.claim !== undefined && this.#dueMs === Infinity) this.#renew() },
      report: e => { deps.report(`the log of plain message ${id}`, e) },
    }, record)
  }

  get record (): PlainRecord { return this.#log.record }
  get host (): PlainHost | undefined { return this.#host }
  /** Key and blocks are gone. */
  get cleared (): boolean { return this.#cleared }

  /** When something is due without anybody asking, by the sender's time; Infinity when nothing is. */
  get dueTimeMs (): number { return this.#cleared ? Infinity : Math.min(plainExpiryTimeMs(this.record), this.#dueMs) }

  /** Who gets what. Works before the message is served, and then gives nothing. */
  get gate (): Required<BitswapGate> {
    return {
      get: async (cid, peer, want) => await this.#queue.run(async () => await this.#answer(cid, peer, want)),
      sent: async (cid, peer) => { await this.#queue.run(async () => { await this.#handedOver(cid, peer) }) },
      admits: peer => this.record.claim === undefined || this.record.claim.reader === peer,
    }
  }

  /** @param host of a message just made; it serves `gate` @param secret is this message's from now on */
  async begin (host: PlainHost, secret: Uint8Array, tree: PlainTree): Promise<void> {
    this.#host = host
    this.#open = { secret, tree }
    await this.#hold()
  }

  /** After start-up, and again while it fails: a lease that ran begins anew, and the host listens where it did. Never throws. */
  async resume (): Promise<void> {
    await this.#queue.run(async () => {
      await this.#log.tryRefresh()
      if (this.record.end === undefined && this.#open === undefined) await this.#openAgain()
      if (this.record.claim !== undefined && this.#dueMs === Infinity) this.#renew()
      await this.#settle()
      if (this.#cleared || this.#open === undefined || this.#host !== undefined) return
      await this.#hold()
      const { seed } = plainSecret(this.#open.secret)
      try {
        this.#host = await this.#deps.serve(seed, this.record.created.port, this.gate)
      } catch (e) {
        this.#deps.report(`plain message ${this.id} cannot be served for now`, e)
      }
    })
  }

  /** Does what is due. */
  async sweep (): Promise<void> {
    if (!this.#cleared && this.#host === undefined) await this.resume()
    else await this.#queue.run(async () => { await this.#settle() })
  }

  /** Destroys the key now, whoever has claimed. What is over stays what it was. @throws when the key could not be destroyed */
  async revoke (): Promise<void> {
    await this.#queue.run(async () => {
      await this.#log.tryRefresh()
      if (this.record.end === undefined) this.#log.note({ event: 'revoked', ...this.#stamp() })
      await this.#log.flush()
      await this.#clear()
    })
  }

  /** The host stops; the message waits on the disk. */
  async close (): Promise<void> {
    await this.#stopHost()
    await this.#queue.run(async () => {
      this.#open?.secret.fill(0)
      this.#open = undefined
      await this.place.close()
    })
  }

  async #answer (cid: string, peer: string, want: 'block' | 'have'): Promise<Uint8Array | undefined> {
    await this.#log.refresh()
    await this.#settle()
    const block = this.#open?.tree.find(cid)
    if (block === undefined || this.record.end !== undefined) return undefined
    const { claim } = this.record
    if (claim !== undefined && claim.reader !== peer) return undefined
    if (claim === undefined && block.index !== ROOT) return undefined
    if (want === 'have') return NO_BYTES
    const bytes = await this.#bytes(block)
    if (bytes !== undefined && claim === undefined) await this.#claim(peer)
    return bytes
  }

  async #bytes (block: PlainBlock): Promise<Uint8Array | undefined> {
    if ('bytes' in block) return block.bytes
    const bytes = await this.place.leaf(plainSecret(this.#open!.secret), block.leaf, block.sizeBytes)
    if (bytes === undefined) this.#deps.report(`leaf ${block.leaf} of plain message ${this.id} is not what was stored`, undefined)
    return bytes
  }

  /** Durable when it resolves: only then may the root's bytes leave. */
  async #claim (reader: string): Promise<void> {
    await this.#log.commit({ event: 'claimed', ...this.#stamp(), reader })
    this.#renew()
    this.#deps.changed()
  }

  /** Progress need not be durable at once: what is lost of it only makes the end `unconfirmed`. */
  async #handedOver (cid: string, peer: string): Promise<void> {
    const block = this.#open?.tree.find(cid)
    if (block === undefined || this.record.end !== undefined || this.record.claim?.reader !== peer || hasAll(this.record)) return
    if (!this.record.sent.has(block.index)) this.#log.note({ event: 'sent', ...this.#stamp(), block: block.index })
    this.#renew()
    this.#deps.changed()
    await this.#log.flush()
  }

  #renew (): void { this.#dueMs = this.#deps.time.now() + (hasAll(this.record) ? PLAIN_GRACE_MS : PLAIN_LEASE_MS) }

  #stamp (): { clockMs: number, timeMs: number } { return this.#deps.time.mark() }

  async #hold (): Promise<void> {
    const untilMs = this.#deps.time.toClock(plainExpiryTimeMs(this.record))
    await this.#deps.waiting.hold(this.id, untilMs).catch((e: unknown) => { this.#deps.report(`the node may stop before plain message ${this.id} is over`, e) })
  }

  async #openAgain (): Promise<void> {
    try {
      const secret = await this.place.readSecret()
      const { created } = this.record
      const index = secret === undefined ? undefined : await this.place.index(plainSecret(secret), leafCount(created.sizeBytes))
      const tree = index === undefined ? undefined : plainTree(this.#deps.sha256, { ...index, name: created.name, sizeBytes: created.sizeBytes })
      if (secret === undefined || tree?.root.toString() !== created.root) this.#log.note({ event: 'expired', why: 'forgotten', ...this.#stamp() })
      else this.#open = { secret, tree }
    } catch (e) { // not the same as what is gone: it may be readable later
      this.#deps.report(`the blocks of plain message ${this.id}`, e)
    }
  }

  /** Ends what is over by now, and destroys the key then. Never throws: it is tried again. */
  async #settle (): Promise<void> {
    if (this.#cleared) {
      if (this.#log.owes) await this.#log.flush()
      return
    }
    const nowMs = this.#deps.time.now()
    if (this.record.end === undefined) {
      const record = this.record
      const expired = plainExpiryTimeMs(record) <= nowMs
      if (record.claim !== undefined && hasAll(record) && (expired || this.#dueMs <= nowMs)) this.#log.note({ event: 'read', ...this.#stamp() })
      else if (expired) this.#log.note({ event: 'expired', why: 'time', ...this.#stamp() })
      else if (this.#dueMs <= nowMs) this.#log.note({ event: 'over', ...this.#stamp() })
    }
    await this.#log.flush()
    if (this.record.end === undefined) return
    await this.#clear().catch((e: unknown) => { this.#deps.report(`the key of plain message ${this.id} is not destroyed yet`, e) })
  }

  async #clear (): Promise<void> {
    this.#open?.secret.fill(0)
    this.#open = undefined
    this.#dueMs = Infinity
    void this.#stopHost() // not waited for: it may be in the middle of asking us
    await this.place.destroySecret()
    await this.place.removePayload()
    this.#cleared = true
    await this.#deps.waiting.release(this.id).catch((e: unknown) => { this.#deps.report(`the lease of plain message ${this.id}`, e) })
  }

  async #stopHost (): Promise<void> {
    const host = this.#host
    this.#host = undefined
    try { await host?.[Symbol.asyncDispose]() } catch (e) { this.#deps.report(`the host of plain message ${this.id}`, e) }
  }
}

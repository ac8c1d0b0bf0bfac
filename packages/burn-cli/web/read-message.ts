/**
 * The reader's side of the conversation over HTTP, and what it holds in memory. It shows nothing and decides nothing: `read-flow.ts`
 * does. Spec: docs/protocols/burn.md, "Over HTTP" and "What the reader does".
 */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { encodeFrame } from '@ipkit/core/streams/frame'
import type { Clock } from '@ipkit/core/time/clock'
import type { BulkCrypto } from '../src/domain/bulk-crypto.ts'
import { join } from '../src/domain/bytes.ts'
import type { InboxAnswer } from '../src/domain/inbox-desk.ts'
import { passProofKey, stretchPassphrase, type Argon2id } from '../src/domain/keys.ts'
import { MAX_REQUEST_BYTES, MAX_WEB_BYTES, TRANSFER_MS } from '../src/domain/limits.ts'
import type { WebSecret } from '../src/domain/link.ts'
import type { MessageInfo } from '../src/domain/message-desk.ts'
import { decryptPayload } from '../src/domain/payload.ts'
import { decodePayloadHeader, type PayloadHeader } from '../src/domain/payload-header.ts'
import { HASH_BYTES, leafCount, leafSize, rootCid } from '../src/domain/payload-layout.ts'
import { payloadSize, type OpenedRecord } from '../src/domain/record.ts'
import { Refusal } from '../src/domain/refusal.ts'
import { ackRequest, claimRequest, hashRequests, openRequest, targetOf, type Target } from '../src/domain/requests.ts'
import { openSecret, readerPublicKey } from '../src/domain/sealed-key.ts'
import { WEB_READER } from '../src/domain/statement.ts'
import { altered } from '../src/domain/stream.ts'
import { AnswerReader, readInfo } from '../src/protocol.ts'
import { encodeRequest, type BurnRequest } from '../src/wire.ts'

/** One POST: frames up, frames down. */
export interface WebSender {
  /** @throws AppError SENDER_UNREACHABLE, also midway; SENDER_BUSY */
  exchange(body: Uint8Array): AsyncIterable<Uint8Array>
}

export interface WebReadDeps {
  readonly sender: WebSender
  readonly bulk: BulkCrypto
  readonly argon2id: Argon2id
  readonly clock: Clock
  /** Lets the page be painted between two leaves. */
  pause(): Promise<void>
}

export type OnBytes = (doneBytes: number, totalBytes: number) => void

/** The largest payload of a content that may have a web link; with it come a name and padding. */
const MAX_PAGE_BYTES = payloadSize(MAX_WEB_BYTES + 302, true)

/** One message on its way in. Every method may be called again after it failed, one at a time. */
export class WebRead {
  readonly id: Uint8Array
  readonly #deps: WebReadDeps
  readonly #L: Uint8Array
  readonly #target: Target
  #nonce: Uint8Array | null = null
  #layout: { readonly sizeBytes: number, readonly hashes: Uint8Array } | undefined
  /** Verified leaves, in order. */
  readonly #leaves: Uint8Array[] = []
  #fetchedBytes = 0

  constructor (deps: WebReadDeps, secret: WebSecret) {
    this.#deps = deps
    this.#L = secret.L
    this.#target = targetOf({ ...secret, addressed: false }, WEB_READER)
    this.id = this.#target.id
  }

  /** Arrived and verified. */
  get fetchedBytes (): number { return this.#fetchedBytes }

  /** @throws Refusal MESSAGE_UNKNOWN, AppError */
  async look (): Promise<MessageInfo> {
    return await this.#opened([], async (_answers, info) => info)
  }

  /**
   * Fetches the payload from the first missing leaf on, verifies all of it and checks its head. Uses nothing up.
   * @throws Refusal, AppError CONTENT_ALTERED, PAYLOAD_VERSION, MESSAGE_TOO_LARGE, SENDER_UNREACHABLE
   */
  async fetch (onProgress: OnBytes): Promise<void> {
    const { sizeBytes, hashes } = this.#layout ??= await this.#fetchLayout()
    const from = this.#leaves.length
    const count = leafCount(sizeBytes)
    const before = this.#fetchedBytes
    onProgress(before, sizeBytes)
    const onReceived = (bytes: number): void => { onProgress(Math.min(before + bytes, sizeBytes), sizeBytes) }
    if (from < count) {
      await this.#opened([{ type: 'leaves', from, count: count - from }], async answers => {
        for (let index = from; index < count; index++) {
          const leaf = await answers.leaf(index, leafSize(sizeBytes, index), hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES))
          this.#leaves.push(leaf)
          this.#fetchedBytes += leaf.length
          await this.#deps.pause()
        }
      }, onReceived)
    }
    if (this.#header().passphrase !== this.#target.passphrase) throw altered('link and content differ on whether there is a passphrase')
  }

  /** @returns what passphrase proof and content key are made from @throws AppError PASSPHRASE_INVALID */
  async stretch (passphrase: string): Promise<Uint8Array> {
    return await stretchPassphrase(this.#deps.argon2id, passphrase, this.#L, this.#header().salt)
  }

  /**
   * The one step that uses a read up. May be repeated with the same key within the lease.
   * @param privateKey kept before this is called @param stretched what `stretch` returned
   */
  async claim (privateKey: Uint8Array, stretched: Uint8Array | undefined): Promise<InboxAnswer> {
    return await this.#withNonce(async nonce => {
      const { request, statement } = claimRequest(this.#target, nonce, readerPublicKey(privateKey), stretched === undefined ? undefined : passProofKey(stretched))
      return await this.#exchange([{ type: 'hello', nonce }, request], async answers => {
        await answers.next('nonce')
        const { enc, sealed, at, until } = await answers.next('answer')
        return { statement, enc, sealed, claimedAtMs: at, leaseUntilMs: until }
      })
    })
  }

  /** @returns D @throws AppError ANSWER_ALTERED */
  async openAnswer (answer: InboxAnswer, privateKey: Uint8Array): Promise<Uint8Array> {
    return await openSecret(answer, privateKey, answer.statement)
  }

  /**
   * Lets go of every leaf once it was read, so it can be called again only after KEY_WRONG.
   * @throws AppError KEY_WRONG (or the passphrase is wrong), CONTENT_ALTERED
   */
  async decrypt (D: Uint8Array, stretched: Uint8Array | undefined, onProgress: OnBytes): Promise<OpenedRecord> {
    const secrets = { L: this.#L, D, ...(stretched === undefined ? {} : { stretched }) }
    return await decryptPayload(this.#deps.bulk, secrets, this.#payload(onProgress))
  }

  /** Tells the sender that the content is here to stay. @throws Refusal MESSAGE_UNKNOWN: it will never know */
  async acknowledge (answer: InboxAnswer, D: Uint8Array): Promise<void> {
    await this.#exchange([ackRequest(D, answer.statement)], async answers => { await answers.next('done') })
  }

  async * #payload (onProgress: OnBytes): AsyncGenerator<Uint8Array> {
    let doneBytes = 0
    for (let index = 0; index < this.#leaves.length; index++) {
      yield this.#leaves[index]!
      doneBytes += this.#leaves[index]!.length
      this.#leaves[index] = new Uint8Array(0)
      onProgress(doneBytes, this.#fetchedBytes)
      await this.#deps.pause()
    }
  }

  #header (): PayloadHeader { return decodePayloadHeader(this.#leaves[0]!) }

  async #fetchLayout (): Promise<{ sizeBytes: number, hashes: Uint8Array }> {
    const { sizeBytes } = await this.look()
    if (sizeBytes > MAX_PAGE_BYTES) throw new AppError('MESSAGE_TOO_LARGE', `the message has ${sizeBytes} bytes; a page can open ${MAX_PAGE_BYTES}`, { exit: 'refused' })
    const requests = [...hashRequests(sizeBytes)]
    const hashes = await this.#opened(requests, async answers => {
      const all = new Uint8Array(leafCount(sizeBytes) * HASH_BYTES)
      for (const { from, count } of requests) {
        const part = await answers.next('hash-list', TRANSFER_MS)
        if (part.from !== from || part.hashes.length !== count * HASH_BYTES) throw altered('other hashes came than were asked for')
        all.set(part.hashes, from * HASH_BYTES)
      }
      return all
    })
    if (!rootCid(this.#deps.bulk.sha256, sizeBytes, hashes).equals(this.#target.root)) throw altered('the sender\'s content is not what the link names')
    return { sizeBytes, hashes }
  }

  /** An exchange that proves the link first. */
  async #opened<T> (requests: readonly BurnRequest[], read: (answers: AnswerReader, info: MessageInfo) => Promise<T>, onReceived?: (bytes: number) => void): Promise<T> {
    return await this.#withNonce(async nonce =>
      await this.#exchange([{ type: 'hello', nonce }, openRequest(this.#target, nonce), ...requests], async answers => {
        await answers.next('nonce')
        return await read(answers, readInfo(await answers.next('info')))
      }, onReceived))
  }

  /** A nonce grows stale in time, or when the sender was started again: then a new one is asked for, once. */
  async #withNonce<T> (work: (nonce: Uint8Array) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      this.#nonce ??= await this.#exchange([{ type: 'hello', nonce: null }], async answers => (await answers.next('nonce')).nonce.slice())
      try {
        return await work(this.#nonce)
      } catch (e) {
        if (!(e instanceof Refusal) || e.reason !== 'stale' || tries > 0) throw e
        this.#nonce = null
      }
    }
  }

  /** @throws AppError SENDER_UNREACHABLE for every way in which a connection breaks */
  async #exchange<T> (requests: readonly BurnRequest[], read: (answers: AnswerReader) => Promise<T>, onReceived?: (bytes: number) => void): Promise<T> {
    const source = counted(this.#deps.sender.exchange(join(...requests.map(r => encodeFrame(encodeRequest(r), MAX_REQUEST_BYTES)))), onReceived)
    try {
      return await read(new AnswerReader({ clock: this.#deps.clock, sha256: this.#deps.bulk.sha256 }, source))
    } catch (e) {
      if (isAppError(e) && BROKEN.has(e.code)) throw new AppError('SENDER_UNREACHABLE', e.message, { exit: 'unreachable', cause: e })
      throw e
    } finally {
      void source.return(undefined)
    }
  }
}

const BROKEN = new Set(['PEER_HUNG_UP', 'TIMED_OUT', 'FRAME_TRUNCATED'])

async function * counted (source: AsyncIterable<Uint8Array>, onReceived?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    onReceived?.(bytes += chunk.length)
    yield chunk
  }
}

/**
 * The conversation over a channel, both sides: frames, order, and an end to every wait. What the sender says is in
 * domain/answer-request.ts, what the reader asks in domain/requests.ts. Spec: docs/protocols/burn.md, "Conversation".
 */
import type { CID } from 'multiformats/cid'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { answerRequest, refuse, type Answering, type Caller, type Progress } from './domain/answer-request.ts'
import type { InboxAnswer, InboxEntry } from './domain/inbox-desk.ts'
import { ANSWER_MS, CONVERSATION_MS, LEAF_BYTES, MAX_ANSWER_BYTES, MAX_REQUEST_BYTES, REQUEST_MS, TRANSFER_MS } from './domain/limits.ts'
import type { MessageInfo } from './domain/message-desk.ts'
import { decodePayloadHeader, PAYLOAD_HEADER_BYTES } from './domain/payload-header.ts'
import { HASH_BYTES, leafCount, leafSize, rootCid } from './domain/payload-layout.ts'
import { refusal } from './domain/refusal.ts'
import { ackRequest, claimRequest, hashRequests, openRequest, type Target } from './domain/requests.ts'
import { readerPublicKey } from './domain/sealed-key.ts'
import { altered } from './domain/stream.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type Answer, type BurnAnswer, type BurnRequest, type Request } from './wire.ts'

// --- sender ---------------------------------------------------------------------------------------------------------

export interface BurnServer extends Answering { readonly clock: Clock }

/**
 * Answers one conversation. Returns when it is over, also after an `error`; throws when the link failed, was too slow or was cut.
 * The caller then closes, or aborts, the channel.
 */
export async function serveBurn (server: BurnServer, caller: Caller, channel: ByteChannel, signal?: AbortSignal): Promise<void> {
  await withDeadline(server.clock, CONVERSATION_MS, 'the end of the conversation', converse(server, caller, channel, signal), signal)
}

async function converse (server: BurnServer, caller: Caller, channel: ByteChannel, signal?: AbortSignal): Promise<void> {
  const { clock } = server
  const frames = decodeFrames(channel.source, MAX_REQUEST_BYTES)
  const progress: Progress = {}
  const write = (bytes: Uint8Array): Promise<void> => withDeadline(clock, TRANSFER_MS, 'room for an answer', channel.write(bytes, signal), signal)
  for (;;) {
    let answers: AsyncIterable<BurnAnswer | Uint8Array>
    try {
      const next = await withDeadline(clock, REQUEST_MS, 'a request', frames.next(), signal)
      if (next.done === true) return
      answers = answerRequest(server, caller, progress, decodeRequest(next.value))
    } catch (e) {
      if (!isAppError(e) || (e.code !== 'BAD_MESSAGE' && e.code !== 'FRAME_TOO_LARGE')) throw e
      answers = refuse('bad-request')
    }
    for await (const item of answers) {
      if (item instanceof Uint8Array) { await write(frameHeader(item.length)); await write(item); continue }
      await write(encodeFrame(encodeAnswer(item), MAX_ANSWER_BYTES))
      if (item.type === 'error') { await channel.closeWrite(); return }
    }
  }
}

/** Of a leaf, so that a mebibyte need not be copied behind it. */
function frameHeader (sizeBytes: number): Uint8Array {
  const header = new Uint8Array(4)
  new DataView(header.buffer).setUint32(0, sizeBytes)
  return header
}

// --- reader ---------------------------------------------------------------------------------------------------------

export interface ReaderDeps {
  readonly clock: Clock
  readonly signal?: AbortSignal
  sha256(bytes: Uint8Array): Uint8Array
}

/** Reads a sender's answers. Every wait has an end. */
export class AnswerReader {
  readonly #deps: ReaderDeps
  readonly #frames: ReturnType<typeof decodeFrames>

  constructor (deps: ReaderDeps, source: AsyncIterable<Uint8Array>) {
    this.#deps = deps
    this.#frames = decodeFrames(source, MAX_ANSWER_BYTES)
  }

  /** @throws AppError of refusal.ts for an `error`; BAD_MESSAGE, PEER_HUNG_UP, TIMED_OUT, FRAME_* */
  async next<T extends BurnAnswer['type']> (type: T, waitMs = ANSWER_MS): Promise<Answer<T>> {
    const found = decodeAnswer(await this.#frame(waitMs))
    if (found.type === 'error') throw refusal(found.code, found.at)
    if (found.type !== type) throw outOfOrder(`a ${found.type} where ${type} was due`)
    return found as Answer<T>
  }

  /** @param hash SHA-256 that the leaf must have @throws as `next`, AppError CONTENT_ALTERED */
  async leaf (index: number, sizeBytes: number, hash: Uint8Array): Promise<Uint8Array> {
    const bytes = await this.uncheckedLeaf(index)
    this.checkLeaf(index, bytes, sizeBytes, hash)
    return bytes
  }

  /** As it came. @param room where it may be put @throws as `next` */
  async uncheckedLeaf (index: number, room?: Uint8Array): Promise<Uint8Array> {
    const found = await this.next('leaf', TRANSFER_MS)
    if (found.index !== index) throw outOfOrder(`leaf ${found.index} where ${index} was due`)
    return await this.#frame(TRANSFER_MS, room)
  }

  /** @throws AppError CONTENT_ALTERED */
  checkLeaf (index: number, bytes: Uint8Array, sizeBytes: number, hash: Uint8Array): void {
    const found = bytes.length === sizeBytes ? this.#deps.sha256(bytes) : undefined
    if (found === undefined || found.some((b, i) => b !== hash[i])) {
      throw new AppError('CONTENT_ALTERED', `piece ${index} of the content is not what the link names`, { exit: 'refused', hints: ['the sender is faulty or dishonest; nothing was used up'] })
    }
  }

  async #frame (waitMs: number, room?: Uint8Array): Promise<Uint8Array> {
    const next = await withDeadline(this.#deps.clock, waitMs, 'the sender\'s answer', this.#frames.next(room), this.#deps.signal)
    if (next.done === true) throw new AppError('PEER_HUNG_UP', 'the sender ended the conversation without an answer', { exit: 'unreachable', hints: ['try again: nothing is lost'] })
    return next.value
  }
}

const outOfOrder = (what: string): AppError => new AppError('BAD_MESSAGE', `the sender sent ${what}`, { exit: 'refused', hints: ['the peer may run a newer version; update and try again'] })

const send = (deps: ReaderDeps, channel: ByteChannel, request: BurnRequest): Promise<void> =>
  withDeadline(deps.clock, TRANSFER_MS, 'room for a request', channel.write(encodeFrame(encodeRequest(request), MAX_REQUEST_BYTES), deps.signal), deps.signal)

async function greet (deps: ReaderDeps, channel: ByteChannel, answers: AnswerReader): Promise<Uint8Array> {
  await send(deps, channel, { type: 'hello', nonce: null })
  return (await answers.next('nonce')).nonce
}

export interface FetchOptions {
  /** A key of ours may be counted already: then a message that is taken is still worth fetching. */
  readonly claimedBefore: boolean
  onProgress?(doneBytes: number, totalBytes: number): void
}

/**
 * Brings the payload into the inbox, from the first missing leaf on, all of it verified against the root CID of the link. Uses nothing up.
 * @throws AppError of refusal.ts, CONTENT_ALTERED, PAYLOAD_VERSION, BAD_MESSAGE, PEER_HUNG_UP, TIMED_OUT; what the inbox throws (DISK_FULL)
 */
export async function fetchPayload (deps: ReaderDeps, channel: ByteChannel, target: Target, entry: InboxEntry, options: FetchOptions): Promise<MessageInfo> {
  const answers = new AnswerReader(deps, channel.source)
  await send(deps, channel, openRequest(target, await greet(deps, channel, answers)))
  const info = readInfo(await answers.next('info'))
  requireClaimable(info, options.claimedBefore)
  const { sizeBytes, hashes } = entry.layout ?? await fetchLayout(deps, channel, answers, target, entry, info.sizeBytes)
  if (info.sizeBytes !== sizeBytes) throw altered(`the sender says ${info.sizeBytes} bytes where the link's content has ${sizeBytes}`)
  const from = entry.storedLeaves
  const count = leafCount(sizeBytes)
  if (from < count) await send(deps, channel, { type: 'leaves', from, count: count - from })
  let doneBytes = Math.min(from * leafSize(sizeBytes, 0), sizeBytes)
  let storing: Promise<void> = Promise.resolve()
  const store = async (index: number, bytes: Uint8Array): Promise<void> => {
    answers.checkLeaf(index, bytes, leafSize(sizeBytes, index), hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES))
    await entry.storeLeaf(index, bytes)
    options.onProgress?.(doneBytes += bytes.length, sizeBytes)
  }
  const rooms = [new Uint8Array(LEAF_BYTES), new Uint8Array(LEAF_BYTES)] as const
  try {
    for (let index = from; index < count; index++) {
      const bytes = await answers.uncheckedLeaf(index, rooms[index % 2]) // the leaf that stood there was stored before the last one came in
      await storing // one is checked and stored while the next one comes in
      storing = store(index, bytes)
      storing.catch(() => {}) // seen above, or below
    }
    await storing
  } finally {
    await storing.catch(() => {}) // also when the link was cut: what came whole is kept
  }
  await entry.finishPayload()
  const header = decodePayloadHeader(await entry.readPayload(0, Math.min(PAYLOAD_HEADER_BYTES, sizeBytes)))
  if (header.passphrase !== target.passphrase) throw altered('link and content differ on whether there is a passphrase')
  return info
}

async function fetchLayout (deps: ReaderDeps, channel: ByteChannel, answers: AnswerReader, target: Target, entry: InboxEntry, sizeBytes: number): Promise<{ sizeBytes: number, hashes: Uint8Array }> {
  const hashes = new Uint8Array(leafCount(sizeBytes) * HASH_BYTES)
  for (const request of hashRequests(sizeBytes)) {
    await send(deps, channel, request)
    const part = await answers.next('hash-list', TRANSFER_MS)
    if (part.from !== request.from || part.hashes.length !== request.count * HASH_BYTES) throw outOfOrder('other hashes than were asked for')
    hashes.set(part.hashes, request.from * HASH_BYTES)
  }
  if (!rootCid(deps.sha256, sizeBytes, hashes).equals(target.root)) throw altered('the sender\'s content is not what the link names')
  await entry.acceptLayout(sizeBytes, hashes)
  return { sizeBytes, hashes }
}

export function readInfo (info: Answer<'info'>): MessageInfo {
  return {
    state: info.state, sizeBytes: info.size, expiresAtMs: info.expires, passphrase: info.passphrase, strict: info.strict, reads: info.reads,
    readsLeft: info.left, claimedAtMs: info.claims, endedAtMs: info.ended, lockedUntilMs: info.locked,
  }
}

/** @throws AppError of refusal.ts when no claim can succeed */
export function requireClaimable (info: MessageInfo, claimedBefore: boolean): void {
  const lastClaim = info.claimedAtMs.at(-1) ?? null
  if (info.state === 'unread' || info.state === 'claimed') {
    if (info.readsLeft === 0 && !claimedBefore) throw refusal('claimed', lastClaim)
  } else {
    throw refusal(info.state, info.state === 'unconfirmed' ? lastClaim ?? info.endedAtMs : info.endedAtMs)
  }
}

/**
 * The one step that uses a read up. May be repeated with the same key within the lease.
 * @param privateKey durable before this is called @param passKey passProofKey of the stretched passphrase, when there is one
 * @returns what belongs into the inbox before it is opened
 * @throws as `fetchPayload`
 */
export async function claimAnswer (deps: ReaderDeps, channel: ByteChannel, target: Target, privateKey: Uint8Array, passKey: Uint8Array | undefined): Promise<InboxAnswer> {
  const answers = new AnswerReader(deps, channel.source)
  const { request, statement } = claimRequest(target, await greet(deps, channel, answers), readerPublicKey(privateKey), passKey)
  await send(deps, channel, request)
  const { enc, sealed, at, until } = await answers.next('answer')
  return { statement, enc, sealed, claimedAtMs: at, leaseUntilMs: until }
}

/** Tells the sender that the content is safe here. Call it again until it resolves or throws MESSAGE_UNKNOWN. */
export async function confirmRead (deps: ReaderDeps, channel: ByteChannel, D: Uint8Array, statement: Uint8Array): Promise<void> {
  await sendAck(deps, channel, ackRequest(D, statement))
}

/** The same with a proof that was made before, when D is gone. */
export async function sendAck (deps: ReaderDeps, channel: ByteChannel, request: Request<'ack'>): Promise<void> {
  await send(deps, channel, request)
  await new AnswerReader(deps, channel.source).next('done')
}

/** Whether this node holds the message with this root. */
export async function askHolds (deps: ReaderDeps, channel: ByteChannel, root: CID): Promise<boolean> {
  await send(deps, channel, { type: 'has', cid: root })
  return (await new AnswerReader(deps, channel.source).next('holding')).has
}

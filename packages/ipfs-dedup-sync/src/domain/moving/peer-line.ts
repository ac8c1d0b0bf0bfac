import { AppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { decodeAnswer, encodeRequest, type Answer, type ErrorCode, type Form, type SyncAnswer, type SyncRequest } from '../../wire.ts'
import { ANSWER_MS, MAX_BODY_BYTES, MAX_HEAD_BYTES, TRANSFER_MS } from '../wire-limits.ts'
import { badMessage } from './compact-bytes.ts'
import type { Squeeze } from './squeeze.ts'

export interface LineDeps { readonly clock: Clock, readonly squeeze: Squeeze, readonly signal: AbortSignal }

/** The asking side of a stream. Requests may be sent ahead; answers are read in their order. Every wait has an end. */
export class PeerLine implements AsyncDisposable {
  readonly peer: string
  readonly #deps: LineDeps
  readonly #channel: ByteChannel
  readonly #frames: ReturnType<typeof decodeFrames>

  constructor (deps: LineDeps, channel: ByteChannel) {
    this.peer = channel.remotePeer
    this.#deps = deps
    this.#channel = channel
    this.#frames = decodeFrames(channel.source, MAX_BODY_BYTES)
  }

  async send (request: SyncRequest): Promise<void> {
    const { clock, signal } = this.#deps
    await withDeadline(clock, TRANSFER_MS, 'room for a request', this.#channel.write(encodeFrame(encodeRequest(request), MAX_HEAD_BYTES), signal), signal)
  }

  /** @throws AppError NOT_HERE, PEER_BUSY, PEER_FAILED, NOT_WANTED as the peer says; BAD_MESSAGE, PEER_HUNG_UP, TIMED_OUT, FRAME_* */
  async next<T extends SyncAnswer['type']> (...types: readonly T[]): Promise<Answer<T>> {
    const answer = decodeAnswer(await this.#frame(ANSWER_MS))
    if (answer.type === 'error') throw refusal(answer.code)
    if (!(types as readonly string[]).includes(answer.type)) throw badMessage(`a ${answer.type} where ${types.join(' or ')} was due`)
    return answer as Answer<T>
  }

  /** What follows an answer that has a form. */
  async body ({ form, sizeBytes }: { readonly form: Form, readonly sizeBytes: number }): Promise<Uint8Array> {
    const bytes = await this.#frame(TRANSFER_MS)
    if (form === 'deflate') return await this.#deps.squeeze.inflate(bytes, sizeBytes)
    if (bytes.length !== sizeBytes) throw badMessage(`a body of ${bytes.length} bytes where ${sizeBytes} were said`)
    return bytes
  }

  abort (reason: Error): void { this.#channel.abort(reason) }

  async [Symbol.asyncDispose] (): Promise<void> { await this.#channel[Symbol.asyncDispose]() }

  async #frame (waitMs: number): Promise<Uint8Array> {
    const { clock, signal } = this.#deps
    const next = await withDeadline(clock, waitMs, 'the peer\'s answer', this.#frames.next(), signal)
    if (next.done === true) throw new AppError('PEER_HUNG_UP', 'the peer ended the conversation without an answer', { exit: 'unreachable', hints: ['try again: what has come is kept'] })
    return next.value
  }
}

function refusal (code: ErrorCode): AppError {
  switch (code) {
    case 'not-here': return new AppError('NOT_HERE', 'the peer does not give it: it does not have it, or not for this node', { exit: 'notFound', hints: ['ask who runs that peer to serve it, and to allow this node: ipfs-dedup-sync allow <peer>'] })
    case 'busy': return new AppError('PEER_BUSY', 'the peer has too much to do', { exit: 'busy', hints: ['try again later'] })
    case 'not-wanted': return new AppError('NOT_WANTED', 'the peer does not take it', { exit: 'refused', hints: ['whoever runs that peer can allow this node to push: ipfs-dedup-sync allow <peer>'] })
    case 'failed': return new AppError('PEER_FAILED', 'the peer could not read it', { exit: 'unreachable', hints: ['it may be damaged there: ipfs-dedup-sync verify'] })
    case 'bad-request': return new AppError('PEER_FAILED', 'the peer does not understand the question', { exit: 'unreachable', hints: ['it may run an older version'] })
  }
}

/** The conversation over a channel: what the answering side does, and the short questions of the asking side. Spec: docs/protocols/dedup-sync.md. */
import { isAppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { answerRequest, type Answering, type Said } from './domain/moving/answer-request.ts'
import type { Offer } from './domain/moving/serving.ts'
import { PeerLine, type LineDeps } from './domain/moving/peer-line.ts'
import { MAX_BODY_BYTES, MAX_HEAD_BYTES, REQUEST_MS, TRANSFER_MS } from './domain/wire-limits.ts'
import { decodeRequest, encodeAnswer, type Answer } from './wire.ts'

/** Answers one stream. Returns when it is over, also after an `error`; throws when the link failed, was too slow or was cut. The caller then closes, or aborts, the channel. */
export async function answerPeer (deps: Answering & { readonly clock: Clock }, channel: ByteChannel, signal: AbortSignal): Promise<void> {
  const { clock } = deps
  const frames = decodeFrames(channel.source, MAX_HEAD_BYTES)
  const write = (bytes: Uint8Array): Promise<void> => withDeadline(clock, TRANSFER_MS, 'room for an answer', channel.write(bytes, signal), signal)
  for (;;) {
    let answers: AsyncIterable<Said>
    try {
      const next = await withDeadline(clock, REQUEST_MS, 'a request', frames.next(), signal)
      if (next.done === true) return
      answers = answerRequest(deps, channel.remotePeer, decodeRequest(next.value), signal)
    } catch (e) {
      if (!isAppError(e) || (e.code !== 'BAD_MESSAGE' && e.code !== 'FRAME_TOO_LARGE')) throw e
      answers = one({ type: 'error', code: 'bad-request' })
    }
    for await (const { body, ...said } of answers) {
      await write(withBodyLength(said.answer, body))
      if (body !== undefined) await write(body)
      if (said.answer.type === 'error') { await channel.closeWrite(); return }
    }
  }
}

async function * one (answer: Answer<'error'>): AsyncGenerator<Said> { yield { answer } }

/** The frame, and the length of the one behind it, so that a long body need not be copied. */
function withBodyLength (answer: Said['answer'], body: Uint8Array | undefined): Uint8Array {
  const frame = encodeFrame(encodeAnswer(answer), MAX_HEAD_BYTES)
  if (body === undefined) return frame
  if (body.length > MAX_BODY_BYTES) throw new RangeError(`a body of ${body.length} bytes`)
  const both = new Uint8Array(frame.length + 4)
  both.set(frame)
  new DataView(both.buffer).setUint32(frame.length, body.length)
  return both
}

/** @returns undefined: this peer tells nothing of the name @throws as PeerLine.next */
export async function askHead (deps: LineDeps, channel: ByteChannel, name: string, range: { readonly from: string | null, readonly until: string | null }): Promise<{ readonly record: Uint8Array, readonly commits: readonly Uint8Array[] } | undefined> {
  await using line = new PeerLine(deps, channel)
  await line.send({ type: 'head', name, ...range })
  try {
    const { record, commits } = await line.next('head')
    return { record, commits }
  } catch (e) {
    if (isAppError(e) && e.code === 'NOT_HERE') return undefined
    throw e
  }
}

/**
 * Offers a root to a peer, who fetches it from this node over streams of its own: whoever answers here must let it.
 * @throws AppError NOT_WANTED; as PeerLine.next
 */
export async function offerRoot (deps: LineDeps & { onProgress(doneBytes: number, totalBytes: number): void }, channel: ByteChannel, offer: Offer): Promise<Answer<'taken'>> {
  await using line = new PeerLine(deps, channel)
  await line.send({ type: 'offer', ...offer })
  for (;;) {
    const answer = await line.next('progress', 'taken')
    if (answer.type === 'taken') return answer
    deps.onProgress(answer.doneBytes, answer.totalBytes)
  }
}

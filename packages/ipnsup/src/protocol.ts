/**
 * The conversation over a channel, both sides: one request, one answer, and an end to every wait. Spec: docs/protocols/ipnsup.md, "Conversation". What is
 * handed over is judged by the desk of the other side, and what is answered by whoever asked: nothing is verified here.
 */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import type { RecordDesk } from './domain/exchange.ts'
import { peerRefusal, refusalFor } from './domain/peer-refusal.ts'
import { ANSWER_MS, CONVERSATION_MS, MAX_MESSAGE_BYTES, REQUEST_MS } from './domain/wire-limits.ts'
import { badMessage, decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, type ExchangeAnswer, type ExchangeRequest } from './wire.ts'

// --- who is asked ---------------------------------------------------------------------------------------------------

export interface RecordServer {
  readonly desk: RecordDesk
  readonly clock: Clock
  /** Told what the desk threw that is not the peer's doing: the peer learns `unavailable`. */
  report(error: unknown): void
}

/** Answers one conversation. Throws when the link failed, was too slow or was cut; the caller then closes, or aborts, the channel. */
export async function serveRecords (server: RecordServer, channel: ByteChannel, signal?: AbortSignal): Promise<void> {
  await withDeadline(server.clock, CONVERSATION_MS, 'the end of the conversation', converse(server, channel, signal), signal)
}

async function converse (server: RecordServer, channel: ByteChannel, signal?: AbortSignal): Promise<void> {
  const frames = decodeFrames(channel.source, MAX_MESSAGE_BYTES)
  let answer: ExchangeAnswer
  try {
    const next = await withDeadline(server.clock, REQUEST_MS, 'a request', frames.next(), signal)
    if (next.done === true) return
    answer = await answerRequest(server, decodeRequest(next.value), channel.remotePeer)
  } catch (e) {
    if (!isAppError(e) || (e.code !== 'BAD_MESSAGE' && e.code !== 'FRAME_TOO_LARGE')) throw e
    answer = { type: 'error', code: 'bad-request' }
  }
  await channel.write(encodeFrame(encodeAnswer(answer), MAX_MESSAGE_BYTES), signal)
  await channel.closeWrite()
}

async function answerRequest ({ desk, report }: RecordServer, request: ExchangeRequest, peer: string): Promise<ExchangeAnswer> {
  try {
    if (request.type === 'hand') return { type: await desk.offer(request.name, request.record, peer) }
    const record = await desk.lookup(request.name)
    return record === undefined ? { type: 'none' } : { type: 'record', record }
  } catch (e) {
    const code = refusalFor(e)
    if (code === undefined) report(e)
    return { type: 'error', code: code ?? 'unavailable' }
  }
}

// --- who asks -------------------------------------------------------------------------------------------------------

export interface AskDeps {
  readonly clock: Clock
  readonly signal?: AbortSignal
}

/** @returns bytes as they came, not verified; undefined: the peer has none @throws AppError of peer-refusal.ts, BAD_MESSAGE, PEER_HUNG_UP, TIMED_OUT, FRAME_* */
export async function askRecord (deps: AskDeps, channel: ByteChannel, name: IpnsName): Promise<Uint8Array | undefined> {
  const answer = await talk(deps, channel, { type: 'ask', name })
  if (answer.type === 'record') return answer.record
  if (answer.type !== 'none') throw outOfPlace(answer, 'a record')
  return undefined
}

/** @returns what the peer did with it: it holds there now, or one that is as good or better was known @throws as `askRecord` */
export async function handRecord (deps: AskDeps, channel: ByteChannel, name: IpnsName, record: Uint8Array): Promise<'kept' | 'known'> {
  const { type } = await talk(deps, channel, { type: 'hand', name, record })
  if (type !== 'kept' && type !== 'known') throw outOfPlace({ type }, 'kept or known')
  return type
}

async function talk ({ clock, signal }: AskDeps, channel: ByteChannel, request: ExchangeRequest): Promise<ExchangeAnswer> {
  const step = async <T>(ms: number, what: string, work: Promise<T>): Promise<T> => await withDeadline(clock, ms, what, work, signal)
  await step(REQUEST_MS, 'room for a request', channel.write(encodeFrame(encodeRequest(request), MAX_MESSAGE_BYTES), signal))
  const next = await step(ANSWER_MS, "the peer's answer", decodeFrames(channel.source, MAX_MESSAGE_BYTES).next())
  if (next.done === true) throw new AppError('PEER_HUNG_UP', 'the peer ended the conversation without an answer', { exit: 'unreachable', hints: ['try again later'] })
  const answer = decodeAnswer(next.value)
  if (answer.type === 'error') throw peerRefusal(answer.code)
  return answer
}

const outOfPlace = ({ type }: { readonly type: string }, due: string): AppError => badMessage(`${type} where ${due} was due`)

import '../time/polyfill.ts'
import { createHash } from 'node:crypto'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { AppError } from '../errors/app-error.ts'
import { decodeVarintFrames } from '../streams/varint-frame.ts'
import { BITSWAP_PROTOCOL, decodeBitswap, encodeBitswap, type BitswapMessage, type BlockPayload } from './bitswap-wire.ts'
import { cidPrefix } from './bitswap-responder.ts'
import { libp2pChannel } from './libp2p-channel.ts'
import { BITSWAP_IDLE_MS, MAX_BITSWAP_MESSAGE_BYTES, MAX_BITSWAP_STREAMS_PER_PEER } from './limits.ts'
import { peerError } from './peer-error.ts'
import { encodeVarint } from './protobuf-fields.ts'

const SHA2_256 = 0x12

/**
 * Asks the peer of `connection` whether it has a block, and nobody else. `node` must not handle bitswap itself.
 * @throws AppError PEER_NO_PROTOCOL, PEER_REFUSED, PEER_SILENT, PEER_HUNG_UP; CID parse errors are the caller's bug
 */
export async function askHave (node: Libp2p, connection: Connection, cidText: string, signal?: AbortSignal): Promise<boolean> {
  const cid = CID.parse(cidText)
  return await ask(node, connection, cid, 'have', message => presenceIn(message, cid), signal)
}

/** As `askHave`, for the block itself. @returns its bytes, checked against the CID (SHA-256 only); undefined: the peer does not give it */
export async function askBlock (node: Libp2p, connection: Connection, cidText: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const cid = CID.parse(cidText)
  if (cid.multihash.code !== SHA2_256) throw new RangeError('only blocks by SHA-256 can be checked')
  const { data } = await ask(node, connection, cid, 'block', message => {
    const block = message.blocks.find(candidate => isBlockOf(candidate, cid))
    if (block !== undefined) return { data: Uint8Array.from(block.data) }
    return message.presences.some(p => !p.has && sameBytes(p.cid, cid.bytes)) ? { data: undefined } : undefined
  }, signal)
  return data
}

/** @param answerIn what a message says to the question; undefined: nothing */
async function ask<T> (node: Libp2p, connection: Connection, cid: CID, kind: 'have' | 'block', answerIn: (message: BitswapMessage) => T | undefined, signal?: AbortSignal): Promise<T> {
  const timeout = AbortSignal.timeout(BITSWAP_IDLE_MS)
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const answer = Promise.withResolvers<T>()
  answer.promise.catch(() => {}) // awaited below, or an earlier error wins
  const onAbort = (): void => {
    answer.reject(signal?.aborted === true ? signal.reason as Error : new AppError('PEER_SILENT', `the peer gave no answer within ${BITSWAP_IDLE_MS / 1000} seconds`, { exit: 'timedOut' }))
  }
  const onClose = (): void => { answer.reject(new AppError('PEER_HUNG_UP', 'the connection to the peer broke off', { exit: 'unreachable' })) }
  either.addEventListener('abort', onAbort)
  connection.addEventListener('close', onClose)
  await node.handle(BITSWAP_PROTOCOL, (stream: Stream, from: Connection) => {
    if (from.remotePeer.equals(connection.remotePeer)) void readAnswers(stream, answerIn, answer.resolve)
    else stream.abort(new AppError('NOT_ASKED', 'not asked'))
  }, { maxInboundStreams: MAX_BITSWAP_STREAMS_PER_PEER })
  try {
    either.throwIfAborted()
    const stream = await connection.newStream(BITSWAP_PROTOCOL, { signal: either }).catch((e: unknown) => { throw peerError(e, BITSWAP_PROTOCOL, signal, connection) })
    const channel = libp2pChannel(stream, connection.remotePeer.toString())
    // The cancel comes first: a peer that was asked before would not answer the same question again.
    for (const cancel of [true, false]) {
      const message = encodeBitswap({ wants: [{ cid: cid.bytes, kind, cancel, sendDontHave: !cancel }] })
      await channel.write(encodeVarint(message.length), either)
      await channel.write(message, either)
    }
    await channel[Symbol.asyncDispose]()
    return await answer.promise
  } finally {
    either.removeEventListener('abort', onAbort)
    connection.removeEventListener('close', onClose)
    await node.unhandle(BITSWAP_PROTOCOL)
  }
}

/** A broken stream is not an answer; the question's own timeout ends the wait. */
async function readAnswers<T> (stream: Stream, answerIn: (message: BitswapMessage) => T | undefined, resolve: (answer: T) => void): Promise<void> {
  const channel = libp2pChannel(stream, '')
  try {
    for await (const bytes of decodeVarintFrames(channel.source, MAX_BITSWAP_MESSAGE_BYTES)) {
      const answer = answerIn(decodeBitswap(bytes))
      if (answer !== undefined) resolve(answer)
    }
    await channel[Symbol.asyncDispose]()
  } catch {
    channel.abort(new AppError('BITSWAP_FAILED', 'bitswap failed'))
  }
}

function presenceIn (message: BitswapMessage, cid: CID): boolean | undefined {
  const presence = message.presences.find(p => sameBytes(p.cid, cid.bytes))
  if (presence !== undefined) return presence.has
  return message.blocks.some(block => isBlockOf(block, cid)) ? true : undefined // Kubo answers HAVE with the block when it is small
}

function isBlockOf (block: BlockPayload, cid: CID): boolean {
  if (!sameBytes(block.prefix, cidPrefix(cid))) return false
  return cid.multihash.code !== SHA2_256 || sameBytes(createHash('sha256').update(block.data).digest(), cid.multihash.digest)
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

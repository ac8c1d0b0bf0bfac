/** `/libp2p/fetch/0.0.1`, both sides: one key, one answer, one stream. libp2p's own package would not tell who asks, and sends peers the text of our errors. */
import type { Libp2p } from '@libp2p/interface'
import type { ProtocolLimits, ServiceLog } from '../daemon/service.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { concatBytes } from '../streams/concat-bytes.ts'
import { decodeVarintFrames } from '../streams/varint-frame.ts'
import type { ByteChannel } from './byte-channel.ts'
import { decodeFetchRequest, decodeFetchResponse, encodeFetchRequest, encodeFetchResponse, FETCH_PROTOCOL, MAX_FETCH_REQUEST_BYTES, MAX_FETCH_RESPONSE_BYTES, type FetchResponse } from './fetch-wire.ts'
import { FETCH_IDLE_MS, MAX_FETCH_KEY_BYTES, MAX_FETCH_STREAMS, MAX_FETCH_STREAMS_PER_PEER, MAX_FETCH_VALUE_BYTES } from './limits.ts'
import { openChannel } from './open-channel.ts'
import { encodeVarint } from './protobuf-fields.ts'

export const FETCH_LIMITS: ProtocolLimits = { maxStreams: MAX_FETCH_STREAMS, maxStreamsPerPeer: MAX_FETCH_STREAMS_PER_PEER }

export type FetchLookup = (key: Uint8Array, peer: string) => Promise<Uint8Array | undefined>

/** Who answers which keys. */
export class FetchDesk {
  readonly #lookups = new Map<string, { readonly prefix: Uint8Array, readonly lookup: FetchLookup }>()
  readonly #log: ServiceLog

  constructor (log: ServiceLog) { this.#log = log }

  /** @returns takes it back @throws AppError FETCH_PREFIX_TAKEN, also for one that begins another */
  answer (prefix: string, lookup: FetchLookup): () => void {
    const taken = [...this.#lookups.keys()].find(other => other.startsWith(prefix) || prefix.startsWith(other))
    if (taken !== undefined) throw new AppError('FETCH_PREFIX_TAKEN', `keys that begin with '${taken}' are answered already`, { exit: 'refused' })
    this.#lookups.set(prefix, { prefix: new TextEncoder().encode(prefix), lookup })
    return () => { if (this.#lookups.get(prefix)?.lookup === lookup) this.#lookups.delete(prefix) }
  }

  /** A peer's question. Keys that nobody answers are not found. */
  async serve (channel: ByteChannel, signal: AbortSignal): Promise<void> {
    await inTime(channel, signal, async either => {
      const key = decodeFetchRequest(await readFrame(channel, MAX_FETCH_REQUEST_BYTES))
      await writeFrame(channel, encodeFetchResponse(await this.#lookUp(key, channel.remotePeer)), either)
    })
  }

  async #lookUp (key: Uint8Array, peer: string): Promise<FetchResponse> {
    const desk = [...this.#lookups.values()].find(({ prefix }) => Buffer.compare(prefix, key.subarray(0, prefix.length)) === 0)
    try {
      const value = await desk?.lookup(Uint8Array.from(key), peer)
      if (value !== undefined && value.length > MAX_FETCH_VALUE_BYTES) throw new RangeError(`a value of ${value.length} bytes; the limit is ${MAX_FETCH_VALUE_BYTES}`)
      return value === undefined ? { status: 'not-found' } : { status: 'found', value }
    } catch (e) {
      this.#log.warn('a key could not be looked up', { peer, ...isAppError(e) ? { code: e.code } : { error: e instanceof Error ? e.stack : String(e) } })
      return { status: 'failed' }
    }
  }
}

/**
 * @param peer as for `openChannel` @param key 1 to 1024 bytes
 * @returns undefined: the peer has nothing under this key
 * @throws AppError PEER_UNREACHABLE, PEER_NO_PROTOCOL, PEER_REFUSED (it could not look), PEER_SILENT, PEER_HUNG_UP, FETCH_INVALID, FRAME_TOO_LARGE
 */
export async function askFetch (node: Libp2p, peer: readonly string[], key: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  if (key.length === 0 || key.length > MAX_FETCH_KEY_BYTES) throw new RangeError(`a key has 1 to ${MAX_FETCH_KEY_BYTES} bytes, not ${key.length}`)
  const channel = await openChannel(node, peer, FETCH_PROTOCOL, signal)
  try {
    const response = await inTime(channel, signal, async either => {
      await writeFrame(channel, encodeFetchRequest(key), either)
      await channel.closeWrite()
      return decodeFetchResponse(await readFrame(channel, MAX_FETCH_RESPONSE_BYTES))
    })
    await channel[Symbol.asyncDispose]()
    if (response.status === 'failed') throw new AppError('PEER_REFUSED', 'the peer could not look the key up', { exit: 'unreachable', hints: ['try again later'] })
    return response.status === 'found' ? Uint8Array.from(response.value) : undefined
  } catch (e) {
    channel.abort(new AppError('FETCH_FAILED', 'the question failed'))
    throw e
  }
}

/** Breaks the channel off when the time or the caller's patience is over, and says which of them it was. */
async function inTime<T> (channel: ByteChannel, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = AbortSignal.timeout(FETCH_IDLE_MS)
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const onAbort = (): void => {
    channel.abort(signal?.aborted === true ? signal.reason as Error : new AppError('PEER_SILENT', `the peer gave no answer within ${FETCH_IDLE_MS / 1000} seconds`, { exit: 'timedOut' }))
  }
  either.addEventListener('abort', onAbort)
  try {
    if (either.aborted) onAbort()
    return await work(either)
  } finally {
    either.removeEventListener('abort', onAbort)
  }
}

async function readFrame (channel: ByteChannel, maxBytes: number): Promise<Uint8Array> {
  for await (const frame of decodeVarintFrames(channel.source, maxBytes)) return frame
  throw new AppError('PEER_HUNG_UP', 'the peer ended the stream without a message', { exit: 'unreachable' })
}

async function writeFrame (channel: ByteChannel, message: Uint8Array, signal: AbortSignal): Promise<void> {
  await channel.write(concatBytes(encodeVarint(message.length), message), signal)
}

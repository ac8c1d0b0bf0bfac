/**
 * A small bitswap server whose every block goes through a gate: who gets what is the caller's rule. It never asks for blocks and keeps
 * no wantlists: each want is answered once, when it comes.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import type { BitswapGate, ServiceLog } from '../daemon/service.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { decodeVarintFrames } from '../streams/varint-frame.ts'
import { addressGroupIn } from './address-group.ts'
import { BITSWAP_PROTOCOL, decodeBitswap, encodeBitswap, type BitswapMessage, type Want } from './bitswap-wire.ts'
import { libp2pChannel } from './libp2p-channel.ts'
import { BITSWAP_IDLE_MS, MAX_BITSWAP_PENDING_WANTS, MAX_BITSWAP_STREAMS, MAX_BITSWAP_STREAMS_PER_PEER, MAX_STREAMS_PER_ADDRESS, MAX_WANTLIST_BYTES } from './limits.ts'
import { OpenCount } from './open-count.ts'
import { encodeVarint } from './protobuf-fields.ts'

/** @param signal ends it: answers under way are broken off */
export async function serveBitswap (node: Libp2p, gate: BitswapGate, signal: AbortSignal, log: ServiceLog): Promise<void> {
  const peers = new Map<string, PeerAnswers>()
  const open = new OpenCount() // streams, by address
  await node.handle(BITSWAP_PROTOCOL, (stream: Stream, connection: Connection) => {
    const key = connection.remotePeer.toString()
    const address = addressGroupIn(connection.remoteAddr.toString())
    if (open.all >= MAX_BITSWAP_STREAMS || open.of(address) >= MAX_STREAMS_PER_ADDRESS) {
      log.warn('too many streams', { protocol: BITSWAP_PROTOCOL, peer: key, open: open.all, ofAddress: open.of(address) })
      stream.abort(new AppError('TOO_MANY_STREAMS', 'too many streams'))
      return
    }
    open.add(address)
    const answers = peers.get(key) ?? new PeerAnswers(key, gate, signal, log)
    peers.set(key, answers)
    void answers.serve(stream, connection).finally(() => {
      open.remove(address)
      if (answers.idle) peers.delete(key)
    })
  }, { maxInboundStreams: MAX_BITSWAP_STREAMS_PER_PEER })
}

/** What one peer wants, answered one want at a time and in order. */
class PeerAnswers {
  readonly #peer: string
  readonly #gate: BitswapGate
  readonly #signal: AbortSignal
  readonly #log: ServiceLog
  #streams = 0
  #pending = 0
  #last: Promise<void> = Promise.resolve()

  constructor (peer: string, gate: BitswapGate, signal: AbortSignal, log: ServiceLog) {
    this.#peer = peer
    this.#gate = gate
    this.#signal = signal
    this.#log = log
  }

  get idle (): boolean { return this.#streams === 0 && this.#pending === 0 }

  async serve (stream: Stream, connection: Connection): Promise<void> {
    const channel = libp2pChannel(stream, this.#peer)
    this.#streams++
    try {
      if (this.#streams > MAX_BITSWAP_STREAMS_PER_PEER) throw new AppError('TOO_MANY_STREAMS', 'too many streams')
      for await (const bytes of decodeVarintFrames(channel.source, MAX_WANTLIST_BYTES)) {
        const wants = decodeBitswap(bytes).wants.filter(want => !want.cancel)
        if (this.#pending + wants.length > MAX_BITSWAP_PENDING_WANTS) throw new AppError('TOO_MANY_WANTS', `more than ${MAX_BITSWAP_PENDING_WANTS} wants wait`)
        this.#pending += wants.length
        const before = this.#last
        this.#last = before.then(async () => { await this.#answer(wants, connection) })
        await this.#last // reads on when these are answered: the peer's own pace is its backpressure
      }
      await channel[Symbol.asyncDispose]()
    } catch (e) {
      this.#log.warn('bitswap with a peer was broken off', { peer: this.#peer, ...isAppError(e) ? { code: e.code } : { error: String(e) } })
      channel.abort(new AppError('BITSWAP_FAILED', 'bitswap failed'))
    } finally {
      this.#streams--
    }
  }

  async #answer (wants: readonly Want[], connection: Connection): Promise<void> {
    for (const want of wants) {
      this.#pending--
      if (this.#signal.aborted || connection.status !== 'open') continue
      try {
        await this.#answerOne(want, connection)
      } catch (e) {
        this.#log.warn('a block could not be sent', { peer: this.#peer, ...isAppError(e) ? { code: e.code } : { error: String(e) } })
      }
    }
  }

  async #answerOne (want: Want, connection: Connection): Promise<void> {
    const cid = decodeCid(want.cid)
    const data = await this.#gate.get(cid.toString(), this.#peer, want.kind)
    if (connection.status !== 'open') return // such as one that the gate admits no more
    if (data === undefined) {
      if (want.sendDontHave) await this.#send({ presences: [{ cid: want.cid, has: false }] }, connection)
    } else if (want.kind === 'have') {
      await this.#send({ presences: [{ cid: want.cid, has: true }] }, connection)
    } else {
      await this.#send({ blocks: [{ prefix: cidPrefix(cid), data }] }, connection)
      await this.#gate.sent?.(cid.toString(), this.#peer)
    }
  }

  /** Each message on a stream of its own: bitswap answers never come on the stream that asked. */
  async #send (message: Partial<BitswapMessage>, connection: Connection): Promise<void> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(BITSWAP_IDLE_MS)])
    const channel = libp2pChannel(await connection.newStream(BITSWAP_PROTOCOL, { signal }), this.#peer)
    try {
      const bytes = encodeBitswap(message)
      await channel.write(encodeVarint(bytes.length), signal)
      await channel.write(bytes, signal)
      await channel[Symbol.asyncDispose]()
    } catch (e) {
      channel.abort(new AppError('BITSWAP_FAILED', 'bitswap failed'))
      throw e
    }
  }
}

function decodeCid (bytes: Uint8Array): CID {
  try {
    return CID.decode(bytes)
  } catch (e) {
    throw new AppError('BITSWAP_INVALID', 'a want is not for a CID', { cause: e })
  }
}

/** What of a CID the receiver cannot work out from the block: version, codec, hash code, digest length. */
export function cidPrefix (cid: CID): Uint8Array {
  return Uint8Array.from([cid.version, cid.code, cid.multihash.code, cid.multihash.size].flatMap(n => [...encodeVarint(n)]))
}

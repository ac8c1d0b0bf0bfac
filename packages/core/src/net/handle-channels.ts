import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { ChannelHandler, ProtocolLimits, ServiceLog } from '../daemon/service.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { addressGroupIn } from './address-group.ts'
import { libp2pChannel } from './libp2p-channel.ts'
import { MAX_STREAMS_PER_ADDRESS } from './limits.ts'
import { OpenCount } from './open-count.ts'

/**
 * Answers `protocol` on `node`. Streams over the limits are reset before the handler hears of them. A handler that throws resets its
 * stream and is logged; the peer learns no reason.
 * @param signal handed to the handlers; aborts when the node stops
 */
export async function handleChannels (node: Libp2p, protocol: string, handler: ChannelHandler, limits: ProtocolLimits, signal: AbortSignal, log: ServiceLog): Promise<void> {
  const byPeer = new OpenCount()
  const byAddress = new OpenCount()

  const accept = async (stream: Stream, peer: string, address: string, relayed: boolean): Promise<void> => {
    const [open, ofPeer, ofAddress] = [byPeer.all, byPeer.of(peer), byAddress.of(address)]
    if (open >= limits.maxStreams || ofPeer >= limits.maxStreamsPerPeer || ofAddress >= MAX_STREAMS_PER_ADDRESS) {
      log.warn('too many streams', { protocol, peer, open, ofPeer, ofAddress })
      stream.abort(new AppError('TOO_MANY_STREAMS', 'too many streams'))
      return
    }
    byPeer.add(peer)
    byAddress.add(address)
    const channel = libp2pChannel(stream, peer, relayed)
    try {
      await handler(channel, signal)
      await channel[Symbol.asyncDispose]()
    } catch (e) {
      log.warn('a stream was broken off', { protocol, peer, ...describe(e) })
      channel.abort(new AppError('HANDLER_FAILED', 'the handler failed'))
    } finally {
      byPeer.remove(peer)
      byAddress.remove(address)
    }
  }

  await node.handle(protocol, (stream: Stream, connection: Connection) => {
    void accept(stream, connection.remotePeer.toString(), addressGroupIn(connection.remoteAddr.toString()), connection.limits !== undefined)
  }, {
    // libp2p's own count is for one connection; ours above is for all of a peer's connections.
    maxInboundStreams: limits.maxStreamsPerPeer + 1,
    runOnLimitedConnection: true, // through a relay
  })
}

/** Codes only for expected errors: a message may hold what the peer sent. */
function describe (e: unknown): Record<string, unknown> {
  return isAppError(e) ? { code: e.code } : { error: e instanceof Error ? e.stack : String(e) }
}

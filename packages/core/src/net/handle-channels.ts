import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { ChannelHandler, ProtocolLimits, ServiceLog } from '../daemon/service.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { libp2pChannel } from './libp2p-channel.ts'

/**
 * Answers `protocol` on `node`. Streams over the limits are reset before the handler hears of them. A handler that throws resets its
 * stream and is logged; the peer learns no reason.
 * @param signal handed to the handlers; aborts when the node stops
 */
export async function handleChannels (node: Libp2p, protocol: string, handler: ChannelHandler, limits: ProtocolLimits, signal: AbortSignal, log: ServiceLog): Promise<void> {
  let open = 0
  const openByPeer = new Map<string, number>()

  const accept = async (stream: Stream, peer: string, relayed: boolean): Promise<void> => {
    const ofPeer = openByPeer.get(peer) ?? 0
    if (open >= limits.maxStreams || ofPeer >= limits.maxStreamsPerPeer) {
      log.warn('too many streams', { protocol, peer, open, ofPeer })
      stream.abort(new AppError('TOO_MANY_STREAMS', 'too many streams'))
      return
    }
    open++
    openByPeer.set(peer, ofPeer + 1)
    const channel = libp2pChannel(stream, peer, relayed)
    try {
      await handler(channel, signal)
      await channel[Symbol.asyncDispose]()
    } catch (e) {
      log.warn('a stream was broken off', { protocol, peer, ...describe(e) })
      channel.abort(new AppError('HANDLER_FAILED', 'the handler failed'))
    } finally {
      open--
      const left = openByPeer.get(peer)! - 1
      if (left === 0) openByPeer.delete(peer)
      else openByPeer.set(peer, left)
    }
  }

  await node.handle(protocol, (stream: Stream, connection: Connection) => { void accept(stream, connection.remotePeer.toString(), connection.limits !== undefined) }, {
    // libp2p's own count is for one connection; ours above is for all of a peer's connections.
    maxInboundStreams: limits.maxStreamsPerPeer + 1,
    runOnLimitedConnection: true, // through a relay
  })
}

/** Codes only for expected errors: a message may hold what the peer sent. */
function describe (e: unknown): Record<string, unknown> {
  return isAppError(e) ? { code: e.code } : { error: e instanceof Error ? e.stack : String(e) }
}

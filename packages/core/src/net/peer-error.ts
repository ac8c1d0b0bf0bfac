import type { Connection } from '@libp2p/interface'
import { AppError } from '../errors/app-error.ts'

/**
 * What libp2p threw while dialling or opening a stream, as something to act on.
 * @param signal when it is aborted its reason is returned: the caller stopped, the peer is not to blame
 * @param connection on which the stream was to be
 */
export function peerError (cause: unknown, protocol: string | undefined, signal: AbortSignal | undefined, connection?: Connection): Error {
  if (signal?.aborted === true) return signal.reason as Error
  const causes = flatten(cause)
  if (protocol !== undefined && causes.some(e => e.name === 'UnsupportedProtocolError')) {
    return new AppError('PEER_NO_PROTOCOL', `the peer does not speak ${protocol}`, { exit: 'unreachable', hints: ['it may run an older version, or be another kind of node'], cause })
  }
  // libp2p wraps the handshake's error in one without a name of its own: the message is all there is.
  if (causes.some(e => e.name === 'UnexpectedPeerError' || /does not match expected remote identity/.test(e.message ?? ''))) {
    return new AppError('PEER_UNREACHABLE', 'another peer than the one asked for answers at that address', { exit: 'unreachable', hints: ['ask for a new address'], cause })
  }
  // The handshake's own failures have another name: who it is was proved, and then it hung up, often after the dial had succeeded.
  if (causes.some(e => e.name === 'UnexpectedEOFError') || (connection !== undefined && connection.status !== 'open')) {
    return new AppError('PEER_REFUSED', 'the peer closed the connection at once', { exit: 'unreachable', hints: ['it may have all the connections that it takes: try again later'], cause })
  }
  const reasons = [...new Set(causes.map(reason))].slice(0, 3)
  return new AppError('PEER_UNREACHABLE', `the peer cannot be reached: ${reasons.join(', ')}`, {
    exit: 'unreachable', hints: ['check that its node is running and that the address is right'], cause,
  })
}

interface Named { readonly name: string, readonly code?: string, readonly message?: string }

function flatten (error: unknown): Named[] {
  const { errors, cause } = (error ?? {}) as { errors?: unknown, cause?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return errors.flatMap(flatten)
  const named = error as Named
  return named?.code === undefined && cause !== undefined && cause !== null ? flatten(cause) : [named ?? { name: 'Error' }]
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'timed out',
  TimeoutError: 'timed out',
  AbortError: 'timed out',
  NoValidAddressesError: 'no address is known',
  NotFoundError: 'no address is known',
  EncryptionFailedError: 'what answers there is no libp2p peer',
  ConnectionClosedError: 'it closed the connection',
  InvalidPeerIdError: 'it is this node itself',
  DialDeniedError: 'dialling it is not allowed',
}

function reason ({ name, code }: Named): string {
  return WORDS[code ?? ''] ?? WORDS[name] ?? code ?? name
}

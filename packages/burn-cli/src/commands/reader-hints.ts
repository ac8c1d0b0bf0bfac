/** What a reader can do next when a message did not arrive. Hints never repeat the link. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { formatPeerAddress, parsePeerAddress } from '@ipkit/core/link/peer-address'
import type { BurnLink } from '../domain/link.ts'

const DEFAULT_PORT = 4101

/**
 * What the user gave in place of the link's addresses; a bare IP keeps the link's port.
 * @throws AppError ADDRESS_INVALID
 */
export function dialAddresses (link: Pick<BurnLink, 'addresses' | 'sender'>, given: readonly string[]): string[] {
  const defaultPort = link.addresses[0]?.port ?? DEFAULT_PORT
  return given.map(text => {
    const address = parsePeerAddress(text, { defaultPort })
    if (address.peerId !== undefined && address.peerId !== link.sender) throw new AppError('ADDRESS_INVALID', `--address: '${text}' ends in another peer id than the link`, { exit: 'usage', hints: [`the sender is ${link.sender}`] })
    return formatPeerAddress({ ...address, peerId: link.sender })
  })
}

const KEPT = 'what was fetched is kept: the same command goes on from there'
const MOVED = 'when the sender has a new address: burn get - --address /ip4/<ip>/tcp/<port>'
const HINTS: Readonly<Record<string, readonly string[]>> = {
  PEER_UNREACHABLE: [KEPT, MOVED, "the sender's machine must be on; it sees its addresses with 'burn node status'"],
  PEER_REFUSED: [KEPT],
  PEER_HUNG_UP: [KEPT],
  RELAY_HUNG_UP: [KEPT],
  TIMED_OUT: [KEPT, MOVED],
  NODE_CONNECTION_LOST: [KEPT],
  DISK_FULL: ['free some space and run the same command again: nothing is lost'],
  INTERRUPTED: [KEPT],
  TERMINATED: [KEPT],
}

export async function withReaderHints<T> (run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (e) {
    throw readerError(e)
  }
}

export function readerError (e: unknown): unknown {
  const more = isAppError(e) ? HINTS[e.code] : undefined
  if (!isAppError(e) || more === undefined) return e
  return new AppError(e.code, e.message, { exit: e.exit, hints: [...e.hints, ...more.filter(hint => !e.hints.includes(hint))], cause: e.cause })
}

import { formatLink, MAX_LINK_ADDRESSES } from '@ipkit/core/link/content-link'
import { formatPeerAddress, parsePeerAddress, type PeerAddress } from '@ipkit/core/link/peer-address'

interface Here { readonly peerId: string, readonly addresses: readonly string[] }

/** A link to a root at this node: direct addresses first, loopback last. @returns undefined where nobody could use one: the node listens nowhere */
export function pullLink (root: string, here: Here): string | undefined {
  const { peerId } = here
  const [first, ...more] = ranked(here).slice(0, MAX_LINK_ADDRESSES)
  if (first === undefined || first.relay !== undefined) return undefined
  return formatLink({ cid: root, peerId, addresses: [first, ...more].map(({ ip, port, relay }) => ({ ip, port, ...relay === undefined ? {} : { relay } })) })
}

/** Where this node is reached best; its id alone where it listens nowhere. */
export function bestAddress (here: Here): string {
  const [first] = ranked(here)
  return first === undefined ? here.peerId : formatPeerAddress({ ...first, peerId: here.peerId })
}

function ranked ({ peerId, addresses }: Here): PeerAddress[] {
  const parsed = addresses.flatMap(address => readable(address)).filter(address => address.peerId === undefined || address.peerId === peerId)
  return parsed.sort((a, b) => rank(a) - rank(b))
}

const rank = ({ ip, relay }: PeerAddress): number => relay !== undefined ? 2 : ip === '::1' || ip.startsWith('127.') ? 1 : 0

/** What is no address of a link, as one of another transport, is left out. */
function readable (address: string): PeerAddress[] {
  try {
    return [parsePeerAddress(address)]
  } catch {
    return []
  }
}

/** The address book: names for peers. Pure; `contacts-file.ts` keeps it. */
import { stripControl } from '../cli/strip-control.ts'
import { AppError } from '../errors/app-error.ts'
import { formatPeerAddress, parsePeerAddress } from '../link/peer-address.ts'
import { isPeerId } from './peer-id.ts'

export interface Contact {
  readonly name: string
  /** base58btc */
  readonly peerId: string
  /** Multiaddrs of that peer, without /p2p. */
  readonly addresses: readonly string[]
}

/** Who a `<peer>` on the command line is. At least one of the two is there. */
export interface ResolvedPeer {
  readonly name?: string
  readonly peerId?: string
  /** Multiaddrs to dial, each ending in /p2p/<id> when the id is known; may be empty for a bare peer id. */
  readonly addresses: readonly string[]
}

export const MAX_CONTACT_ADDRESSES = 8
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** @throws AppError CONTACT_INVALID, ADDRESS_INVALID */
export function checkContact (contact: Contact): Contact {
  if (!NAME.test(contact.name)) throw invalid(`'${contact.name.slice(0, 80)}' is no name for a contact: 1 to 63 letters, digits, dots, dashes or underscores, the first a letter or digit`)
  if (isPeerId(contact.name)) throw invalid('a contact name cannot look like a peer id')
  if (!isPeerId(contact.peerId)) throw invalid(`'${contact.peerId.slice(0, 80)}' is not a peer id`, contact.peerId.startsWith('/') ? ['the peer id comes first, its multiaddrs after it'] : [`${contact.name} sees it with 'ipkit id'`])
  if (contact.addresses.length > MAX_CONTACT_ADDRESSES) throw invalid(`${contact.addresses.length} addresses are over the limit of ${MAX_CONTACT_ADDRESSES}`)
  const addresses = contact.addresses.map(text => {
    const { peerId, ...address } = parsePeerAddress(text)
    if (peerId !== undefined && peerId !== contact.peerId) throw invalid(`an address of ${contact.name} ends in another peer id`)
    return formatPeerAddress(address)
  })
  return { name: contact.name, peerId: contact.peerId, addresses: [...new Set(addresses)] }
}

/** @returns the list with `contact` in it, sorted by name @throws AppError CONTACT_EXISTS, CONTACT_INVALID, ADDRESS_INVALID */
export function addContact (contacts: readonly Contact[], contact: Contact): Contact[] {
  const checked = checkContact(contact)
  const same = contacts.find(c => c.name.toLowerCase() === checked.name.toLowerCase())
  if (same !== undefined) {
    throw new AppError('CONTACT_EXISTS', `there is a contact ${same.name} already`, { exit: 'refused', hints: [`ipkit contacts rm ${same.name}`] })
  }
  return [...contacts, checked].sort((a, b) => a.name < b.name ? -1 : 1)
}

/** @throws AppError CONTACT_UNKNOWN */
export function removeContact (contacts: readonly Contact[], name: string): Contact[] {
  if (!contacts.some(c => c.name === name)) throw unknown(name)
  return contacts.filter(c => c.name !== name)
}

/**
 * @param peer a peer id, a contact's name, or a multiaddr (`/ip4|ip6/…/tcp/…[/p2p/<id>]`)
 * @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID
 */
export function resolvePeer (contacts: readonly Contact[], peer: string): ResolvedPeer {
  if (peer.startsWith('/')) {
    const address = parsePeerAddress(peer)
    return { addresses: [formatPeerAddress(address)], ...(address.peerId === undefined ? {} : { peerId: address.peerId }) }
  }
  const byId = isPeerId(peer)
  const contact = contacts.find(c => byId ? c.peerId === peer : c.name === peer)
  if (contact !== undefined) return { name: contact.name, peerId: contact.peerId, addresses: contact.addresses.map(a => `${a}/p2p/${contact.peerId}`) }
  if (byId) return { peerId: peer, addresses: [] }
  throw unknown(peer)
}

function unknown (name: string): AppError {
  const shown = stripControl(name).split('#')[0]!.slice(0, 80) // a link that was put here by mistake keeps its secret
  return new AppError('CONTACT_UNKNOWN', `there is no contact '${shown}', and it is neither a peer id nor a multiaddr`, { exit: 'notFound', hints: ["see 'ipkit contacts ls'"] })
}

const invalid = (problem: string, hints: readonly string[] = []): AppError => new AppError('CONTACT_INVALID', problem, { exit: 'usage', hints })

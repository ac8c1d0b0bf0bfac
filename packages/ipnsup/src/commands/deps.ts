import type { Io } from '@ipkit/core/cli/io'
import type { NodeControl } from '@ipkit/core/cli/node-control'

/** The real things behind `ipnsup`'s commands. Each is opened by the command that needs it, for the home that its flags name. */
export interface IpnsupDeps {
  /**
   * @param peer a peer id, a contact's name or a multiaddr
   * @returns its multiaddrs; where none is known its peer id alone, for a peer that the node is connected to
   * @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID, CONTACTS_DAMAGED
   */
  addressesOf(io: Io, peer: string): Promise<readonly string[]>
  /** @param seed Ed25519, 32 bytes @returns 32 bytes */
  publicKeyOf(seed: Uint8Array): Promise<Uint8Array>
  nodeControl(io: Io): Promise<NodeControl>
}

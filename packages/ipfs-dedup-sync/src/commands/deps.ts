import type { Io } from '@ipkit/core/cli/io'
import type { NodeControl } from '@ipkit/core/cli/node-control'

/** The real things behind the commands. Each is opened by the command that needs it, for the home that its flags name. */
export interface SyncCliDeps {
  /**
   * @param peer a peer id, a contact's name or a multiaddr
   * @returns its multiaddrs; where none is known its peer id alone, for a peer that the node is connected to
   * @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID, CONTACTS_DAMAGED
   */
  addressesOf(io: Io, peer: string): Promise<readonly string[]>
  /** @returns undefined for a multiaddr that names no peer @throws as `addressesOf` */
  peerIdOf(io: Io, peer: string): Promise<string | undefined>
  /** Of this process: what the node writes for it has the modes that it would have itself. */
  umask(): number
  nodeControl(io: Io): Promise<NodeControl>
}

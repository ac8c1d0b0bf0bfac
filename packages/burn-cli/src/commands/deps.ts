import type { Io } from '@ipkit/core/cli/io'
import type { NodeControl } from '@ipkit/core/cli/node-control'
import type { BulkCrypto } from '../domain/bulk-crypto.ts'
import type { Argon2id } from '../domain/keys.ts'

/** The real things behind `burn`'s commands. Each is opened by the command that needs it, for the home that its flags name. */
export interface BurnDeps {
  bulkCrypto(): Promise<BulkCrypto>
  argon2id(): Promise<Argon2id>
  /**
   * @param peer a peer id, a contact's name or a multiaddr
   * @returns its peer id; undefined for a multiaddr that names none
   * @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID, CONTACTS_DAMAGED
   */
  peerId(io: Io, peer: string): Promise<string | undefined>
  /** A small secret from a file, a pipe or `/dev/fd/N`, at most `maxBytes`. @throws AppError FILE_* */
  readSecret(io: Io, path: string, maxBytes: number): Promise<string>
  nodeControl(io: Io): Promise<NodeControl>
}

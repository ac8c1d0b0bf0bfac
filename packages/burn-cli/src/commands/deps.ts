import type { Io } from '@ipkit/core/cli/io'
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

/** What `burn node` does with the shared node. None of it starts one. */
export interface NodeControl {
  /** What `node.status` says; undefined when no node runs. */
  status(): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Resolves when it is gone. @returns false when none runs */
  stop(): Promise<boolean>
  /** The end of its log, as a person reads it. */
  logLines(count: number): Promise<{ readonly file: string, readonly lines: readonly string[] }>
}

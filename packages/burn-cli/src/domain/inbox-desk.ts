import type { CID } from 'multiformats/cid'

/** A message on its way in, kept until it is done, so that an interrupted read goes on where it was (port of protocol.ts). */
export interface InboxEntry {
  readonly id: Uint8Array
  readonly root: CID
  /** Size and hashes that were accepted earlier: they belong to `root`, so they need not be asked for again. */
  readonly layout: { readonly sizeBytes: number, readonly hashes: Uint8Array } | undefined
  /** Leaves stored so far, always the first ones: the first missing leaf. */
  readonly storedLeaves: number
  /** @param hashes SHA-256 of each leaf, already checked against `root` @throws AppError DISK_FULL, also when the payload will not fit: the sender has chosen its size */
  acceptLayout(sizeBytes: number, hashes: Uint8Array): Promise<void>
  /**
   * The next leaf, already checked against its hash; `bytes` hold until this has settled.
   * @throws AppError DISK_FULL: what was stored stays, unless the disk may have lost some of it
   */
  storeLeaf(index: number, bytes: Uint8Array): Promise<void>
  /** All leaves are on the disk when it resolves. @throws as `storeLeaf` */
  finishPayload(): Promise<void>
  /** The first bytes of the payload, to check magic, version and flags. */
  readPayload(from: number, sizeBytes: number): Promise<Uint8Array>
  /**
   * The X25519 key of this read, 32 bytes, private: made at the first call and durable before it resolves.
   * @param make makes a private key
   */
  readerKey(make: () => Uint8Array): Promise<Uint8Array>
  /** The sender's answer as it came, with the statement it belongs to; undefined while there is none. */
  answer(): Promise<InboxAnswer | undefined>
  /** Durable when it resolves. */
  keepAnswer(answer: InboxAnswer): Promise<void>
}

export interface InboxAnswer {
  /** The claimStatement that the answer and the ack are bound to. */
  readonly statement: Uint8Array
  readonly enc: Uint8Array
  readonly sealed: Uint8Array
  readonly claimedAtMs: number
  readonly leaseUntilMs: number
}

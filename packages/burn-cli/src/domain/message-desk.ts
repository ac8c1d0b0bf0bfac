import type { CID } from 'multiformats/cid'

/** unread: no key counted; claimed: one is, and it is not over; the other four are final (docs/protocols/burn.md, "States"). */
export type MessageState = 'unread' | 'claimed' | 'read' | 'unconfirmed' | 'expired' | 'revoked'
export type FinalState = Exclude<MessageState, 'unread' | 'claimed'>

/** What a reader with the right link proof may be told. Times in milliseconds since the epoch, sizes in bytes. */
export interface MessageInfo {
  readonly state: MessageState
  readonly sizeBytes: number
  readonly expiresAtMs: number
  readonly passphrase: boolean
  readonly strict: boolean
  readonly reads: number
  /** Reads that can still be counted; 0 when the message is final. */
  readonly readsLeft: number
  /** When each key was counted, oldest first. */
  readonly claimedAtMs: readonly number[]
  /** When the state became final. */
  readonly endedAtMs: number | null
  readonly lockedUntilMs: number | null
}

/** A message as the conversation needs it: whom to believe, and what to tell. A snapshot; `claim` decides on the state of its own moment. */
export interface MessageFile {
  readonly id: Uint8Array
  readonly root: CID
  readonly linkProofKey: Uint8Array
  readonly passProofKey: Uint8Array | null
  readonly ackKey: Uint8Array
  /** Peer id text of the only reader, or null. */
  readonly to: string | null
  readonly web: boolean
  readonly info: MessageInfo
}

export interface ClaimRequest<Sealed> {
  /** The reader's X25519 public key, 32 bytes. */
  readonly readerKey: Uint8Array
  /** For the audit: peer id and address, or 'web' and address. */
  readonly reader: string
  /** What came of the passphrase proof. It is looked at only where step 5 of the spec says so. */
  readonly passProof: 'right' | 'wrong' | 'missing'
  /** The nonce that the proof was made with; see `NonceRule`. */
  readonly nonce?: { isSpent(): boolean, spend(): void }
  /** Seals D for the reader's key. What it throws goes through unchanged and counts nothing. D is wiped when it has settled. */
  seal(D: Uint8Array): Promise<Sealed>
}

export type ClaimVerdict<Sealed> =
  | { readonly kind: 'answer', readonly sealed: Sealed, readonly claimedAtMs: number, readonly leaseUntilMs: number }
  | { readonly kind: 'refused', readonly code: RefusalCode, readonly atMs: number | null }

/** `claimed` and the final states; the others are about the passphrase. All are error codes of the protocol. */
export type RefusalCode = 'claimed' | FinalState | 'passphrase' | 'locked' | 'stale' | 'bad-request' | 'unknown'

/** The sender's durable state as the conversation sees it (port of protocol.ts). All checks of proofs are the caller's. */
export interface MessageDesk {
  /** @param id 16 bytes @returns undefined when there is no such message */
  find(id: Uint8Array): MessageFile | undefined
  /**
   * Steps 3 to 7 of "What the sender does with a claim", one at a time for each message: when this resolves with an answer, the
   * key is counted durably.
   * @throws whatever the disk or `seal` threw; then there is no answer to give (`failed`)
   */
  claim<Sealed>(id: Uint8Array, request: ClaimRequest<Sealed>): Promise<ClaimVerdict<Sealed>>
  /** Call only with a checked ack proof. Durable when it resolves; again is fine. @returns false when the key was never counted */
  confirm(id: Uint8Array, readerKey: Uint8Array): Promise<boolean>
  /** SHA-256 of the leaves, 32 bytes each. @returns undefined when the payload is gone */
  hashes(id: Uint8Array, from: number, count: number): Promise<Uint8Array | undefined>
  /** `count` leaves in order, the caller's to keep. Ends early when the payload is gone. */
  leaves(id: Uint8Array, from: number, count: number): AsyncIterable<Uint8Array>
  /** Whether the payload with this root is held, by the digest and codec of the CID. */
  holds(root: CID): boolean
}

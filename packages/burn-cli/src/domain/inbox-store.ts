import type { CID } from 'multiformats/cid'
import type { InboxEntry } from './inbox-desk.ts'

/** Where a reader keeps what it is reading (port of reading.ts). Ids are 32 hex digits. One call at a time for each id. */
export interface InboxStore {
  /** Every id that has a folder. */
  ids(): Promise<string[]>
  /** Opens an entry, or makes one. One that is about another root is thrown away first. @throws AppError DISK_FULL */
  open(id: Uint8Array, root: CID, sender: string): Promise<StoredEntry>
  /** For everything but fetching: `storedLeaves` of an incomplete payload is not looked for. @returns undefined when there is none */
  find(id: string): Promise<StoredEntry | undefined>
}

export interface StoredEntry extends InboxEntry {
  /** The sender's peer id. */
  readonly sender: string
  /** When it was made, by this computer's clock. */
  readonly madeAtMs: number
  /** Every leaf is here and durable. */
  readonly complete: boolean
  /** Whether a claim may have left: the key is durable. */
  hasKey(): Promise<boolean>
  /** The payload from one byte to another, in pieces that are the caller's to keep. Ends early when the payload is gone. */
  pieces(fromByte: number, toByte: number): AsyncIterable<Uint8Array>
  ack(): Promise<PendingAck | undefined>
  /** Durable when it resolves. From then on key, answer and payload are not needed. */
  keepAck(ack: PendingAck): Promise<void>
  /** Lets go of open files; call it after fetching. What was stored stays. */
  close(): Promise<void>
  /** Destroys key and answer, removes the payload. May be repeated. */
  wipe(): Promise<void>
  /** Wipes, and removes the rest. */
  remove(): Promise<void>
}

/** What it takes to confirm a read again and again. Opens nothing. */
export interface PendingAck {
  readonly statement: Uint8Array
  readonly proof: Uint8Array
  readonly addresses: readonly string[]
  readonly addressed: boolean
  /** By this computer's clock: after it the sender does not wait any more. */
  readonly untilMs: number
}

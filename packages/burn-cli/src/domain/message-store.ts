import type { CID } from 'multiformats/cid'
import type { TimeMark } from './sender-time.ts'

/** Where the sender keeps messages (port of outbox.ts). Ids are 32 hex digits. */
export interface MessageStore {
  /** Every message with a log; what an interrupted add left behind is removed first. */
  load(): Promise<LoadedMessage[]>
  /**
   * Takes in a payload and D. Nothing is offered before `commit`; when it throws or its signal aborts, nothing is left.
   * @param D 32 bytes, or null: it is not to be on this disk
   * @throws AppError MESSAGE_EXISTS, DISK_FULL, PAYLOAD_TOO_LARGE, PAYLOAD_EMPTY
   */
  stage(id: string, D: Uint8Array | null, payload: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedMessage>
  loadTimeMark(): Promise<TimeMark | undefined>
  saveTimeMark(mark: TimeMark): Promise<void>
}

export interface LoadedMessage { readonly id: string, readonly place: MessagePlace, readonly log: ReplayedLog }

export interface ReplayedLog {
  /** Oldest first; the first is CREATED, unless that one is damaged. */
  readonly events: readonly Uint8Array[]
  /** The log is closed: a record before its end is bad. `events` are those before it. */
  readonly damaged: boolean
}

export interface StagedMessage {
  readonly root: CID
  readonly sizeBytes: number
  /** Makes the log with its first record. The message exists from here on. */
  commit(created: Uint8Array): Promise<MessagePlace>
  discard(): Promise<void>
}

/** One message's files. Calls that change something are made one at a time. */
export interface MessagePlace {
  /** Durable when it resolves. A failure is final until `replay`. */
  append(event: Uint8Array): Promise<void>
  /** Closes the log, opens it again and reads it from the front. */
  replay(): Promise<ReplayedLog>
  /** @returns D in memory of the caller's, to be wiped; undefined when it is not on this disk */
  readSecret(): Promise<Uint8Array | undefined>
  /** May be repeated. When it throws, D may still be there. */
  destroySecret(): Promise<void>
  /** @returns undefined when the payload is gone */
  hashes(from: number, count: number): Promise<Uint8Array | undefined>
  /** `count` leaves in order, the caller's to keep. Ends early when the payload is gone. */
  leaves(from: number, count: number): AsyncIterable<Uint8Array>
  removePayload(): Promise<void>
  /** Everything, the log last. */
  remove(): Promise<void>
  close(): Promise<void>
}

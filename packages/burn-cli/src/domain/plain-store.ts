import type { ReplayedLog } from './message-store.ts'
import type { PlainIndex, PlainSecret } from './plain-seal.ts'
import type { TimeMark } from './sender-time.ts'

/** Where the sender keeps plain messages (port of plain-outbox.ts). Ids are 32 hex digits. */
export interface PlainStore {
  /** Every message with a log; what an interrupted add left behind is removed first. */
  load(): Promise<LoadedPlain[]>
  /**
   * Takes in a file, sealed leaf by leaf. Nothing is offered before `commit`; when it throws or its signal aborts, nothing is left.
   * @param secret see plain-seal.ts @param random see plain-layout.ts
   * @throws AppError DISK_FULL, PAYLOAD_TOO_LARGE, PAYLOAD_EMPTY
   */
  stage(id: string, secret: Uint8Array, random: Uint8Array, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StagedPlain>
  loadTimeMark(): Promise<TimeMark | undefined>
  saveTimeMark(mark: TimeMark): Promise<void>
}

export interface LoadedPlain { readonly id: string, readonly place: PlainPlace, readonly log: ReplayedLog }

export interface StagedPlain {
  readonly sizeBytes: number
  readonly hashes: Uint8Array
  /** Makes the log with its first record. The message exists from here on. */
  commit(created: Uint8Array): Promise<PlainPlace>
  discard(): Promise<void>
}

/** One message's files. Calls that change something are made one at a time. See `MessagePlace`. */
export interface PlainPlace {
  append(event: Uint8Array): Promise<void>
  replay(): Promise<ReplayedLog>
  readSecret(): Promise<Uint8Array | undefined>
  destroySecret(): Promise<void>
  /** @returns undefined when it is gone or not what was written */
  index(secret: PlainSecret, leaves: number): Promise<PlainIndex | undefined>
  /** @returns undefined when it is gone or not what was written */
  leaf(secret: PlainSecret, leaf: number, sizeBytes: number): Promise<Uint8Array | undefined>
  removePayload(): Promise<void>
  remove(): Promise<void>
  close(): Promise<void>
}

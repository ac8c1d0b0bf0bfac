/** The one way by which a record gets into memory, from wherever it came: verified, remembered durably, and then told to whoever watches. */
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isNews, type NameMemory, type Remembered } from '@ipkit/core/names/name-memory'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import type { Clock } from '@ipkit/core/time/clock'

export interface IntakeDeps {
  readonly memories: NameMemories
  readonly clock: Clock
  /** Called after each change of a memory, once it is durable. Must not throw. @param source who gave the record, 'local' for one made here */
  readonly changed: (memory: NameMemory, source: string) => void
}

export interface TakeOptions {
  readonly source: string
  /** See `RememberOptions`. */
  readonly acceptUnknownExpired?: boolean
}

export interface Taken extends Remembered {
  /** The one that came. */
  readonly record: VerifiedRecord
}

export class RecordIntake {
  readonly #deps: IntakeDeps

  constructor (deps: IntakeDeps) { this.#deps = deps }

  /**
   * @param bytes as they came
   * @throws AppError RECORD_*, NAME_MEMORY_DAMAGED, and what the store throws: nothing is remembered then
   */
  async take (name: IpnsName, bytes: Uint8Array, options: TakeOptions): Promise<Taken> {
    const record = await this.#verify(name, bytes)
    return { ...await this.keep(record, options), record }
  }

  /** Like `take`, of a record that was verified or made here. */
  async keep (record: VerifiedRecord, { source, acceptUnknownExpired = false }: TakeOptions): Promise<Remembered> {
    const remembered = await this.#deps.memories.remember(record, { nowMs: this.#deps.clock.now(), acceptUnknownExpired })
    if (isNews(remembered.relation)) this.#deps.changed(remembered.memory, source)
    return remembered
  }

  /** What is remembered was verified before: the same bytes again cost no signature check. */
  async #verify (name: IpnsName, bytes: Uint8Array): Promise<VerifiedRecord> {
    const memory = await this.#deps.memories.get(name)
    if (memory !== undefined && sameBytes(chosenRecord(memory).bytes, bytes)) return chosenRecord(memory)
    return await verifyRecord(name, bytes)
  }
}

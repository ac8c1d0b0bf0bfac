/** What others are answered from, and what they may push. Spec: docs/protocols/ipnsup-rules.md, "Strangers". */
import { AppError } from '@ipkit/core/errors/app-error'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isNews } from '@ipkit/core/names/name-memory'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import type { Clock } from '@ipkit/core/time/clock'
import type { RecordDesk } from './exchange.ts'
import type { KeptNames } from './kept-names.ts'
import type { NameWatches } from './name-watches.ts'
import type { RecordIntake } from './record-intake.ts'
import { RecordRate } from './record-rate.ts'
import type { Strangers } from './strangers.ts'

export interface DeskDeps {
  readonly memories: NameMemories
  readonly kept: KeptNames
  readonly watches: NameWatches
  readonly intake: RecordIntake
  readonly strangers: Strangers
  readonly clock: Clock
}

export class FrontDesk implements RecordDesk {
  readonly #deps: DeskDeps
  readonly #rate = new RecordRate()

  constructor (deps: DeskDeps) { this.#deps = deps }

  async lookup (name: IpnsName): Promise<Uint8Array | undefined> {
    const memory = await this.#deps.memories.get(name)
    const record = memory === undefined ? await this.#deps.strangers.get(name) : chosenRecord(memory)
    return record !== undefined && judgeFreshness(record.validity, this.#deps.clock.now()).state === 'fresh' ? record.bytes : undefined
  }

  async offer (name: IpnsName, bytes: Uint8Array, from: string): Promise<'kept' | 'known'> {
    this.#rate.count(from, this.#deps.clock.now())
    if (await this.#deps.memories.get(name) === undefined && !this.#deps.kept.has(name) && !this.#deps.watches.has(name)) return await this.#offerStranger(name, bytes, from)
    const { relation, record, memory } = await this.#deps.intake.take(name, bytes, { source: from })
    return isNews(relation) && sameBytes(record.dataHash, chosenRecord(memory).dataHash) ? 'kept' : 'known'
  }

  async #offerStranger (name: IpnsName, bytes: Uint8Array, from: string): Promise<'kept' | 'known'> {
    const record = await verifyRecord(name, bytes)
    const nowMs = this.#deps.clock.now()
    if (judgeFreshness(record.validity, nowMs).state === 'expired') throw new AppError('RECORD_EXPIRED', `the record of ${name.text} expired at ${record.validity.text}, and nobody here has asked for this name`, { exit: 'refused' })
    return await this.#deps.strangers.offer(record, from, nowMs) ? 'kept' : 'known'
  }
}

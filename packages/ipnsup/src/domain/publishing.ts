/** Signs records. Nothing that is signed here leaves before it, and the sequence that it took, are durable. Spec: docs/protocols/ipnsup-rules.md, "Publishing". */
import { AppError } from '@ipkit/core/errors/app-error'
import { relateRecords } from '@ipkit/core/names/choose-record'
import { createRecord, type RecordFields, type RecordSigner } from '@ipkit/core/names/create-record'
import { nameFromPublicKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import type { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isForked, nextSequence, type NameMemory } from '@ipkit/core/names/name-memory'
import { validityAtMs } from '@ipkit/core/names/validity'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { Clock } from '@ipkit/core/time/clock'
import type { KeptName } from './kept-name.ts'
import type { KeptNames } from './kept-names.ts'
import { publishedValue } from './published-value.ts'
import type { RecordIntake } from './record-intake.ts'

export interface PublishDeps {
  readonly memories: NameMemories
  readonly kept: KeptNames
  readonly intake: RecordIntake
  readonly clock: Clock
}

export interface PublishInput {
  /** As `publishedValue` takes it. */
  readonly value: string
  readonly lifetimeMs: number
  readonly ttlNs: bigint
  /** null: the one that follows, or the same one again where only the validity is new. */
  readonly sequence: bigint | null
  readonly v2Only: boolean
}

export interface Published {
  readonly record: VerifiedRecord
  /** There was a fork, and this record is above both branches. */
  readonly healedFork: boolean
}

/** Calls may overlap: records are made one after the other. */
export class Publisher {
  readonly #deps: PublishDeps
  readonly #making = new SerialQueue()

  constructor (deps: PublishDeps) { this.#deps = deps }

  /** @throws AppError RECORD_VALUE_INVALID, NAME_INVALID, RECORD_TOO_LARGE, SEQUENCE_EXHAUSTED, SEQUENCE_USED, KEPT_NAME_DAMAGED, NAME_MEMORY_DAMAGED, and what the store throws */
  async publish (signer: RecordSigner, input: PublishInput): Promise<Published> {
    const value = publishedValue(input.value)
    return await this.#making.run(async () => {
      for (;;) {
        const made = await this.#make(signer, { ...input, value })
        if (made !== undefined) return made
      }
    })
  }

  /** The chosen record of an own name with a new end of its validity. @returns undefined for a name of which there is nothing to renew */
  async renew (signer: RecordSigner): Promise<VerifiedRecord | undefined> {
    return await this.#making.run(async () => {
      const name = nameFromPublicKey(signer.publicKey)
      const own = this.#deps.kept.get(name)?.own
      const memory = await this.#deps.memories.get(name)
      if (own == null || memory === undefined) return undefined
      const { value, ttlNs } = chosenRecord(memory)
      const record = renewalOf(signer, chosenRecord(memory), { value, ttlNs, v2Only: own.v2Only, validity: validityAtMs(this.#deps.clock.now() + own.lifetimeMs) })
      // What cannot be said again in the same words, or holds longer as it is, is left to whoever publishes.
      if (record === undefined) return undefined
      await this.#write(record, own)
      return record
    })
  }

  /** @returns undefined when another record of this sequence came between: begin again */
  async #make (signer: RecordSigner, input: PublishInput): Promise<Published | undefined> {
    const name = nameFromPublicKey(signer.publicKey)
    const own = this.#deps.kept.get(name)?.own ?? undefined
    const memory = await this.#deps.memories.get(name)
    const { value, ttlNs, v2Only, lifetimeMs } = input
    const fields = { value, ttlNs, v2Only, validity: validityAtMs(this.#deps.clock.now() + lifetimeMs) }
    const record = input.sequence === null
      ? sameAgain(signer, memory, own?.highest, fields) ?? createRecord(signer, { ...fields, sequence: following(name, memory, own?.highest) })
      : createRecord(signer, { ...fields, sequence: unused(name, memory, own?.highest, input.sequence) })
    const relation = await this.#write(record, { lifetimeMs, v2Only })
    if (!['first', 'newer', 'renewal', 'same'].includes(relation)) return undefined
    return { record, healedFork: memory !== undefined && isForked(memory) }
  }

  /** The sequence is taken first: a kill between the two writes leaves a number that nobody has seen, and never one that is used again. */
  async #write (record: VerifiedRecord, { lifetimeMs, v2Only }: { readonly lifetimeMs: number, readonly v2Only: boolean }): Promise<string> {
    await this.#deps.kept.change(record.name, before => withOwn(before, { highest: max(record.sequence, before.own?.highest ?? 0n), lifetimeMs, v2Only }))
    return (await this.#deps.intake.keep(record, { source: 'local', acceptUnknownExpired: true })).relation
  }
}

/** The same value once more: as other implementations do, the sequence stays and the validity moves. */
function sameAgain (signer: RecordSigner, memory: NameMemory | undefined, highest: bigint | undefined, fields: Omit<RecordFields, 'sequence'>): VerifiedRecord | undefined {
  if (memory === undefined || isForked(memory) || memory.sequence < (highest ?? 0n) || chosenRecord(memory).value !== fields.value) return undefined
  return renewalOf(signer, chosenRecord(memory), fields)
}

/** @returns undefined when it would not take the place of `record`: the end is earlier, or the value has another spelling */
function renewalOf (signer: RecordSigner, record: VerifiedRecord, fields: Omit<RecordFields, 'sequence'>): VerifiedRecord | undefined {
  const extra = Object.fromEntries(Object.entries(record.extra).filter(([key]) => key.startsWith('_')))
  const renewal = createRecord(signer, { ...fields, extra, sequence: record.sequence })
  return ['renewal', 'same'].includes(relateRecords(record, renewal)) ? renewal : undefined
}

function following (name: IpnsName, memory: NameMemory | undefined, highest: bigint | undefined): bigint {
  const sequence = highestOf(memory, highest)
  return nextSequence(sequence === undefined ? undefined : { name, sequence })
}

function unused (name: IpnsName, memory: NameMemory | undefined, highest: bigint | undefined, sequence: bigint): bigint {
  const used = highestOf(memory, highest)
  if (used === undefined || sequence > used) return sequence
  throw new AppError('SEQUENCE_USED', `${name.text} is at sequence ${used} already; ${sequence} would never be believed`, { exit: 'refused', hints: [`give one above ${used}, or none: the next one is taken then`] })
}

/** Of what is remembered, and of what was ever taken for a record of ours. */
function highestOf (memory: NameMemory | undefined, highest: bigint | undefined): bigint | undefined {
  return memory === undefined ? highest : max(memory.sequence, highest ?? 0n)
}

function withOwn (before: KeptName, own: NonNullable<KeptName['own']>): KeptName {
  const same = before.own !== null && before.own.highest === own.highest && before.own.lifetimeMs === own.lifetimeMs && before.own.v2Only === own.v2Only
  return same ? before : { ...before, own }
}

const max = (a: bigint, b: bigint): bigint => a > b ? a : b

/** What is remembered of a name, so that no record sets it back. Spec: docs/protocols/ipns-records.md, "Remembering". Pure. */
import { AppError } from '../errors/app-error.ts'
import { compareRecords, relateRecords, type Relation } from './choose-record.ts'
import { sameBytes } from './compare-bytes.ts'
import type { IpnsName } from './ipns-name.ts'
import type { VerifiedRecord } from './ipns-record.ts'
import { judgeFreshness } from './validity.ts'

/** One value of the highest sequence: the best record of it that was seen. */
export interface Branch {
  readonly record: VerifiedRecord
  /** When this record (not only this value) was first seen. */
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

export interface NameMemory {
  readonly name: IpnsName
  /** The highest sequence accepted; that of every branch. */
  readonly sequence: bigint
  /** Best first: the first is the chosen one. More than one is a fork. 1 to `MAX_BRANCHES`. */
  readonly branches: readonly [Branch, ...Branch[]]
  /** There were more branches than are kept. */
  readonly moreBranches: boolean
}

export interface RememberOptions {
  readonly nowMs: number
  /** Take an expired record of a name without memory, although it may be any old one. */
  readonly acceptUnknownExpired?: boolean
}

/** `relation` is what the record is to the memory; `first` when there was none. */
export interface Remembered { readonly relation: Relation | 'first', readonly memory: NameMemory }

export const MAX_BRANCHES = 4
const MAX_SEQUENCE = (1n << 64n) - 1n

/**
 * The memory after `record` was seen. `memory` itself comes back, the same object, when nothing changes. The answer is `chosenRecord` of the result, whatever came.
 * @param memory of the record's name; undefined: the name is not known
 * @throws AppError RECORD_EXPIRED
 */
export function remember (memory: NameMemory | undefined, record: VerifiedRecord, options: RememberOptions): Remembered {
  const branch: Branch = { record, firstSeenMs: options.nowMs, lastSeenMs: options.nowMs }
  if (memory === undefined) {
    const freshness = judgeFreshness(record.validity, options.nowMs)
    if (freshness.state === 'expired' && options.acceptUnknownExpired !== true) throw expiredUnknown(record)
    return { relation: 'first', memory: memoryOf(branch) }
  }
  if (memory.name.text !== record.name.text) throw new RangeError(`a record of ${record.name.text} does not belong in the memory of ${memory.name.text}`)
  if (record.sequence < memory.sequence) return { relation: 'older', memory }
  if (record.sequence > memory.sequence) return { relation: 'newer', memory: memoryOf(branch) }
  return atSameSequence(memory, branch)
}

/** The one that answers. It may have expired: see `judgeFreshness`. */
export function chosenRecord (memory: NameMemory): VerifiedRecord {
  return memory.branches[0].record
}

/** Something came that was not remembered (of a fork perhaps a branch too many to be kept); seen once more, older and outlived ones are no news. */
export function isNews (relation: Remembered['relation']): boolean {
  return relation !== 'same' && relation !== 'older' && relation !== 'outlived'
}

/** More than one value was signed with the highest sequence. */
export function isForked (memory: NameMemory): boolean {
  return memory.branches.length > 1 || memory.moreBranches
}

/** The sequence of the next record to publish; it heals a fork. @throws AppError SEQUENCE_EXHAUSTED */
export function nextSequence (memory: Pick<NameMemory, 'name' | 'sequence'> | undefined): bigint {
  if (memory === undefined) return 0n
  if (memory.sequence === MAX_SEQUENCE) {
    throw new AppError('SEQUENCE_EXHAUSTED', `${memory.name.text} has the sequence ${MAX_SEQUENCE}, the highest there is: nothing can follow it`, { exit: 'refused', hints: ['publish under a new name'] })
  }
  return memory.sequence + 1n
}

function memoryOf (branch: Branch): NameMemory {
  return { name: branch.record.name, sequence: branch.record.sequence, branches: [branch], moreBranches: false }
}

function atSameSequence (memory: NameMemory, came: Branch): Remembered {
  const at = memory.branches.findIndex(({ record }) => sameBytes(record.valueBytes, came.record.valueBytes))
  const known = memory.branches[at]
  const relation = known === undefined ? 'fork' : relateRecords(known.record, came.record)
  if (relation === 'outlived') return { relation, memory }
  const branch = relation === 'same' ? seenAgain(known!, came.lastSeenMs) : came
  if (branch === known) return { relation, memory }
  const branches = [...memory.branches.filter(b => b !== known), branch].sort((a, b) => compareRecords(b.record, a.record))
  const [best, ...others] = branches.slice(0, MAX_BRANCHES) as [Branch, ...Branch[]]
  const moreBranches = memory.moreBranches || branches.length > MAX_BRANCHES
  // One more value that is no better than those kept, of a fork known to have more: nothing to write down.
  if (moreBranches === memory.moreBranches && !branches.slice(0, MAX_BRANCHES).includes(branch)) return { relation, memory }
  return { relation, memory: { ...memory, branches: [best, ...others], moreBranches } }
}

/** Our clock may have been set back: what was seen later stays. */
function seenAgain (branch: Branch, nowMs: number): Branch {
  return nowMs > branch.lastSeenMs ? { ...branch, lastSeenMs: nowMs } : branch
}

function expiredUnknown ({ name, validity }: VerifiedRecord): AppError {
  return new AppError('RECORD_EXPIRED', `the record of ${name.text} expired at ${validity.text}, and nothing is remembered of this name: it may be any old one`, {
    exit: 'refused', hints: ['ask the publisher for a fresh record', 'check the clock of this machine'],
  })
}

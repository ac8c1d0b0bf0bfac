/** A name's memory as bytes for the disk. Spec: docs/formats/name-memory.md. Pure. */
import { AppError, isAppError } from '../errors/app-error.ts'
import { array, boolean, bytes, check, integer, literal, object } from '../schema/schema.ts'
import { decodeStrict, encodeStrict } from '../streams/strict-cbor.ts'
import { compareRecords } from './choose-record.ts'
import { sameBytes } from './compare-bytes.ts'
import type { IpnsName } from './ipns-name.ts'
import { decodeRecord, MAX_RECORD_BYTES, type VerifiedRecord } from './ipns-record.ts'
import { MAX_BRANCHES, type Branch, type NameMemory } from './name-memory.ts'

const VERSION = 1
const MAX_MULTIHASH_BYTES = 64
const BRANCH = object({ hash: bytes({ size: 32 }), record: bytes({ max: MAX_RECORD_BYTES }), firstSeenMs: integer(), lastSeenMs: integer() })
const MEMORY = object({
  version: literal(VERSION), name: bytes({ max: MAX_MULTIHASH_BYTES }), more: boolean(), branches: array(BRANCH, { min: 1, max: MAX_BRANCHES }),
})

export function encodeMemory (memory: NameMemory): Uint8Array {
  return encodeStrict({
    version: VERSION,
    name: memory.name.multihash,
    more: memory.moreBranches,
    branches: memory.branches.map(({ record, firstSeenMs, lastSeenMs }) => ({ hash: record.dataHash, record: record.bytes, firstSeenMs, lastSeenMs })),
  })
}

/** @param name whose memory is asked for @throws AppError NAME_MEMORY_DAMAGED */
export function decodeMemory (name: IpnsName, stored: Uint8Array): NameMemory {
  try {
    const { name: multihash, more, branches } = check(MEMORY, decodeStrict(new Uint8Array(stored)), 'memory')
    if (!sameBytes(multihash, name.multihash)) throw damaged(name, 'it is that of another name')
    const [best, ...others] = branches.map(branch => readBranch(name, branch)) as [Branch, ...Branch[]]
    const memory = { name, sequence: best.record.sequence, branches: [best, ...others], moreBranches: more } as const
    checkBranches(memory)
    return memory
  } catch (e) {
    if (!isAppError(e) || e.code === 'NAME_MEMORY_DAMAGED') throw e
    throw damaged(name, e.message)
  }
}

function readBranch (name: IpnsName, { hash, record: kept, firstSeenMs, lastSeenMs }: ReturnType<typeof BRANCH.read>): Branch {
  const record = decodeRecord(name, kept)
  if (!sameBytes(record.bytes, kept)) throw damaged(name, 'a record is not in the form in which it is kept')
  if (!sameBytes(record.dataHash, hash)) throw damaged(name, 'a record does not fit its hash')
  if (lastSeenMs < firstSeenMs) throw damaged(name, 'a record was last seen before it was first seen')
  return { record: record as VerifiedRecord, firstSeenMs, lastSeenMs }
}

function checkBranches (memory: NameMemory): void {
  for (const [i, { record }] of memory.branches.entries()) {
    const before = memory.branches.slice(0, i)
    if (record.sequence !== memory.sequence) throw damaged(memory.name, 'its branches have different sequences')
    if (before.some(b => sameBytes(b.record.valueBytes, record.valueBytes))) throw damaged(memory.name, 'two branches have the same value')
    if (before.some(b => compareRecords(b.record, record) < 0)) throw damaged(memory.name, 'its branches are out of order')
  }
}

function damaged (name: IpnsName, problem: string): AppError {
  return new AppError('NAME_MEMORY_DAMAGED', `what is remembered of ${name.text} is damaged: ${problem}`, { exit: 'refused', hints: ['forget the name to begin anew; older records of it would be believed then'] })
}

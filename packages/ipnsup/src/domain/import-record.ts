/** A record that a person brings in a file: whose it is, and whether it is taken. Spec: docs/protocols/ipnsup-rules.md, "Import". */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { decodeEntry } from '@ipkit/core/names/ipns-entry'
import { nameFromMultihash, parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { readNameKey } from '@ipkit/core/names/name-key'
import { chosenRecord } from '@ipkit/core/names/name-memory'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import type { ImportResult } from '../rpc.ts'
import { MAX_NAMES_TRIED } from './limits.ts'
import type { RecordIntake } from './record-intake.ts'
import { shownError } from './shown-error.ts'

export interface ImportDeps {
  readonly intake: RecordIntake
  /** Names that are known here, those that are kept first. */
  readonly knownNames: () => AsyncIterable<IpnsName>
}

export interface ImportInput {
  /** null: found out. */
  readonly name: string | null
  readonly record: Uint8Array
  readonly acceptUnknownExpired: boolean
}

/** Never throws for a bad record; @throws what the store throws: nothing is remembered then */
export async function importRecord (deps: ImportDeps, { name: text, record: bytes, acceptUnknownExpired }: ImportInput): Promise<ImportResult> {
  let name: IpnsName | undefined
  try {
    name = text === null ? await nameOf(deps, bytes) : parseName(text)
    const { relation, record, memory } = await deps.intake.take(name, bytes, { source: 'import', acceptUnknownExpired })
    const reason = relation === 'older' ? { code: 'RECORD_OLDER', message: `it has the sequence ${record.sequence}; ${chosenRecord(memory).sequence} is known of this name` } : null
    return { name: name.text, accepted: reason === null, relation, reason }
  } catch (e) {
    if (!isAppError(e) || e.code === 'DISK_FULL') throw e
    return { name: name?.text ?? null, accepted: false, relation: null, reason: { ...shownError(e) } }
  }
}

/** From the key that the record brings; else whoever of those known here has signed it. @throws AppError RECORD_* */
async function nameOf (deps: ImportDeps, bytes: Uint8Array): Promise<IpnsName> {
  if (bytes.length > MAX_RECORD_BYTES) throw new AppError('RECORD_TOO_LARGE', `the record is ${bytes.length} bytes; the limit is ${MAX_RECORD_BYTES}`, { exit: 'refused' })
  const { pubKey } = decodeEntry(bytes)
  const name = pubKey === undefined ? undefined : nameFromMultihash(readNameKey(pubKey).multihash)
  if (name !== undefined) return name
  let tried = 0
  for await (const known of deps.knownNames()) {
    if (tried++ === MAX_NAMES_TRIED) break
    if (known.keyType !== 'hashed' && await isSignedBy(known, bytes)) return known
  }
  throw new AppError('RECORD_NAME_UNKNOWN', 'the record does not say whose it is, and no name that is known here has signed it', { exit: 'refused', hints: ['say the name: --name k51…'] })
}

/** @throws AppError RECORD_* for what no name has signed: it is no whole record */
async function isSignedBy (name: IpnsName, bytes: Uint8Array): Promise<boolean> {
  try {
    await verifyRecord(name, bytes)
    return true
  } catch (e) {
    if (codeOf(e) === 'RECORD_SIGNATURE_INVALID') return false
    throw e
  }
}

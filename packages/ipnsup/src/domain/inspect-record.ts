/** What a record says and whether it is authentic, also of one that is not. Pure: the signature check is passed in. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { decodeEntry, type IpnsEntry } from '@ipkit/core/names/ipns-entry'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES, type VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { decodeSignedData, type SignedData } from '@ipkit/core/names/signed-data'
import { judgeFreshness, type Freshness } from '@ipkit/core/names/validity'
import { nameInside } from './record-file.ts'

export interface Inspection {
  /** Whose record it was taken for; undefined: nobody said. */
  readonly name: IpnsName | undefined
  /** Why it is not valid; undefined: it is authentic, and perhaps expired. */
  readonly fault: AppError | undefined
  /** What it says, true or not; undefined where that cannot be read. */
  readonly says: SignedData | undefined
  readonly freshness: Freshness | undefined
  readonly signatureV2: 'verified' | 'invalid' | 'unchecked' | 'absent'
  /** For old readers; never verified. */
  readonly signatureV1: 'present' | 'absent'
  readonly sizeBytes: number
}

export interface InspectDeps {
  verify(name: IpnsName, bytes: Uint8Array): Promise<VerifiedRecord>
  readonly nowMs: number
}

/**
 * @param bytes of any size
 * @param name whose record it should be; undefined: of the key inside
 */
export async function inspectRecord (deps: InspectDeps, bytes: Uint8Array, name = nameInside(bytes)): Promise<Inspection> {
  const fault = sizeFault(bytes) ?? (name === undefined ? nameNeeded(bytes) : await faultOf(deps, name, bytes))
  const entry = read(() => bytes.length > MAX_RECORD_BYTES ? undefined : decodeEntry(bytes))
  const says = read(() => entry?.data === undefined ? undefined : decodeSignedData(entry.data))
  return {
    name,
    fault,
    says,
    freshness: says === undefined ? undefined : judgeFreshness(says.validity, deps.nowMs),
    signatureV2: stateOf(entry, fault),
    signatureV1: entry?.signatureV1 === undefined ? 'absent' : 'present',
    sizeBytes: bytes.length,
  }
}

async function faultOf (deps: InspectDeps, name: IpnsName, bytes: Uint8Array): Promise<AppError | undefined> {
  try {
    await deps.verify(name, bytes)
    return undefined
  } catch (e) {
    if (isAppError(e)) return e
    throw e
  }
}

/** Of a file that is too large no more is read than shows it. */
function sizeFault ({ length }: Uint8Array): AppError | undefined {
  return length <= MAX_RECORD_BYTES ? undefined : new AppError('RECORD_TOO_LARGE', `the file is larger than a record can be; the limit is ${MAX_RECORD_BYTES} bytes`, { exit: 'refused' })
}

/** A record that cannot even be read has that fault, and not the missing name. */
function nameNeeded (bytes: Uint8Array): AppError {
  try {
    const { data, signatureV2 } = decodeEntry(bytes)
    if (data === undefined || signatureV2 === undefined) return new AppError('RECORD_UNSIGNED', `the record has no ${data === undefined ? 'signed data' : 'V2 signature'}`, { exit: 'refused' })
    decodeSignedData(data)
  } catch (e) {
    if (isAppError(e)) return e
    throw e
  }
  return new AppError('NAME_NEEDED', 'the record does not say whose it is, so its signature cannot be checked', { exit: 'refused', hints: ['say whose it should be: --verify <name>'] })
}

function stateOf (entry: IpnsEntry | undefined, fault: AppError | undefined): Inspection['signatureV2'] {
  if (entry?.signatureV2 === undefined) return 'absent'
  if (fault === undefined) return 'verified'
  return fault.code === 'RECORD_SIGNATURE_INVALID' ? 'invalid' : 'unchecked'
}

function read<T> (reader: () => T | undefined): T | undefined {
  try {
    return reader()
  } catch (e) {
    if (isAppError(e)) return undefined
    throw e
  }
}

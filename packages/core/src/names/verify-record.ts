/**
 * Whether a record was signed by the key of its name. The `ipns` package, the reference for JavaScript, judges it after our own stricter reading, and asks us for
 * the arithmetic: node's own is several times as fast as libp2p's for some keys. It wants a clock only at its very end, so that "expired" from it means authentic; whether a
 * record is still valid is asked elsewhere (`judgeFreshness`). Loads libp2p's keys: whoever only reads names imports `ipns-name.ts`.
 */
import { validate } from 'ipns/validator'
import { AppError } from '../errors/app-error.ts'
import { verifyWithKey } from '../identity/verify-with-key.ts'
import { encodeEntry } from './ipns-entry.ts'
import type { IpnsName } from './ipns-name.ts'
import { decodeRecord, type IpnsRecord, type VerifiedRecord } from './ipns-record.ts'
import { readNameKey, type NameKey } from './name-key.ts'

type PublicKey = Parameters<typeof validate>[0]
const IDENTITY_HEAD_BYTES = 2

/**
 * The record in `bytes`, authentic, and perhaps expired.
 * @throws AppError what `decodeRecord` throws; RECORD_SIGNATURE_INVALID, RECORD_UNREADABLE
 */
export async function verifyRecord (name: IpnsName, bytes: Uint8Array): Promise<VerifiedRecord> {
  const record = decodeRecord(name, bytes)
  const { signatureV2, data } = record
  try {
    // The V1 fields were compared: the package need not do it again.
    await validate(publicKey(keyOf(record)), encodeEntry({ signatureV2, data }))
  } catch (e) {
    const { name: kind, message } = e as Error
    if (kind === 'SignatureVerificationError') {
      throw refuse('RECORD_SIGNATURE_INVALID', `the signature is not one of ${name.text} over this record`, ['it was changed on its way, or it is the record of another name'])
    }
    if (kind !== 'RecordExpiredError') throw refuse('RECORD_UNREADABLE', `the record is not one that IPNS implementations read: ${message}`)
  }
  return record as VerifiedRecord
}

/** `decodeRecord` has seen that an embedded key is that of the name, and that a name without one holds it. */
function keyOf ({ name, pubKey }: IpnsRecord): NameKey {
  return readNameKey(pubKey ?? name.multihash.subarray(IDENTITY_HEAD_BYTES))
}

/** All that `validate` asks of a key. */
function publicKey (key: NameKey): PublicKey {
  return { verify: (message: Uint8Array, signature: Uint8Array) => verifyWithKey(key, message, signature) } as unknown as PublicKey
}

const refuse = (code: string, message: string, hints: readonly string[] = []): AppError => new AppError(code, message, { exit: 'refused', hints })

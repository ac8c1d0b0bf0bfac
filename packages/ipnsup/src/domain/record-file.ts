/** Records in files: docs/formats/record-file.md. Pure. */
import { decodeEntry, encodeEntry } from '@ipkit/core/names/ipns-entry'
import { nameFromMultihash, parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { readNameKey } from '@ipkit/core/names/name-key'

/** The media type is application/vnd.ipfs.ipns-record. */
export const RECORD_FILE_SUFFIX = '.ipns-record'
const IDENTITY_HEAD_BYTES = 2

/**
 * The record with the key of its name inside, so that whoever has only the file knows whose it is. As it was where it would be over the limit then.
 * @param bytes an authentic record of `name`
 */
export function toFileBytes (name: IpnsName, bytes: Uint8Array): Uint8Array {
  const entry = decodeEntry(bytes)
  if (entry.pubKey !== undefined || name.keyType === 'hashed') return bytes
  const whole = encodeEntry({ ...entry, pubKey: name.multihash.subarray(IDENTITY_HEAD_BYTES) })
  return whole.length > MAX_RECORD_BYTES ? bytes : whole
}

/** @returns the name of the key that the record brings; undefined: it brings none that is read here. Whether the key has signed it is not looked at */
export function nameInside (bytes: Uint8Array): IpnsName | undefined {
  try {
    const { pubKey } = decodeEntry(bytes)
    return pubKey === undefined ? undefined : nameFromMultihash(readNameKey(pubKey).multihash)
  } catch {
    return undefined
  }
}

/** @param path of a file that is called after its name, `k51….ipns-record` @returns undefined for any other */
export function nameOfFile (path: string): IpnsName | undefined {
  const [stem = ''] = (path.split('/').at(-1) ?? '').split('.')
  try {
    return parseName(stem)
  } catch {
    return undefined
  }
}

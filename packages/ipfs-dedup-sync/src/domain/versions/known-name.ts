/** What is kept of a name beside its record and its versions. On disk: docs/formats/sync-versions.md, "name/". */
import { array, boolean, bytes, integer, literal, nullable, object, string, uint64, type Infer } from '@ipkit/core/schema/schema'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { MAX_FILE_CHARACTERS } from './commit-limits.ts'

/** Of one peer: multiaddrs, or its id alone. */
export const MAX_PLACE_ADDRESSES = 32
export const MAX_PLACES = 16

const SCHEMA = object({
  version: literal(1),
  name: bytes({ min: 1, max: 64 }),
  /** The highest sequence ever taken for a record of ours; null of somebody else's name. */
  highest: nullable(uint64()),
  /** What was published under it last: by this it can be called. */
  file: nullable(string({ min: 1, max: MAX_FILE_CHARACTERS })),
  served: boolean(),
  /** Where it was had from, the last first. */
  places: array(array(string({ min: 1, max: 512 }), { min: 1, max: MAX_PLACE_ADDRESSES }), { max: MAX_PLACES }),
  atMs: integer(),
})

export type KnownName = Omit<Infer<typeof SCHEMA>, 'version' | 'name'>

export const UNKNOWN: KnownName = { highest: null, file: null, served: false, places: [], atMs: 0 }

export const isOwn = (known: Pick<KnownName, 'highest'>): boolean => known.highest !== null

export function encodeKnownName (name: IpnsName, known: KnownName): Uint8Array {
  return encodeStrict({ version: 1, name: name.multihash, ...known })
}

/** @throws AppError KNOWN_NAME_DAMAGED */
export function decodeKnownName (name: IpnsName, stored: Uint8Array): KnownName {
  try {
    const { version: _, name: multihash, ...known } = SCHEMA.read(decodeStrict(stored), 'name')
    if (!sameBytes(multihash, name.multihash)) throw new AppError('BAD_VALUE', 'it is about another name')
    return known
  } catch (e) {
    if (!isAppError(e)) throw e
    throw new AppError('KNOWN_NAME_DAMAGED', `what is kept of ${name.text} is damaged: ${e.message}`, { cause: e, hints: [`forget it: 'ipfs-dedup-sync forget ${name.text}'`] })
  }
}

/** The place at the front, once. */
export function withPlace (known: KnownName, place: readonly string[]): KnownName {
  const same = (other: readonly string[]): boolean => other.some(address => place.includes(address))
  if (known.places[0] !== undefined && same(known.places[0]) && known.places[0].length === place.length) return known
  return { ...known, places: [[...place], ...known.places.filter(other => !same(other))].slice(0, MAX_PLACES) }
}

/** A name that is kept alive, ours or followed, as bytes for the disk. Spec: docs/formats/ipnsup-store.md, "kept/". Pure. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { sameBytes } from '@ipkit/core/names/compare-bytes'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { boolean, bytes, check, integer, literal, nullable, object, uint64, type Infer } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { HANDOVER, type Handover } from './handover.ts'

const VERSION = 1
const OWN = object({
  /** The highest sequence that was ever taken for a record of ours; survives `forget`. */
  highest: uint64(),
  /** How records are made when they are renewed. */
  lifetimeMs: integer({ min: 1 }),
  v2Only: boolean(),
})
const STORED = object({ version: literal(VERSION), name: bytes({ max: 64 }), own: nullable(OWN), followedSinceMs: nullable(integer()), handover: HANDOVER })

export interface KeptName {
  readonly name: IpnsName
  /** Of a name that was published from here. */
  readonly own: Infer<typeof OWN> | null
  readonly followedSinceMs: number | null
  readonly handover: Handover
}

export function encodeKeptName ({ name, own, followedSinceMs, handover }: KeptName): Uint8Array {
  return encodeStrict({ version: VERSION, name: name.multihash, own, followedSinceMs, handover })
}

/** @param key the name's canonical text, under which it was found @throws AppError KEPT_NAME_DAMAGED */
export function decodeKeptName (key: string, stored: Uint8Array): KeptName {
  try {
    const name = parseName(key)
    const { name: multihash, own, followedSinceMs, handover } = check(STORED, decodeStrict(new Uint8Array(stored)), 'entry')
    if (name.text !== key || !sameBytes(multihash, name.multihash)) throw new AppError('BAD_VALUE', 'it is that of another name')
    if (own === null && followedSinceMs === null) throw new AppError('BAD_VALUE', 'it is neither ours nor followed')
    return { name, own, followedSinceMs, handover }
  } catch (e) {
    if (!isAppError(e)) throw e
    throw damagedName(key, e.message)
  }
}

export function damagedName (key: string, problem: string): AppError {
  return new AppError('KEPT_NAME_DAMAGED', `what is kept about the name ${key} is damaged: ${problem}`, {
    exit: 'refused', hints: [`begin anew: 'ipnsup forget ${key}'; publish with a --sequence above all that were used`],
  })
}

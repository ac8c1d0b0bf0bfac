import { AppError } from '@ipkit/core/errors/app-error'
import { readVarints, writeVarints } from './varints.ts'

/** What the index says of one block: docs/formats/dedup-store.md, "block/". */
export interface BlockEntry {
  readonly sizeBytes: number
  /** Undefined: its bytes are lost, and it waits for them. */
  readonly place: BlockPlace | undefined
  /** How many counted nodes and kept roots name it. */
  readonly refs: number
  /** Its bytes are here and all below it is whole: `get` and `has` know it. */
  readonly whole: boolean
  /** Each of its children has one from it. Always so for a leaf, which has none. */
  readonly counted: boolean
}

export type BlockPlace = PackPlace | FilePlace
export interface PackPlace { readonly kind: 'pack', readonly pack: number, readonly offset: number, readonly storedBytes: number, readonly deflated: boolean }
/** In a file of the user's own. */
export interface FilePlace { readonly kind: 'file', readonly file: number, readonly offset: number }

const LOST = 0
const PLAIN = 1
const DEFLATED = 2
const IN_FILE = 3
const WHOLE = 4
const COUNTED = 8

export function encodeEntry ({ sizeBytes, place, refs, whole, counted }: BlockEntry): Uint8Array {
  const flags = (whole ? WHOLE : 0) | (counted ? COUNTED : 0)
  if (place === undefined) return writeVarints([flags | LOST, refs, sizeBytes])
  if (place.kind === 'file') return writeVarints([flags | IN_FILE, refs, sizeBytes, place.file, place.offset])
  if (place.deflated) return writeVarints([flags | DEFLATED, refs, sizeBytes, place.pack, place.offset, place.storedBytes])
  return writeVarints([flags | PLAIN, refs, sizeBytes, place.pack, place.offset])
}

/** @throws AppError SHELF_DAMAGED */
export function decodeEntry (bytes: Uint8Array, cid: string): BlockEntry {
  const numbers = readVarints(bytes)
  const [flags = 256, refs = 0, sizeBytes = 0, where = 0, offset = 0, storedBytes = sizeBytes] = numbers ?? []
  if (flags > 15 || (flags & (WHOLE | 3)) === (WHOLE | LOST) || numbers!.length !== LENGTHS[flags & 3]) throw new AppError('SHELF_DAMAGED', `what the index says of block ${cid} cannot be read`)
  return { sizeBytes, place: placeOf(flags & 3), refs, whole: (flags & WHOLE) !== 0, counted: (flags & COUNTED) !== 0 }

  function placeOf (kind: number): BlockPlace | undefined {
    if (kind === LOST) return undefined
    if (kind === IN_FILE) return { kind: 'file', file: where, offset }
    return { kind: 'pack', pack: where, offset, storedBytes, deflated: kind === DEFLATED }
  }
}

const LENGTHS: Readonly<Record<number, number>> = { [LOST]: 3, [PLAIN]: 5, [DEFLATED]: 6, [IN_FILE]: 5 }

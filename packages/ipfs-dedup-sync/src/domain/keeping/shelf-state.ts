import { AppError } from '@ipkit/core/errors/app-error'
import { readVarints, writeVarints } from './varints.ts'

export const STATE_KEY = 'state'
export const PACK_PREFIX = 'pack/'
const VERSION = 1
const NAME_DIGITS = 8

/** Sums over the index, changed with it. */
export interface ShelfState {
  readonly blocks: number
  readonly blockBytes: number
  readonly looseBytes: number
  /** Lost blocks whose nodes above may not know it yet. */
  readonly unsettled: boolean
  /** A lost node that nothing names any more has left counts with children that nobody knows. */
  readonly miscounted: boolean
  /** The number of the last file that is pointed into. */
  readonly files: number
}

/** How far a pack was written, and how much of that is of blocks that are still there. */
export interface PackFacts { readonly endBytes: number, readonly liveBytes: number }

const EMPTY: ShelfState = { blocks: 0, blockBytes: 0, looseBytes: 0, unsettled: false, miscounted: false, files: 0 }
const UNSETTLED = 1
const MISCOUNTED = 2

export function encodeState ({ blocks, blockBytes, looseBytes, unsettled, miscounted, files }: ShelfState): Uint8Array {
  return writeVarints([VERSION, blocks, blockBytes, looseBytes, (unsettled ? UNSETTLED : 0) | (miscounted ? MISCOUNTED : 0), files])
}

/** @param bytes undefined: of a new shelf @throws AppError SHELF_DAMAGED, SHELF_VERSION */
export function decodeState (bytes: Uint8Array | undefined): ShelfState {
  if (bytes === undefined) return EMPTY
  const numbers = readVarints(bytes)
  if (numbers !== undefined && numbers[0] !== VERSION && numbers.length > 0) {
    throw new AppError('SHELF_VERSION', `the store is of version ${numbers[0]}; this program reads version ${VERSION}`, { hints: ['a newer ipfs-dedup-sync wrote it; use that one'] })
  }
  const [, blocks, blockBytes, looseBytes, flags, files] = numbers ?? []
  if (numbers?.length !== 6 || flags! > (UNSETTLED | MISCOUNTED)) throw damaged(STATE_KEY)
  return { blocks: blocks!, blockBytes: blockBytes!, looseBytes: looseBytes!, unsettled: (flags! & UNSETTLED) !== 0, miscounted: (flags! & MISCOUNTED) !== 0, files: files! }
}

export const encodePackFacts = ({ endBytes, liveBytes }: PackFacts): Uint8Array => writeVarints([endBytes, liveBytes])

/** @throws AppError SHELF_DAMAGED */
export function decodePackFacts (bytes: Uint8Array, key: string): PackFacts {
  const [endBytes, liveBytes, ...rest] = readVarints(bytes) ?? []
  if (endBytes === undefined || liveBytes === undefined || rest.length > 0 || !/^pack\/\d{8}$/.test(key)) throw damaged(key)
  return { endBytes, liveBytes }
}

export const packKey = (pack: number): string => PACK_PREFIX + String(pack).padStart(NAME_DIGITS, '0')

const damaged = (key: string): AppError => new AppError('SHELF_DAMAGED', `what the index says under '${key}' cannot be read`)

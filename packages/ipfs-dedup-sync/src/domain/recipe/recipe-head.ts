import { AppError } from '@ipkit/core/errors/app-error'
import { array, boolean, bytes, check, integer, literal, object, optional } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import { invalidRecipe } from './recipe-error.ts'
import { MAX_ENCODERS, MAX_HEAD_BYTES, MAX_HEADS, MAX_JOB_BYTES, RECIPE_FORMAT } from './recipe-limits.ts'

/** The first item of a recipe. */
export interface RecipeHead {
  readonly kind: 'file' | 'folder'
  /** Of what is given back. */
  readonly sizeBytes: number
  /** Of a file. */
  readonly sha256?: Uint8Array
  readonly encoders: readonly EncoderParameters[]
  readonly heads: readonly Uint8Array[]
}

/** What a kernel has room for, and no more: a peer may have made it. */
const encoder = object({
  hashBytes: literal(3, 4),
  hashBits: integer({ min: 9, max: 16 }),
  symbolLimit: integer({ min: 1, max: 32_767 }),
  endsEarly: boolean(),
  looksPast: boolean(),
  search: object({
    greedy: boolean(),
    good: integer({ max: 258 }),
    lazy: integer({ max: 258 }),
    nice: integer({ max: 258 }),
    chain: integer({ min: 1, max: 4096 }),
  }),
  family: optional(literal('go')),
  jobs: optional(object({ sizeBytes: integer({ min: 32_768, max: MAX_JOB_BYTES }), searchAfter: literal('goes on', 'links', 'forgets') })),
})

const HEAD = object({
  format: literal(RECIPE_FORMAT),
  kind: literal('file', 'folder'),
  sizeBytes: integer(),
  sha256: optional(bytes({ size: 32 })),
  encoders: array(encoder, { max: MAX_ENCODERS }),
  heads: array(bytes({ min: 1, max: MAX_HEAD_BYTES }), { max: MAX_HEADS }),
})

/** Whether a head can tell of it: a reader takes nothing else. */
export function canTell (parameters: EncoderParameters): boolean {
  try {
    check(encoder, decodeStrict(encodeStrict(parameters as unknown as CborValue)), 'an encoder')
    return true
  } catch {
    return false
  }
}

/** Some encoders are only near to what made a stream. */
export const needsCorrections = (parameters: EncoderParameters & { readonly family?: 'go' }): boolean => parameters.family !== undefined

export function encodeRecipeHead (head: RecipeHead): Uint8Array {
  return encodeStrict({ format: RECIPE_FORMAT, ...head } as unknown as CborValue)
}

/** @param item just the first item @throws AppError RECIPE_INVALID */
export function decodeRecipeHead (item: Uint8Array): RecipeHead {
  try {
    const { format: _, ...head } = check(HEAD, decodeStrict(item), 'its head')
    if ((head.sha256 === undefined) !== (head.kind === 'folder')) throw new AppError('BAD_VALUE', `its head tells ${head.sha256 === undefined ? 'no' : 'a'} hash of a ${head.kind}`)
    return head as RecipeHead
  } catch (e) {
    throw invalidRecipe((e as Error).message, e)
  }
}

import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { check, type Schema } from '@ipkit/core/schema/schema'
import { decodeStrict } from '@ipkit/core/streams/strict-cbor'

/** How a damaged value is told of. */
export interface Damaged { readonly code: string, readonly what: string, readonly hint: string }

/** A value of the store. @throws AppError `code` for bytes that are no CBOR, or none of this schema */
export function readStored<T> (schema: Schema<T>, stored: Uint8Array, { code, what, hint }: Damaged): T {
  try {
    return check(schema, decodeStrict(new Uint8Array(stored)), 'it')
  } catch (e) {
    if (!isAppError(e)) throw e
    throw new AppError(code, `${what} is damaged: ${e.message}`, { exit: 'refused', hints: [hint], cause: e })
  }
}

/** How an event of a message stands in its log: one JSON object a record. Format: docs/formats/burn-messages.md. */
import { check, integer, type Schema } from '@ipkit/core/schema/schema'
import { toJsonBytes } from './json-bytes.ts'

/** In every event. `clockMs` is what the clock showed, `timeMs` the sender's time (they differ after the clock was set back). */
export const stamp = { clockMs: integer(), timeMs: integer() }

export const encodeEvent = (event: object): Uint8Array => toJsonBytes(event)

/** @throws AppError BAD_EVENT: to the owner of the log, a damaged record */
export function decodeEvent<T> (schema: Schema<T>, record: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(record))
  } catch {
    value = undefined
  }
  return check(schema, value, 'the record', 'BAD_EVENT')
}

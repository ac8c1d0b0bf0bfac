/** What a plain message's log holds: one JSON object a record. Format: docs/formats/burn-messages.md. */
import { integer, literal, string, variant, type Infer } from '@ipkit/core/schema/schema'
import { decodeEvent, stamp } from './event-codec.ts'
import { MAX_EXPIRY_MS, MAX_NAME_BYTES } from './limits.ts'
import { MAX_PLAIN_BYTES } from './plain-limits.ts'

const eventSchema = variant('event', {
  created: {
    ...stamp,
    format: literal(1),
    root: string({ max: 80 }),
    sizeBytes: integer({ min: 1, max: MAX_PLAIN_BYTES }),
    blockCount: integer({ min: 3 }),
    lifeMs: integer({ min: 0, max: MAX_EXPIRY_MS }),
    name: string({ min: 1, max: MAX_NAME_BYTES }),
    /** Of the message's own host. */
    port: integer({ min: 1, max: 65_535 }),
  },
  claimed: { ...stamp, reader: string({ max: 512 }) },
  /** A block was handed over; its place in the tree. */
  sent: { ...stamp, block: integer() },
  read: { ...stamp },
  over: { ...stamp },
  expired: { ...stamp, why: literal('time', 'forgotten') },
  revoked: { ...stamp },
})

export type PlainEvent = Infer<typeof eventSchema>
export type PlainCreated = Extract<PlainEvent, { event: 'created' }>

/** @throws AppError BAD_EVENT: to the owner of the log, a damaged record */
export const decodePlainEvent = (record: Uint8Array): PlainEvent => decodeEvent(eventSchema, record)
